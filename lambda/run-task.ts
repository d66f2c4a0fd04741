import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient, RunTaskCommand, type RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { ERROR_NAMES, LOG_MESSAGES, METRICS } from './core/contract.ts';
import { answerOutcome, errorOutcome, type Outcome } from './core/outcome.ts';
import {
  attemptRequest,
  type Progress,
  progressSchema,
  type RerunInput,
  rerunInputSchema,
  timesOf,
} from './core/rerun.ts';
import { firstProgress, nextStep, type Result } from './core/retry.ts';
import type { RunTaskRequest } from './core/run-task-request.ts';
import { launchObjection } from './core/verdict.ts';
import { readEnvironment } from './environment.ts';
import { makePeople } from './people.ts';
import type { Clients, Wiring } from './ports.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from './runtime.ts';

/** What the workflow hands over: the execution's own input, and what its attempts so far came to. */
const payloadSchema = z.object({ rerun: rerunInputSchema, progress: progressSchema.nullable() });

/** What the workflow gets back. A re-run that ends without its tasks throws instead: its execution has to fail. */
export type RunTaskReply =
  | { readonly next: 'finish'; readonly result: string; readonly taskArns: readonly string[] }
  | { readonly next: 'backOff'; readonly waitUntil: string; readonly progress: Progress };

/** Fails the execution under a name that the console shows; a redrive runs the state again. */
export class RerunFailed extends Error {
  constructor(name: (typeof ERROR_NAMES)[keyof typeof ERROR_NAMES], message: string) {
    super(message);
    this.name = name;
  }
}

/** Makes one attempt at a throttled call and says what follows. */
export function makeHandler(wiring: Wiring<keyof Clients>): (payload: unknown) => Promise<RunTaskReply> {
  const { clock, random, log, metrics, clients } = wiring;
  const { home, settings } = wiring.environment;
  const people = makePeople(wiring);

  async function attempt(request: RunTaskRequest): Promise<Outcome> {
    const sentAtMs = clock.now();
    try {
      // The schema leaves enumerations open, the SDK's type does not.
      const { tasks = [], failures = [] } = await clients.ecs.send(new RunTaskCommand(request as RunTaskCommandInput));
      const answer = {
        tasks: tasks.map((task) => ({ taskArn: task.taskArn ?? '', createdAtMs: task.createdAt?.getTime() })),
        failures: failures.map((failure) => ({ reason: failure.reason ?? '' })),
      };
      return answerOutcome(answer, request.count ?? 1, sentAtMs);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const { resourceIds } = error as { resourceIds?: readonly string[] };
      return errorOutcome({ code: error.name, message: error.message, resourceIds });
    }
  }

  async function finish({ callId, call }: RerunInput, result: Result): Promise<RunTaskReply> {
    const { kind } = result;
    const reason = 'reason' in result ? result.reason : undefined;
    if (result.kind === 'gaveUp' || result.kind === 'refused') {
      await people.tell({ kind: result.kind, reason: result.reason, caller: call.caller, family: call.family });
    }
    log.info(LOG_MESSAGES.result, {
      kind,
      reason,
      callId,
      caller: call.caller,
      family: call.family,
      ...('code' in result && { errorCode: result.code }),
      ...('taskArns' in result && { taskArns: result.taskArns }),
    });
    metrics.add(METRICS.result, 1, { kind, ...(reason && { reason }) });
    metrics.add(METRICS.waitSeconds, (clock.now() - Date.parse(call.eventTime)) / 1000, { kind });
    switch (result.kind) {
      case 'started':
      case 'alreadyStarted':
        return { next: 'finish', result: result.kind, taskArns: result.taskArns };
      case 'gaveUp':
        throw new RerunFailed(ERROR_NAMES.gaveUp, result.reason);
      case 'refused':
        throw new RerunFailed(ERROR_NAMES.refused, result.code ? `${result.reason}: ${result.code}` : result.reason);
      default:
        return result satisfies never;
    }
  }

  /** An input that no intake of ours wrote: somebody started the execution by hand. */
  async function refuseMalformed(): Promise<never> {
    await people.tell({ kind: 'refused', reason: 'malformed', caller: '', family: '' });
    log.error(LOG_MESSAGES.result, { kind: 'refused', reason: 'malformed' });
    metrics.add(METRICS.result, 1, { kind: 'refused', reason: 'malformed' });
    throw new RerunFailed(ERROR_NAMES.refused, 'malformed: the execution input is not one that the intake writes');
  }

  return async (payload) => {
    const parsed = payloadSchema.safeParse(payload);
    if (!parsed.success) return refuseMalformed();
    const { rerun, progress: carried } = parsed.data;
    const progress = carried ?? firstProgress(rerun.request.count);
    const objection = launchObjection(rerun, { home, settings });
    if (objection) return finish(rerun, { kind: 'refused', reason: objection });
    const { deadlineMs } = timesOf(Date.parse(rerun.call.eventTime), settings);
    if (clock.now() >= deadlineMs) return finish(rerun, { kind: 'gaveUp', reason: 'deadline' });

    const outcome = await attempt(attemptRequest(rerun, progress));
    log.info(LOG_MESSAGES.attempt, { kind: outcome.kind, callId: rerun.callId, attempt: progress.attempts + 1 });
    metrics.add(METRICS.attempt, 1, { kind: outcome.kind });
    const step = nextStep(outcome, progress, { maxAttempts: settings.maxAttempts, deadlineMs }, clock.now(), random);
    return step.kind === 'finish'
      ? finish(rerun, step.result)
      : {
          next: 'backOff',
          waitUntil: new Date(clock.now() + step.seconds * 1000).toISOString(),
          progress: step.progress,
        };
  };
}

export const handler = lazily(() =>
  makeHandler({
    environment: readEnvironment(process.env),
    clients: {
      ecs: new ECSClient(CLIENT_CONFIG),
      sfn: new SFNClient(CLIENT_CONFIG),
      dynamoDb: new DynamoDBClient(CLIENT_CONFIG),
    },
    ...lambdaPorts('run-task'),
  }),
);
