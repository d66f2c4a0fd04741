import {
  DescribeExecutionCommand,
  type ExecutionListItem,
  ListExecutionsCommand,
  type ListExecutionsOutput,
  RedriveExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Clients } from '../aws/clients.ts';
import { agreed, withAws } from '../aws/command.ts';
import { findDeployment, output } from '../aws/deployment.ts';
import type { OpsContext } from '../context.ts';
import type { RedriveFlags } from './flags.ts';

const DAY_MS = 86_400_000;
/** RedriveExecution takes 30 a second in small Regions: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const SPACING_MS = 40;

export default function redrive(this: OpsContext, flags: RedriveFlags): Promise<void> {
  return withAws(this, 'redrive', flags, async (clients, messages) => {
    const { reason, since = Date.now() - DAY_MS } = flags;
    const deployment = await findDeployment(clients, flags.stack);
    const failed = await failedSince(clients, output(deployment, 'RerunStateMachine'), since);
    const found: { readonly arn: string; readonly reason: string }[] = [];
    for (const [index, { executionArn = '' }] of failed.entries()) {
      messages.progress(`looking at ${index + 1} of ${failed.length}`);
      const {
        cause = '',
        error = '',
        redriveStatus,
      } = await clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
      const ended = reasonOf(cause) || error;
      if (redriveStatus === 'NOT_REDRIVABLE' || (reason !== undefined && ended !== reason)) continue;
      found.push({ arn: executionArn, reason: ended });
    }
    const counts = Object.entries(Object.groupBy(found, (each) => each.reason)).map(
      ([name, all]) => `${all?.length} ${name}`,
    );
    if (found.length === 0) {
      return { lines: ['Nothing is to be redriven.'], json: { redriven: 0, failed: 0, byReason: {} } };
    }
    await agreed(
      this,
      messages,
      [
        `Lets ${found.length} re-runs of ${deployment.name} go on that failed since ${new Date(since).toISOString()}: ${counts.join(', ')}. None can launch a call twice.`,
      ],
      flags.yes,
    );
    let redriven = 0;
    const refused: string[] = [];
    for (const { arn } of found) {
      messages.progress(`redriving ${redriven + refused.length + 1} of ${found.length}`);
      try {
        await clients.sfn.send(new RedriveExecutionCommand({ executionArn: arn }));
        redriven++;
      } catch (error) {
        refused.push(`${arn}: ${(error as Error).name}`);
      }
      await this.sleep(SPACING_MS);
    }
    return {
      lines: [`${redriven} of ${found.length} go on.`, ...refused],
      json: {
        redriven,
        failed: refused.length,
        byReason: Object.fromEntries(
          Object.entries(Object.groupBy(found, (each) => each.reason)).map(([name, all]) => [name, all?.length ?? 0]),
        ),
      },
      needsPerson: refused.length > 0,
    };
  });
}

/** Executions that failed, timed out or were stopped since then. */
async function failedSince({ sfn }: Clients, stateMachineArn: string, sinceMs: number): Promise<ExecutionListItem[]> {
  const found: ExecutionListItem[] = [];
  for (const statusFilter of ['FAILED', 'TIMED_OUT', 'ABORTED'] as const) {
    let nextToken: string | undefined;
    do {
      const page: ListExecutionsOutput = await sfn.send(
        new ListExecutionsCommand({ stateMachineArn, statusFilter, nextToken, maxResults: 1000 }),
      );
      const executions = page.executions ?? [];
      found.push(...executions.filter(({ stopDate }) => (stopDate?.getTime() ?? 0) >= sinceMs));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  }
  return found;
}

/** `deadline; started: arn:…` is of the reason `deadline`; the function's errors are JSON. */
function reasonOf(cause: string): string {
  const message = /"errorMessage":\s*"([^"]*)"/.exec(cause)?.[1] ?? cause;
  return /^\w+/.exec(message)?.[0] ?? '';
}
