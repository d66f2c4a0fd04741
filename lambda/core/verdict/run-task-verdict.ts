import type { IgnoreReason, RefuseReason } from '../contract.ts';
import type { RunTaskRecord } from '../events/run-task-record.ts';
import { type RunTaskRequest, readRunTaskRequest } from '../events/run-task-request.ts';
import { classifyError, isPassingFailure } from '../events/throttle.ts';
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
import { doneByOf } from '../rerun/acceptance.ts';
import { type RerunInput, timesOf } from '../rerun/rerun-input.ts';
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
  return { kind: 'record', launches, ...(acceptance && { acceptance }) };
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
  return record.error && entry.retriesItself ? 'retriesItself' : undefined;
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
  return rerunOrRefuse(record, read.request, context);
}

/** The family in a record whose request cannot be read as a whole. */
function familyOf({ requestParameters }: RunTaskRecord, { settings, awsEnvironment }: VerdictContext) {
  const { taskDefinition } = requestParameters as { taskDefinition?: unknown };
  const family = typeof taskDefinition === 'string' && listedFamily(taskDefinition, settings, awsEnvironment);
  return family ? { family } : {};
}

/** The re-run of tasks that found no room, if their caller does not retry them. */
function decidePartlyPlaced(
  record: RunTaskRecord,
  launches: readonly Launch[],
  context: VerdictContext,
): Verdict | undefined {
  if (!record.failureReasons.some(isPassingFailure)) return undefined;
  const entry = callerEntry(record.caller.principalArn, context.settings.callers);
  if (entry?.retriesItself || launcherOf(record.caller)) return undefined;
  const read = readRunTaskRequest(record.requestParameters);
  if ('problem' in read) {
    const caller = record.caller.principalArn;
    return { kind: 'refuse', caller, ...familyOf(record, context), ...read.problem, launches };
  }
  const remaining = (read.request.count ?? 1) - record.taskArns.length;
  if (remaining <= 0) return undefined;
  const verdict = rerunOrRefuse(record, read.request, context);
  if (verdict.kind === 'refuse') return { ...verdict, launches };
  if (verdict.kind !== 'rerun') return undefined;
  const progress = { attempts: 0, unanswered: 0, remaining, round: 1, taskArns: [...record.taskArns] };
  const { doneBy: _, ...input } = verdict.input;
  // ECS repeats its answer for as long as it remembers the token: hours later it is still the same one that is to be completed.
  const name = record.taskArns.length > 0 ? answeredName(input, record.taskArns) : verdict.name;
  return { kind: 'rerun', name, input: { ...input, progress }, launches };
}

/** The name of the re-run of what is left of a call: that of the answer. */
export function answeredName({ callId, call }: RerunInput, taskArns: readonly string[]): string {
  return executionName(call.family, `${callId} ${placedOccasion(taskArns)}`);
}

function rerunOrRefuse(record: RunTaskRecord, request: RunTaskRequest, context: VerdictContext): Verdict {
  const { awsEnvironment, settings } = context;
  const family = listedFamily(request.taskDefinition, settings, awsEnvironment) ?? '';
  const cluster = listedCluster(request.cluster, settings, awsEnvironment) ?? '';
  const caller = record.caller.principalArn;
  const refuse = (reason: RefuseReason): Verdict => ({ kind: 'refuse', reason, caller, family });

  const forbidden = forbiddenOverride(request, settings);
  if (forbidden) return refuse(forbidden);
  const { clientToken } = request;
  if (clientToken === undefined && !settings.allowWithoutClientToken) return refuse('noClientToken');
  const { settleUntilMs, deadlineMs } = timesOf(record.eventTimeMs, settings);
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
    settleUntil: new Date(settleUntilMs).toISOString(),
    deadline: new Date(deadlineMs).toISOString(),
    request,
    ...(clientToken === undefined && { ownToken: 'substitute' as const }),
    doneBy: doneByOf(request, record.eventTimeMs),
  };
  return { kind: 'rerun', name: callName(family, callId, clientToken ?? '', record.eventTimeMs), input };
}
