import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { type AttemptReply, makeAttempter } from './attempt.ts';
import { type CompletionReply, makeCompleter } from './complete-request.ts';
import { progressSchema, rerunInputSchema } from './core/rerun.ts';
import { firstProgress, withFreshAttempts } from './core/retry.ts';
import { readEnvironment } from './environment.ts';
import { makeFinisher } from './finish.ts';
import type { Wiring } from './ports.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from './runtime.ts';

/** Clocks of AWS services agree within this by far. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** How often people redrove the execution; executions that began under an older definition do not say. */
const redriveCount = z.int().default(0);

/** What the workflow hands over: the execution's own input, and what its attempts so far came to. */
const payloadSchema = z.object({
  step: z.enum(['complete', 'attempt']),
  /** When the execution began, or was last redriven. */
  startedAt: z.iso.datetime(),
  redriveCount,
  rerun: rerunInputSchema,
  progress: progressSchema.nullable(),
  /** What the turnstile said, and in which drive; null where no turn came in time. */
  turn: z.object({ grantedAt: z.iso.datetime(), redriveCount }).nullable(),
});

/** What the workflow gets back. A re-run that ends without its tasks throws instead: its execution has to fail. */
export type RunTaskReply = CompletionReply | AttemptReply;

/** Completes the request of a throttled call, or makes one attempt at it, and says what follows. */
export function makeHandler(
  wiring: Wiring<'ecs' | 'sfn' | 'dynamoDb' | 'cloudTrail'>,
): (payload: unknown) => Promise<RunTaskReply> {
  const finish = makeFinisher(wiring);
  const complete = makeCompleter(wiring, finish);
  const attempt = makeAttempter(wiring, finish);

  return async (payload) => {
    const parsed = payloadSchema.safeParse(payload);
    // An input that no intake of ours wrote: somebody started the execution by hand.
    if (!parsed.success) return finish(undefined, { kind: 'refused', reason: 'malformed', taskArns: [] });
    const { step, rerun, startedAt, turn } = parsed.data;
    const { request, failedTask } = rerun;
    // A call of the future would never be too late.
    if (Date.parse(rerun.call.eventTime) > wiring.clock.now() + CLOCK_TOLERANCE_MS) {
      return finish(rerun, { kind: 'refused', reason: 'malformed', taskArns: [] });
    }
    if (step === 'complete' && failedTask) return complete(rerun, failedTask);
    if (!request) return finish(rerun, { kind: 'refused', reason: 'malformed', taskArns: [] });
    const progress = parsed.data.progress ?? rerun.progress ?? firstProgress(request.count);
    // A redrive resumes with the turn of the attempt that failed: all that are redriven at once would call ECS at once.
    const isRedriven = turn !== null && turn.redriveCount < parsed.data.redriveCount;
    return attempt({
      rerun,
      request,
      progress: isRedriven ? withFreshAttempts(progress) : progress,
      grantedAtMs: turn && !isRedriven ? Date.parse(turn.grantedAt) : undefined,
      startedAtMs: Date.parse(startedAt),
    });
  };
}

export const handler = lazily(() =>
  makeHandler({
    environment: readEnvironment(process.env),
    clients: {
      ecs: new ECSClient(CLIENT_CONFIG),
      sfn: new SFNClient(CLIENT_CONFIG),
      dynamoDb: new DynamoDBClient(CLIENT_CONFIG),
      cloudTrail: new CloudTrailClient(CLIENT_CONFIG),
    },
    ...lambdaPorts('run-task'),
  }),
);
