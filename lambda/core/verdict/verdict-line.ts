import type { Home } from './arn.ts';
import type { ThrottleEvent } from './event.ts';
import { asynchronousCallId } from './identity.ts';
import { recordedCallId } from './run-task-verdict.ts';
import { classifyError } from './throttle.ts';
import type { Ending } from './verdict.ts';

/** What ECS said to a recorded call. */
export type Answer = 'accepted' | 'throttled' | 'rejected';

/** A failure on the service's side counts as a rejection: it was no throttle. */
export function answerOf({ error }: Exclude<ThrottleEvent, { kind: 'stoppedTask' }>): Answer {
  if (!error) return 'accepted';
  return classifyError(error) === 'throttled' ? 'throttled' : 'rejected';
}

/** What a log line says of an event and of what became of it: names, identities and reasons, never what was asked for. */
export function verdictLine(ending: Ending, event: ThrottleEvent, home: Home) {
  return {
    kind: ending.kind,
    reason: 'reason' in ending ? ending.reason : undefined,
    ...identityOf(event, home),
    ...('name' in ending && { execution: ending.name }),
    ...('members' in ending && { members: ending.members }),
  };
}

function identityOf(event: ThrottleEvent, home: Home) {
  if (event.kind === 'stoppedTask') return { taskArn: event.taskArn, callId: asynchronousCallId(event.taskArn) };
  const { account, region, replayed } = event;
  const isHere = account === home.account && region === home.region && !replayed;
  return {
    eventId: event.eventId,
    caller: event.caller.principalArn,
    // Only of calls that took from this account's bucket.
    ...(isHere && { answer: answerOf(event) }),
    errorCode: event.error?.code,
    ...(event.kind === 'runTaskRecord' && { callId: recordedCallId(event, home) }),
  };
}
