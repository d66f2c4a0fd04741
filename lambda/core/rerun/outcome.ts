import type { Shortage } from '../events/texts.ts';
import {
  type ApiError,
  classifyError,
  isPassingFailure,
  isPlainThrottle,
  shortageOfError,
  shortageOfFailure,
} from '../events/throttle.ts';

/** The outcome of one RunTask request of ours. */
export type Outcome =
  | { readonly kind: 'started'; readonly taskArns: readonly string[] }
  /** The caller's own retry, or an attempt of ours whose answer was lost, started the tasks before. */
  | { readonly kind: 'alreadyStarted'; readonly taskArns: readonly string[] }
  /** `elsewhere`: by a service behind ECS, which says nothing of ECS's own bucket. */
  | { readonly kind: 'throttled'; readonly elsewhere?: true }
  /** The token belongs to a request that is not this call's. */
  | { readonly kind: 'conflict' }
  /** Some tasks found no room; `short` is absent where ECS does not say of what. */
  | {
      readonly kind: 'partlyStarted';
      readonly taskArns: readonly string[];
      readonly remaining: number;
      readonly short?: Shortage;
    }
  /** No task found room: ECS says so in `failures[]` or, where the call was rejected whole, with an error that leaves the token unused. */
  | { readonly kind: 'noRoom'; readonly short?: Shortage; readonly tokenUnused?: true }
  /** The service failed, so that nobody knows whether it accepted the request. */
  | { readonly kind: 'unavailable' }
  /** Asking again does not help. `code` is the error's name or the first failure's reason. */
  | { readonly kind: 'rejected'; readonly code: string; readonly taskArns: readonly string[] };

/** How many tasks an attempt launched; undefined if there was no answer. */
export function startedTasks(outcome: Outcome): number | undefined {
  switch (outcome.kind) {
    case 'started':
    case 'partlyStarted':
    case 'rejected':
      return outcome.taskArns.length;
    case 'alreadyStarted':
    case 'throttled':
    case 'noRoom':
    case 'conflict':
      return 0;
    case 'unavailable':
      return undefined;
    default:
      return outcome satisfies never;
  }
}

/** The parts of a RunTask response that decisions need. */
export interface RunTaskAnswer {
  readonly tasks: readonly { readonly taskArn: string; readonly createdAtMs: number | undefined }[];
  readonly failures: readonly { readonly reason: string }[];
}

/** Clocks of AWS services agree within this. A task that was created earlier is not from this request. */
const CLOCK_TOLERANCE_MS = 1000;

/** Reads ECS's answer to a request for `requested` tasks that was sent at `sentAtMs`. */
export function answerOutcome(answer: RunTaskAnswer, requested: number, sentAtMs: number): Outcome {
  const taskArns = answer.tasks.map((task) => task.taskArn);
  const remaining = requested - taskArns.length;
  // failures[] holds an entry for each container instance that was tried, not for each task. Only tasks can be counted.
  if (remaining > 0) {
    const [first] = answer.failures;
    if (first && !answer.failures.some(({ reason }) => isPassingFailure(reason))) {
      return { kind: 'rejected', code: first.reason, taskArns };
    }
    const short = answer.failures.map(({ reason }) => shortageOfFailure(reason)).find((each) => each !== undefined);
    const named = short !== undefined && { short };
    return taskArns.length > 0
      ? { kind: 'partlyStarted', taskArns, remaining, ...named }
      : { kind: 'noRoom', ...named };
  }
  const isOld = answer.tasks.some(
    ({ createdAtMs }) => createdAtMs !== undefined && createdAtMs < sentAtMs - CLOCK_TOLERANCE_MS,
  );
  return { kind: isOld ? 'alreadyStarted' : 'started', taskArns };
}

/** The token of a request is in use with another request; `resourceIds` are that one's tasks. */
export const CONFLICT = 'ConflictException';

/** Reads the error of a request. A conflict is for `judgeConflict`: its error alone does not say whose the tasks are. */
export function errorOutcome(error: ApiError): Outcome {
  if (error.code === CONFLICT) return { kind: 'conflict' };
  const kind = classifyError(error);
  switch (kind) {
    case 'throttle':
      return { kind: 'throttled', ...(!isPlainThrottle(error) && { elsewhere: true }) };
    case 'capacity': {
      const short = shortageOfError(error);
      return { kind: 'noRoom', ...(short && { short }), tokenUnused: true };
    }
    case 'transient':
      return { kind: 'unavailable' };
    case 'none':
      return { kind: 'rejected', code: error.code, taskArns: [] };
    default:
      return kind satisfies never;
  }
}
