import type { RefuseReason } from '../contract.ts';
import type { Attempted, HandedOverCall } from '../events/hand-over.ts';
import { type RunTaskRequest, readRunTaskRequest } from '../events/run-task-request.ts';
import type { Shortage } from '../events/texts.ts';
import { classifyError, shortageOfError, shortageOfFailure } from '../events/throttle.ts';
import { callName, executionName, keyedCallId, synchronousCallId } from '../identity.ts';
import { callerEntry, forbiddenOverride, listedCluster, listedFamily, unlistedReason } from '../opt-in/opt-in.ts';
import { roomOf, roomsOf } from '../rate/rooms-of.ts';
import { doneByOf } from '../rerun/acceptance.ts';
import { KEYED_LIFE_MS, provesUntilMs, type RerunInput, withoutRoom } from '../rerun/rerun-input.ts';
import { principalOf } from './recorded-call.ts';
import { answeredName } from './run-task-verdict.ts';
import type { Verdict, VerdictContext } from './verdict.ts';

/**
 * Decides about a call that was handed over. Whoever sent it believes it taken: what is not re-run is refused, so that
 * people are notified, and never ignored.
 */
export function decideHandedOver(call: HandedOverCall, context: VerdictContext): Verdict {
  const { settings, awsEnvironment } = context;
  const caller = call.caller.principalArn;
  const refuse = (reason: RefuseReason, family?: string, members: readonly string[] = []): Verdict => ({
    kind: 'refuse',
    reason,
    caller,
    ...(family !== undefined && { family }),
    ...(members.length > 0 && { members }),
  });
  if (!callerEntry(caller, settings.callers)?.handsOver) return refuse('callerNotListed');
  if (settings.mode === 'observe') return refuse('observeMode');
  const read = readRunTaskRequest(call.request);
  if ('problem' in read) return refuse(read.problem.reason, undefined, read.problem.members);
  const { request } = read;
  const family = listedFamily(request.taskDefinition, settings, awsEnvironment);
  if (family === undefined) return refuse('familyNotListed');
  const cluster = listedCluster(request.cluster, settings, awsEnvironment);
  if (cluster === undefined) return refuse('clusterNotListed', family);
  if (unlistedReason(purposeOf(request), context)) return refuse('notOptedIn', family);
  const forbidden = forbiddenOverride(request, settings);
  if (forbidden) return refuse(forbidden, family);
  const { attempted } = call;
  const lasting = outlookOf(attempted, request);
  if (lasting) return refuse(lasting, family);
  if (!settings.capacity.rerun && shortageOf(attempted)) return refuse('roomNotAwaited', family);
  const place = { ...awsEnvironment, cluster, family };
  return attempted.kind === 'never'
    ? neverAttempted(call, attempted.key, request, place, context)
    : attemptedBefore(call, attempted, request, place, context);
}

interface Place {
  readonly account: string;
  readonly region: string;
  readonly cluster: string;
  readonly family: string;
}

const purposeOf = ({ cluster, taskDefinition, startedBy, group }: RunTaskRequest) => ({
  cluster,
  taskDefinition,
  startedBy,
  group,
});

/** What its attempts found too little of, if that is what they failed for. */
function shortageOf(attempted: Attempted): Shortage | undefined {
  switch (attempted.kind) {
    case 'never':
      return undefined;
    case 'rejected':
      return shortageOfError(attempted.error);
    case 'answered':
      return attempted.failureReasons.map(shortageOfFailure).find((each) => each !== undefined);
    default:
      return attempted satisfies never;
  }
}

/** Why another attempt would come to nothing, or could not be told from the caller's own. */
function outlookOf(attempted: Attempted, { clientToken, count = 1 }: RunTaskRequest): RefuseReason | undefined {
  switch (attempted.kind) {
    case 'never':
      return undefined;
    case 'rejected':
      if (classifyError(attempted.error) === 'none') return 'rejectedByEcs';
      return clientToken === undefined ? 'noClientToken' : undefined;
    case 'answered':
      if (attempted.taskArns.length >= count) return 'invalidParameter';
      if (!shortageOf(attempted)) return 'rejectedByEcs';
      return clientToken === undefined ? 'noClientToken' : undefined;
    default:
      return attempted satisfies never;
  }
}

/** The caller's own request, or what is left of it, under its own token. Its attempts are over: there is no grace. */
function attemptedBefore(
  call: HandedOverCall,
  attempted: Exclude<Attempted, { kind: 'never' }>,
  request: RunTaskRequest,
  place: Place,
  { settings, awsEnvironment }: VerdictContext,
): Verdict {
  const { firstAttemptAtMs } = attempted;
  const { clientToken = '', count = 1 } = request;
  const principal = principalOf(call.caller);
  const callId = synchronousCallId({ ...place, principal, clientToken });
  const eventTime = new Date(firstAttemptAtMs).toISOString();
  const placed = attempted.kind === 'answered' ? [...attempted.taskArns] : [];
  const short = shortageOf(attempted);
  const progress =
    short &&
    withoutRoom(
      { short, room: roomOf(short, request, awsEnvironment), sinceMs: firstAttemptAtMs },
      // What was rejected whole has its token still: the same call of a loop around the caller is answered with our launch.
      { remaining: count - placed.length, round: attempted.kind === 'answered' ? 1 : 0, taskArns: placed },
      settings,
    );
  const deadline = new Date(provesUntilMs(firstAttemptAtMs, settings)).toISOString();
  const input: RerunInput = {
    callId,
    call: { ...place, caller: call.caller.principalArn, principal, eventTime },
    settleUntil: eventTime,
    deadline: progress?.noRoom.until ?? deadline,
    request,
    rooms: roomsOf(request, awsEnvironment),
    ...(progress && { progress }),
    ...(attempted.kind === 'rejected' && { doneBy: doneByOf(request, firstAttemptAtMs) }),
  };
  const name =
    placed.length > 0 ? answeredName(input, placed) : callName(place.family, callId, clientToken, firstAttemptAtMs);
  return { kind: 'rerun', name, input };
}

/** A job that nobody called ECS for yet. Its name is taken for good: a copy that comes hours later is the same job. */
function neverAttempted(
  call: HandedOverCall,
  key: string,
  given: RunTaskRequest,
  place: Place,
  { awsEnvironment }: VerdictContext,
): Verdict {
  const { clientToken: _, ...request } = given;
  const callId = keyedCallId({ ...place, key });
  const eventTime = new Date(call.sentAtMs).toISOString();
  const input: RerunInput = {
    callId,
    call: { ...place, caller: call.caller.principalArn, eventTime },
    settleUntil: eventTime,
    deadline: new Date(call.sentAtMs + KEYED_LIFE_MS).toISOString(),
    request,
    rooms: roomsOf(request, awsEnvironment),
    ownToken: 'keyed',
  };
  return { kind: 'rerun', name: executionName(place.family, callId), input };
}
