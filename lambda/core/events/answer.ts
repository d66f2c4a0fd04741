import type { OtherCallRecord, RunTaskRecord } from './run-task-record.ts';
import { classifyError } from './throttle.ts';

/** What ECS said to a recorded call. */
export type Answer = 'accepted' | 'throttled' | 'rejected';

/** A failure on the service's side counts as a rejection: it was no throttle. */
export function answerOf({ error }: RunTaskRecord | OtherCallRecord): Answer {
  if (!error) return 'accepted';
  return classifyError(error) === 'throttle' ? 'throttled' : 'rejected';
}
