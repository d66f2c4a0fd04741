import { settingsSchema } from '../../lambda/core/settings.ts';
import type { ApiRequest } from '../aws/ecs/api-request.ts';
import { report } from '../report/report.ts';
import type { Run } from '../run/run.ts';
import { clockErrorMs } from '../scenario/fault-schema.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { mergedConfiguration } from '../stack/synthesize.ts';

/** From the look at the clock to the request's arrival. */
const ON_THE_WAY_MS = 1000;

/** Plays a scenario; returns all that must not be, in words: the report's own violations, and what it does not count. */
export async function judge(scenario: Scenario): Promise<string[]> {
  const ours: ApiRequest[] = [];
  const { run, violations } = await report(scenario, {
    observe: () => ({
      request: (request, isOurs) => {
        if (isOurs && request.operation === 'RunTask') ours.push(request);
      },
    }),
  });
  return [...violations, ...unfinished(run), ...afterDeadline(run, ours)];
}

/** Messages that nobody will come for, and executions that do not end. */
function* unfinished({ world }: Run): Generator<string> {
  for (const arn of world.sqs.queueArns) {
    const { visible, inFlight, delayed } = world.sqs.depth(arn);
    const left = visible + inFlight + delayed;
    if (left > 0 && !world.deadLetterQueues.has(arn)) yield `${left} messages left in ${arn}`;
  }
  if (world.states.open > 0) yield `${world.states.open} executions still running`;
}

/** No late re-run can have its proof sooner: the event history is to show five minutes after the deadline, and is fifteen behind. */
const PROOF_MS = 20 * 60_000;

/** Requests of ours under a caller's own token, when that was no proof any more and the event history was none yet. */
function* afterDeadline({ scenario, ledger }: Run, ours: readonly ApiRequest[]): Generator<string> {
  const { deadlineSeconds, sweep } = settingsSchema
    .pick({ deadlineSeconds: true, sweep: true })
    .loose()
    .parse(mergedConfiguration(scenario.remediation.config));
  const toleranceMs = ON_THE_WAY_MS + clockErrorMs(scenario.faults);
  const lastUse = new Map(
    ledger.calls.flatMap(({ attempts }) => attempts.map(({ token, at }) => [token, at] as const)),
  );
  for (const { input, at } of ours) {
    const usedAt = lastUse.get(input.clientToken as string);
    const lateMs = usedAt === undefined ? 0 : at - usedAt - deadlineSeconds * 1000;
    const isProven = sweep.everyMinutes > 0 && lateMs >= PROOF_MS - toleranceMs;
    if (usedAt !== undefined && lateMs > toleranceMs && !isProven)
      yield `${input.referenceId}: repeated ${(at - usedAt) / 1000} s after the call, deadline ${deadlineSeconds} s`;
  }
}
