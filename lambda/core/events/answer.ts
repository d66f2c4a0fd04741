import type { OtherCallRecord, RunTaskRecord } from './run-task-record.ts';
import { classifyError } from './throttle.ts';

/** How ECS answered a recorded call. */
export type Answer = 'accepted' | 'throttled' | 'rejected';

/** A failure of the service counts as a rejection: it was no throttle. */
export function answerOf({ error }: RunTaskRecord | OtherCallRecord): Answer {
  if (!error) return 'accepted';
  return classifyError(error) === 'throttle' ? 'throttled' : 'rejected';
}
