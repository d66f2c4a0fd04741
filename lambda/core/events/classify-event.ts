import type { ThrottleEvent } from './event.ts';
import type { Attempted } from './hand-over.ts';
import { classifyStart } from './start-failure.ts';
import type { TextClass } from './texts.ts';
import { classifyError, isPassingFailure } from './throttle.ts';

/** What an event tells of, whoever it concerns and whatever is done about it. */
export function classifyEvent(event: ThrottleEvent): TextClass {
  switch (event.kind) {
    case 'runTaskRecord':
      if (event.error) return classifyError(event.error);
      return event.failureReasons.some(isPassingFailure) ? 'capacity' : 'none';
    case 'otherCallRecord':
      return event.error ? classifyError(event.error) : 'none';
    case 'handedOverCall':
      return classifyAttempted(event.attempted);
    case 'stoppedTask':
      return event.stopCode === 'TaskFailedToStart' ? classifyStart(event.reasons) : 'none';
    default:
      return event satisfies never;
  }
}

function classifyAttempted(attempted: Attempted): TextClass {
  switch (attempted.kind) {
    case 'rejected':
      return classifyError(attempted.error);
    case 'answered':
      return attempted.failureReasons.some(isPassingFailure) ? 'capacity' : 'none';
    case 'never':
      return 'none';
    default:
      return attempted satisfies never;
  }
}

/** What took the call or the start of an event, as reports print it: a service that fails takes calls like a throttle. */
export function lostTo(event: ThrottleEvent): 'throttle' | 'capacity' | 'none' {
  const found = classifyEvent(event);
  return found === 'transient' ? 'throttle' : found;
}
