import type { IgnoreReason, RefuseReason } from '../contract.ts';
import type { RunTaskRecord } from '../events/run-task-record.ts';
import { type RunTaskRequest, readRunTaskRequest } from '../events/run-task-request.ts';
import type { Shortage } from '../events/texts.ts';
import { classifyError, shortageOfError, shortageOfFailure } from '../events/throttle.ts';
import { callName, executionName, placedOccasion } from '../identity.ts';
import { launcherOf } from '../opt-in/launchers.ts';
import {
  callerEntry,
  forbiddenOverride,
  isOwnCall,
  listedCluster,
  listedFamily,
  unlistedReason,
} from '../opt-in/opt-in.ts';
import { roomOf, roomsOf } from '../rate/rooms-of.ts';
import { doneByOf } from '../rerun/acceptance.ts';
import { provesUntilMs, type RerunInput, settleUntilMs, withoutRoom } from '../rerun/rerun-input.ts';
import { acceptanceOf, callIdOf, launchesOf, principalOf, tokenless } from './recorded-call.ts';
import type { Launch, Verdict, VerdictContext } from './verdict.ts';

/** Decides about the RunTask record of a rejected or an accepted call. */
export function decideRunTask(record: RunTaskRecord, context: VerdictContext): Verdict {
  const elsewhere = parametersReason(record, context);
  const reason = callerReason(record, context) ?? elsewhere;
  if (reason) return { kind: 'ignore', reason, ...(!elsewhere && marks(record, reason, context)) };
  const entry = callerEntry(record.caller.principalArn, context.settings.callers);
  // While only observing the queue takes nothing, and the records are all that there is to count.
  const handsOver = entry?.handsOver && context.settings.mode === 'rerun';
  if (record.error) {
    const verdict = decideRejected(record, context);
    // The message decides, which holds more than a record that is not enough.
    return verdict.kind === 'refuse' && handsOver ? { kind: 'ignore', reason: 'handedOver' } : verdict;
  }
  const launches = launchesOf(record, context);
  const verdict = decidePartlyPlaced(record, launches, context);
  return verdict && !(verdict.kind === 'refuse' && handsOver) ? verdict : recorded(record, launches, context);
}

/** What is kept of an accepted call: its launches and, where a re-run of it may be underway, that it was accepted. */
function recorded(record: RunTaskRecord, launches: readonly Launch[], context: VerdictContext): Verdict {
  const acceptance = launcherOf(record.caller) ? undefined : acceptanceOf(record, context);
  if (!acceptance) return { kind: 'record', launches };
  const { callId, acceptance: accepted } = acceptance;
  return { kind: 'record', launches, acceptance: { callId, acceptance: { ...accepted, launchesKept: true } } };
}

/** That the tasks of an accepted call of listed families are none of ours, without what it asked for. */
function marks(record: RunTaskRecord, reason: IgnoreReason, context: VerdictContext) {
  if (record.taskArns.length === 0 || (reason !== 'callerNotListed' && reason !== 'launcherRetries')) return {};
  const launches = launchesOf(record, context);
  return { launches: launches.map((launch) => ({ ...launch, record: { ...launch.record, request: null } })) };
}

/** Why to ignore a record because of its caller. */
function callerReason(record: RunTaskRecord, { settings, ownRoleArn }: VerdictContext): IgnoreReason | undefined {
  const { principalArn } = record.caller;
  if (isOwnCall(record.caller, ownRoleArn)) return 'ownCall';
  if (record.error && classifyError(record.error) === 'none') return 'notAThrottle';
  const launcher = launcherOf(record.caller);
  if (launcher && (record.error || !launcher.isBlindToFailedStarts)) return 'launcherRetries';
  const entry = callerEntry(principalArn, settings.callers);
  if (!entry) return 'callerNotListed';
  if (record.error && entry.retriesItself) return 'retriesItself';
  return record.error && !settings.capacity.rerun && shortageOfError(record.error) ? 'noRoom' : undefined;
}

/**
 * Why to ignore a record because of its family, cluster or launcher. This comes first: a request for another family or
 * cluster is ignored even if it could not be repeated.
 */
function parametersReason({ requestParameters }: RunTaskRecord, context: VerdictContext): IgnoreReason | undefined {
  const parameters = (requestParameters ?? {}) as Record<string, unknown>;
  const text = (name: string) => (typeof parameters[name] === 'string' ? parameters[name] : undefined);
  return unlistedReason(
    {
      cluster: text('cluster'),
      taskDefinition: text('taskDefinition'),
      startedBy: text('startedBy'),
      group: text('group'),
    },
    context,
  );
}

function decideRejected(record: RunTaskRecord, context: VerdictContext): Verdict {
  const caller = record.caller.principalArn;
  if (record.requestParameters === null) return { kind: 'refuse', reason: 'bareRecord', caller };
  const read = readRunTaskRequest(record.requestParameters);
  if ('problem' in read) return { kind: 'refuse', caller, ...familyOf(record, context), ...read.problem };
  const short = record.error && shortageOfError(record.error);
  const verdict = rerunOrRefuse(record, read.request, context);
  // It was rejected whole: its own token is unused, and keeps the caller's own next attempt from being a second launch.
  return short && verdict.kind === 'rerun'
    ? waiting(verdict, { short, remaining: read.request.count ?? 1, round: 0 }, record, context)
    : verdict;
}

