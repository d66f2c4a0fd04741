import { answerOf } from '../events/answer.ts';
import type { ThrottleEvent } from '../events/event.ts';
import { asynchronousCallId } from '../identity.ts';
import { type RecordContext, recordedCallId } from './recorded-call.ts';
import type { Ending } from './verdict.ts';

/** An error's name as a sender tells it; what is no name may be anything that it holds. */
const shownCode = (code: string): string => (/^[\w.:#-]{1,128}$/.test(code) ? code : 'unnamed');

/** The fields of a verdict's log line: names, identities and reasons, never the request. */
export function verdictLine(ending: Ending, event: ThrottleEvent, context: RecordContext) {
  return {
    kind: ending.kind,
    reason: 'reason' in ending ? ending.reason : undefined,
    ...identityOf(event, context),
    ...('name' in ending && { execution: ending.name }),
    ...(ending.kind === 'rerun' && { callId: ending.input.callId }),
    ...('members' in ending && { members: ending.members }),
  };
}

function identityOf(event: ThrottleEvent, context: RecordContext) {
  const { awsEnvironment } = context;
  if (event.kind === 'handedOverCall') {
    const { attempted } = event;
    return {
      messageId: event.messageId,
      caller: event.caller.principalArn,
      handedOver: attempted.kind,
      // Queries cannot count the members of a list.
      ...(attempted.kind !== 'never' && { requestIds: attempted.requestIds, attempts: attempted.requestIds.length }),
      ...(attempted.kind === 'rejected' && { errorCode: shownCode(attempted.error.code) }),
    };
  }
  if (event.kind === 'stoppedTask') return { taskArn: event.taskArn, callId: asynchronousCallId(event.taskArn) };
  const { account, region, replayed } = event;
  const isHere = account === awsEnvironment.account && region === awsEnvironment.region && !replayed;
  return {
    eventId: event.eventId,
    ...(event.requestId && { requestId: event.requestId }),
    caller: event.caller.principalArn,
    // Only for calls that took from this account's bucket.
    ...(isHere && { answer: answerOf(event) }),
    errorCode: event.error?.code,
    ...(event.kind === 'runTaskRecord' && { callId: recordedCallId(event, context) }),
  };
}
