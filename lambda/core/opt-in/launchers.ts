import type { Caller } from '../events/run-task-record.ts';

/** An AWS service that makes RunTask calls for its users, and repeats those that were rejected by itself. */
interface Launcher {
  readonly name: string;
  /** Whether it takes an accepted task for a started one, and so misses a start that fails later. */
  readonly isBlindToFailedStarts: boolean;
}

/** EventBridge and Scheduler retry for up to a day; Step Functions, Batch and the service scheduler watch their tasks too. */
const LAUNCHERS: readonly Launcher[] = [
  { name: 'events.amazonaws.com', isBlindToFailedStarts: true },
  { name: 'scheduler.amazonaws.com', isBlindToFailedStarts: true },
  { name: 'states.amazonaws.com', isBlindToFailedStarts: false },
  { name: 'batch.amazonaws.com', isBlindToFailedStarts: false },
  { name: 'ecs.amazonaws.com', isBlindToFailedStarts: false },
];

/** The launcher that made a call for its user, if one did. */
export function launcherOf({ invokedBy, userAgent }: Caller): Launcher | undefined {
  return LAUNCHERS.find(({ name }) => name === invokedBy || name === userAgent);
}