/** A re-run that waits for room first. */
function waiting(
  { input, ...verdict }: Extract<Verdict, { kind: 'rerun' }>,
  { short, ...rest }: { short: Shortage; remaining: number; round: number; taskArns?: string[] },
  { eventTimeMs: sinceMs }: RunTaskRecord,
  { settings, awsEnvironment }: VerdictContext,
): Verdict {
  const room = input.request && roomOf(short, input.request, awsEnvironment);
  const progress = withoutRoom({ short, sinceMs, ...(room && { room }) }, rest, settings);
  return { ...verdict, input: { ...input, deadline: progress.noRoom.until, progress } };
}

/** The family in a record whose request cannot be read as a whole. */
function familyOf({ requestParameters }: RunTaskRecord, { settings, awsEnvironment }: VerdictContext) {
  const { taskDefinition } = requestParameters as { taskDefinition?: unknown };
  const family = typeof taskDefinition === 'string' && listedFamily(taskDefinition, settings, awsEnvironment);
  return family ? { family } : {};
}

/**
 * The re-run of tasks that found no room, if their caller does not retry them. An answer is final: whoever takes it for
 * success never comes back, and needs no token to be told from its own next attempt.
 */
function decidePartlyPlaced(
  record: RunTaskRecord,
  launches: readonly Launch[],
  context: VerdictContext,
): Verdict | undefined {
  const short = record.failureReasons.map(shortageOfFailure).find((each) => each !== undefined);
  if (!short || !context.settings.capacity.rerun) return undefined;
  const entry = callerEntry(record.caller.principalArn, context.settings.callers);
  if (entry?.retriesItself) return undefined;
  const read = readRunTaskRequest(record.requestParameters);
  if ('problem' in read) {
    const caller = record.caller.principalArn;
    return { kind: 'refuse', caller, ...familyOf(record, context), ...read.problem, launches };
  }
  const remaining = (read.request.count ?? 1) - record.taskArns.length;
  if (remaining <= 0) return undefined;
  const isFinal = launcherOf(record.caller) !== undefined;
  const verdict = rerunOrRefuse(record, read.request, context, isFinal);
  if (verdict.kind === 'refuse') return { ...verdict, launches };
  if (verdict.kind !== 'rerun') return undefined;
  const { doneBy: _, ...input } = verdict.input;
  // ECS repeats its answer for as long as it remembers the token: hours later it is still the same one that is to be completed.
  const name = record.taskArns.length > 0 ? answeredName(input, record.taskArns) : verdict.name;
  // An SDK does not try again what was answered: there is no grace.
  const settled = { ...input, settleUntil: input.call.eventTime };
  const rest = { short, remaining, round: 1, taskArns: [...record.taskArns] };
  return waiting({ kind: 'rerun', name, input: settled, launches }, rest, record, context);
}

/** The name of the re-run of what is left of a call: that of the answer. */
export function answeredName({ callId, call }: RerunInput, taskArns: readonly string[]): string {
  return executionName(call.family, `${callId} ${placedOccasion(taskArns)}`);
}

function rerunOrRefuse(
  record: RunTaskRecord,
  request: RunTaskRequest,
  context: VerdictContext,
  needsNoToken = false,
): Verdict {
  const { awsEnvironment, settings, deliveredAtMs = record.eventTimeMs } = context;
  const family = listedFamily(request.taskDefinition, settings, awsEnvironment) ?? '';
  const cluster = listedCluster(request.cluster, settings, awsEnvironment) ?? '';
  const caller = record.caller.principalArn;
  const refuse = (reason: RefuseReason): Verdict => ({ kind: 'refuse', reason, caller, family });

  const forbidden = forbiddenOverride(request, settings);
  if (forbidden) return refuse(forbidden);
  const { clientToken } = request;
  if (clientToken === undefined && !settings.allowWithoutClientToken && !needsNoToken) return refuse('noClientToken');
  const callId = clientToken === undefined ? tokenless(record) : callIdOf(record, clientToken, context);
  const input: RerunInput = {
    callId,
    call: {
      ...awsEnvironment,
      cluster,
      family,
      caller,
      principal: principalOf(record.caller),
      eventTime: new Date(record.eventTimeMs).toISOString(),
    },
    settleUntil: new Date(settleUntilMs(record.eventTimeMs, deliveredAtMs, settings)).toISOString(),
    deadline: new Date(provesUntilMs(record.eventTimeMs, settings)).toISOString(),
    request,
    rooms: roomsOf(request, awsEnvironment),
    ...(clientToken === undefined && { ownToken: 'substitute' as const }),
    doneBy: doneByOf(request, record.eventTimeMs),
  };
  return { kind: 'rerun', name: callName(family, callId, clientToken ?? '', record.eventTimeMs), input };
}
