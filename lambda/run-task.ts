import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { RERUN_STEPS } from './core/contract.ts';
import { firstProgress, withFreshAttempts, withUnheard } from './core/rerun/next-step.ts';
import { progressSchema, rerunInputSchema } from './core/rerun/rerun-input.ts';
import { deployedEnvironment } from './runtime/environment.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from './runtime/lambda-ports.ts';
import type { HandlerDependencies } from './runtime/ports.ts';
import { type AttemptReply, makeAttempter } from './steps/attempt.ts';
import { type CompletionReply, makeCompleter } from './steps/complete-request.ts';
import { makeFinisher } from './steps/finish.ts';

/** A clock error is smaller than this. An event time that lies further ahead is forged. */
const FUTURE_TOLERANCE_MS = 5 * 60_000;

/** How often people redrove the execution. Executions of older definitions do not say it. */
const redriveCount = z.int().default(0);

/** The payload from the workflow: the execution's own input, and the progress of its attempts. */
const payloadSchema = z.object({
  step: z.enum(RERUN_STEPS),
  /** When the execution began, or was last redriven. */
  startedAt: z.iso.datetime(),
  redriveCount,
  rerun: rerunInputSchema,
  progress: progressSchema.nullable(),
  /** The rate limiter's answer, and the redrive it came in; null if no permit came in time. */
  permit: z.object({ grantedAt: z.iso.datetime(), isRoomShort: z.boolean().optional(), redriveCount }).nullable(),
  /** Since when a request may have been made whose answer nobody knows. */
  unheardSince: z.iso.datetime().nullish(),
  /** ARN of the execution. Those of older definitions do not say it. */
  execution: z.string().optional(),
});
/** What even a payload that cannot be read may say. */
const executionSchema = payloadSchema.pick({ execution: true });

/** The reply to the workflow. A re-run that ends without its tasks throws instead, so that its execution fails. */
export type RunTaskReply = CompletionReply | AttemptReply;

/** Completes the request of a throttled call or makes one attempt at it, and says what follows. */
export function makeHandler(
  dependencies: HandlerDependencies<'ecs' | 'sfn' | 'dynamoDb' | 'cloudTrail'>,
): (payload: unknown) => Promise<RunTaskReply> {
  const finish = makeFinisher(dependencies);
  const complete = makeCompleter(dependencies, finish);
  const attempt = makeAttempter(dependencies, finish);

  return async (payload) => {
    const parsed = payloadSchema.safeParse(payload);
    const execution = executionSchema.safeParse(payload).data?.execution;
    // No intake of ours writes such an input: somebody started the execution by hand.
    if (!parsed.success) return finish(undefined, { kind: 'refused', reason: 'malformed', taskArns: [] }, execution);
    const { step, rerun, startedAt, permit } = parsed.data;
    const { request, failedTask } = rerun;
    // A call in the future would never be too late.
    if (Date.parse(rerun.call.eventTime) > dependencies.clock.now() + FUTURE_TOLERANCE_MS) {
      return finish(rerun, { kind: 'refused', reason: 'malformed', taskArns: [] }, execution);
    }
    if (step === RERUN_STEPS.complete && failedTask) return complete(rerun, failedTask, execution);
    if (!request) return finish(rerun, { kind: 'refused', reason: 'malformed', taskArns: [] }, execution);
    const progress = parsed.data.progress ?? rerun.progress ?? firstProgress(request.count);
    // A redriven execution still holds the permit of its failed attempt. It is not used: all redriven executions would call ECS at once.
    const isRedriven = permit !== null && permit.redriveCount < parsed.data.redriveCount;
    return attempt({
      rerun,
      request,
      progress: withUnheard(
        isRedriven ? withFreshAttempts(progress) : progress,
        parsed.data.unheardSince,
        permit !== null,
      ),
      grantedAtMs: permit && !isRedriven ? Date.parse(permit.grantedAt) : undefined,
      isRoomShort: permit?.isRoomShort ?? false,
      startedAtMs: Date.parse(startedAt),
      execution,
    });
  };
}

export const handler = lazily(() =>
  makeHandler({
    environment: deployedEnvironment(),
    clients: {
      ecs: new ECSClient(CLIENT_CONFIG),
      sfn: new SFNClient(CLIENT_CONFIG),
      dynamoDb: new DynamoDBClient(CLIENT_CONFIG),
      cloudTrail: new CloudTrailClient(CLIENT_CONFIG),
    },
    ...lambdaPorts('run-task'),
  }),
);
