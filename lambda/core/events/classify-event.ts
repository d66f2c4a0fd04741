import type { ThrottleEvent } from './event.ts';
import { classifyStart } from './start-failure.ts';
import type { TextClass } from './texts.ts';
import { classifyError, classifyFailure } from './throttle.ts';

/** What an event tells of, whoever it concerns and whatever is done about it. */
export function classifyEvent(event: ThrottleEvent): TextClass {
  switch (event.kind) {
    case 'runTaskRecord':
      if (event.error) return classifyError(event.error);
      return event.failureReasons.some((reason) => classifyFailure(reason) === 'capacity') ? 'capacity' : 'none';
    case 'otherCallRecord':
      return event.error ? classifyError(event.error) : 'none';
    case 'stoppedTask':
      return event.stopCode === 'TaskFailedToStart' ? classifyStart(event.reasons) : 'none';
    default:
      return event satisfies never;
  }
}

/** What took the call or the start of an event, as reports print it: a service that fails takes calls like a throttle. */
export function lostTo(event: ThrottleEvent): 'throttle' | 'capacity' | 'none' {
  const found = classifyEvent(event);
  return found === 'transient' ? 'throttle' : found;
}
