import { type ApiError, classifyError, isPassingFailure, isPlainThrottle } from '../events/throttle.ts';

/** What one RunTask request of ours came to. */
export type Outcome =
  | { readonly kind: 'started'; readonly taskArns: readonly string[] }
  /** The caller's own retry, or an attempt of ours whose answer was lost, got there first. */
  | { readonly kind: 'alreadyStarted'; readonly taskArns: readonly string[] }
  /** `elsewhere`: by a service behind ECS, which says nothing of ECS's own bucket. */
  | { readonly kind: 'throttled'; readonly elsewhere?: true }
  /** Some tasks found no room for now. */
  | { readonly kind: 'partlyStarted'; readonly taskArns: readonly string[]; readonly remaining: number }
  /**
   * No task started, and the same may work later: `answered` by ECS with `failures[]` or, for want of room, with an error
   * that leaves the token unused; or the service failed.
   */
  | { readonly kind: 'unavailable'; readonly answered: boolean; readonly tokenUnused?: true }
  /** Asking again would not help. `code` is the error's name or the first failure's reason. */
  | { readonly kind: 'rejected'; readonly code: string; readonly taskArns: readonly string[] };

/** How many tasks an attempt launched; undefined where the answer is missing, and with it the knowledge. */
export function startedTasks(outcome: Outcome): number | undefined {
  switch (outcome.kind) {
    case 'started':
    case 'partlyStarted':
    case 'rejected':
      return outcome.taskArns.length;
    case 'alreadyStarted':
    case 'throttled':
      return 0;
    case 'unavailable':
      return outcome.answered ? 0 : undefined;
    default:
      return outcome satisfies never;
  }
}

/** The parts of a RunTask response that decide. */
export interface RunTaskAnswer {
  readonly tasks: readonly { readonly taskArn: string; readonly createdAtMs: number | undefined }[];
  readonly failures: readonly { readonly reason: string }[];
}

/** Clocks of AWS services agree within this; a task created longer before our request is not ours. */
const CLOCK_TOLERANCE_MS = 1000;

/** Reads ECS's answer to a request for `requested` tasks that was sent at `sentAtMs`. */
export function answerOutcome(answer: RunTaskAnswer, requested: number, sentAtMs: number): Outcome {
  const taskArns = answer.tasks.map((task) => task.taskArn);
  const remaining = requested - taskArns.length;
  // failures[] holds a line for each container instance that was tried, not for each task: only the tasks can be counted.
  if (remaining > 0) {
    const [first] = answer.failures;
    if (first && !answer.failures.some(({ reason }) => isPassingFailure(reason))) {
      return { kind: 'rejected', code: first.reason, taskArns };
    }
    return taskArns.length > 0
      ? { kind: 'partlyStarted', taskArns, remaining }
      : { kind: 'unavailable', answered: true };
  }
  const isOld = answer.tasks.some(
    ({ createdAtMs }) => createdAtMs !== undefined && createdAtMs < sentAtMs - CLOCK_TOLERANCE_MS,
  );
  return { kind: isOld ? 'alreadyStarted' : 'started', taskArns };
}

/** Reads the error of a request for `requested` tasks; `resourceIds` are those of a ConflictException. */
export function errorOutcome(
  error: ApiError & { readonly resourceIds?: readonly string[] | undefined },
  requested: number,
): Outcome {
  const { resourceIds = [] } = error;
  if (error.code === 'ConflictException' && resourceIds.length > 0) {
    const remaining = requested - resourceIds.length;
    return remaining > 0
      ? { kind: 'partlyStarted', taskArns: resourceIds, remaining }
      : { kind: 'alreadyStarted', taskArns: resourceIds };
  }
  const kind = classifyError(error);
  switch (kind) {
    case 'throttle':
      return { kind: 'throttled', ...(!isPlainThrottle(error) && { elsewhere: true }) };
    case 'capacity':
      return { kind: 'unavailable', answered: true, tokenUnused: true };
    case 'transient':
      return { kind: 'unavailable', answered: false };
    case 'none':
      return { kind: 'rejected', code: error.code, taskArns: [] };
    default:
      return kind satisfies never;
  }
}
