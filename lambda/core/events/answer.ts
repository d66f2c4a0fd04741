import type { ThrottleEvent } from './event.ts';
import { classifyError } from './throttle.ts';

/** How ECS answered a recorded call. */
export type Answer = 'accepted' | 'throttled' | 'rejected';

/** A failure of the service counts as a rejection: it was no throttle. */
export function answerOf({ error }: Exclude<ThrottleEvent, { kind: 'stoppedTask' }>): Answer {
  if (!error) return 'accepted';
  return classifyError(error) === 'throttled' ? 'throttled' : 'rejected';
}
