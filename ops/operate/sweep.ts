import { DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { parseJson } from '../../lambda/core/json.ts';
import { agreed, withAws } from '../aws/command.ts';
import { findDeployment, output } from '../aws/deployment.ts';
import { BadInputError, type OpsContext } from '../context.ts';
import type { SweepFlags } from './flags.ts';

/** A sweep that has nothing to do says so within seconds; one that has is not waited for. */
const LOOKS = 10;
const LOOK_MS = 1000;

export default function sweep(this: OpsContext, flags: SweepFlags): Promise<void> {
  return withAws(this, 'sweep', flags, async (clients, messages) => {
    const { cluster, since } = flags;
    if (cluster === undefined)
      throw new BadInputError(
        'found no --cluster, expected the name or ARN of a cluster, or * for all that are listed.',
      );
    const deployment = await findDeployment(clients, flags.stack);
    const from = since === undefined ? undefined : new Date(since).toISOString();
    await agreed(
      this,
      messages,
      [
        `Looks for calls that ${cluster === '*' ? 'the listed clusters' : cluster} lost since ${from ?? 'an hour ago'}, and starts a re-run for each that the configuration allows. None can run twice.`,
      ],
      flags.yes,
    );
    const input = JSON.stringify({ cluster, ...(from !== undefined && { since: from }) });
    const { executionArn } = await clients.sfn.send(
      new StartExecutionCommand({ stateMachineArn: output(deployment, 'SweepStateMachine'), input }),
    );
    let reason: string | undefined;
    for (let look = 0; look < LOOKS && reason === undefined; look++) {
      messages.progress('sweeping');
      await this.sleep(LOOK_MS);
      const { status, output: text } = await clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'RUNNING') continue;
      const ended = parseJson(text ?? '') as { reason?: unknown } | undefined;
      reason = typeof ended?.reason === 'string' ? ended.reason : `${status}`;
    }
    return {
      lines: [`${executionArn}`, MEANINGS[reason ?? 'RUNNING'] ?? `It ended: ${reason}.`],
      json: { executionArn, ended: reason ?? null },
      needsPerson: reason !== undefined && reason !== 'quiet',
    };
  });
}

const MEANINGS: Readonly<Record<string, string>> = {
  RUNNING: 'It goes on until nothing was found for fifteen minutes.',
  quiet: 'It found nothing more.',
  sweptByAnother: 'Another sweep has the cluster, and keeps its own time: wait for its end and start again.',
  notATrigger: 'The workflow did not understand its input: is the stack of another version than this program?',
};
