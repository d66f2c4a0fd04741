import type { Caller } from '../events/run-task-record.ts';

/** An AWS service that makes RunTask calls for its users, and retries rejected calls by itself. */
interface Launcher {
  readonly name: string;
  /** Whether it treats an accepted call as a started task, and so does not notice that the start fails later. */
  readonly isBlindToFailedStarts: boolean;
}

/** EventBridge and Scheduler retry for up to a day. Step Functions, Batch and the service scheduler also watch their tasks. */
const LAUNCHERS: readonly Launcher[] = [
  { name: 'events.amazonaws.com', isBlindToFailedStarts: true },
  { name: 'scheduler.amazonaws.com', isBlindToFailedStarts: true },
  { name: 'states.amazonaws.com', isBlindToFailedStarts: false },
  { name: 'batch.amazonaws.com', isBlindToFailedStarts: false },
  { name: 'ecs.amazonaws.com', isBlindToFailedStarts: false },
];

/** The launcher that made a call, if any. */
export function launcherOf({ invokedBy, userAgent }: Caller): Launcher | undefined {
  return LAUNCHERS.find(({ name }) => name === invokedBy || name === userAgent);
}
