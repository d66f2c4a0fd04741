import { clusterName, type Home } from './arn.ts';
import type { IgnoreReason, RefuseReason } from './contract.ts';
import { executionName, substituteToken, synchronousCallId, tokenlessCallId } from './identity.ts';
import {
  callerEntry,
  forbiddenOverride,
  isOwnCall,
  launcherOf,
  listedCluster,
  listedFamily,
  unlistedReason,
} from './policy.ts';
import { type RerunInput, timesOf } from './rerun.ts';
import type { RunTaskRecord } from './run-task-record.ts';
import { type RunTaskRequest, readRunTaskRequest } from './run-task-request.ts';
import { classifyError, isPassingFailure } from './throttle.ts';
import type { Launch, Verdict, VerdictContext } from './verdict.ts';

/** Decides about a RunTask record, of a rejected call or of an accepted one. */
export function decideRunTask(record: RunTaskRecord, context: VerdictContext): Verdict {
  const reason = callerReason(record, context) ?? parametersReason(record, context);
  if (reason) return { kind: 'ignore', reason };
  if (record.error) return decideRejected(record, context);
  const launches = launchesOf(record, context.home);
  return decidePartlyPlaced(record, launches, context) ?? { kind: 'record', launches };
}

/** Reasons to ignore a record that lie with its caller. */
function callerReason(record: RunTaskRecord, { settings, ownRoleArn }: VerdictContext): IgnoreReason | undefined {
  const { principalArn } = record.caller;
  if (isOwnCall(record.caller, ownRoleArn)) return 'ownCall';
  if (record.error && classifyError(record.error) === 'rejected') return 'notAThrottle';
  const launcher = launcherOf(record.caller);
  if (launcher && (record.error || !launcher.isBlindToFailedStarts)) return 'launcherRetries';
  const entry = callerEntry(principalArn, settings.callers);
  if (!entry) return 'callerNotListed';
  return record.error && entry.retriesItself ? 'retriesItself' : undefined;
}

/**
 * Reasons that lie with what the request is for. The request may be one that cannot be repeated: it is nobody's business
 * here as long as it says, legibly, that it is for something else.
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
  const read = readRunTaskRequest(record.requestParameters);
  if ('problem' in read) return { kind: 'refuse', caller, ...read.problem };
  return rerunOrRefuse(record, read.request, context);
}

/** The re-run of what found no room, for a caller that leaves it at that. */
function decidePartlyPlaced(
  record: RunTaskRecord,
  launches: readonly Launch[],
  context: VerdictContext,
): Verdict | undefined {
  if (!record.failureReasons.some(isPassingFailure)) return undefined;
  const entry = callerEntry(record.caller.principalArn, context.settings.callers);
  if (entry?.retriesItself || launcherOf(record.caller)) return undefined;
  const read = readRunTaskRequest(record.requestParameters);
  if ('problem' in read) return { kind: 'refuse', caller: record.caller.principalArn, ...read.problem, launches };
  const remaining = (read.request.count ?? 1) - record.taskArns.length;
  if (remaining <= 0) return undefined;
  const verdict = rerunOrRefuse(record, read.request, context);
  if (verdict.kind === 'refuse') return { ...verdict, launches };
  if (verdict.kind !== 'rerun') return undefined;
  const progress = { attempts: 0, unanswered: 0, remaining, round: 1, taskArns: [...record.taskArns] };
  return { ...verdict, input: { ...verdict.input, progress }, launches };
}

/** What is kept of an accepted call: a launch record for each task that it started. */
export function launchesOf(record: RunTaskRecord, home: Home): Launch[] {
  const rootCallId = recordedCallId(record, home);
  const { principalArn: caller } = record.caller;
  const launcher = launcherOf(record.caller);
  const isWatched = launcher !== undefined && !launcher.isBlindToFailedStarts;
  const launch = { caller, rootCallId, generation: 0, isWatched, request: record.requestParameters };
  return record.taskArns.map((taskArn) => ({ taskArn, record: launch }));
}

/** The identity of a call that ECS accepted under a token of its own, whoever made it; undefined for any other record. */
export function acceptedCallId(record: RunTaskRecord, home: Home): string | undefined {
  return record.error ? undefined : tokenCallId(record, home);
}

/** The identity of a recorded call: that of its token or, where the record holds none, its own. */
export function recordedCallId(record: RunTaskRecord, home: Home): string {
  return tokenCallId(record, home) ?? tokenless(record);
}

function tokenCallId(record: RunTaskRecord, home: Home): string | undefined {
  const { clientToken } = (record.requestParameters ?? {}) as { clientToken?: unknown };
  return typeof clientToken === 'string' ? callIdOf(record, clientToken, home) : undefined;
}

function rerunOrRefuse(record: RunTaskRecord, request: RunTaskRequest, context: VerdictContext): Verdict {
  const { home, settings } = context;
  const family = listedFamily(request.taskDefinition, settings, home) ?? '';
  const cluster = listedCluster(request.cluster, settings, home) ?? '';
  const caller = record.caller.principalArn;
  const refuse = (reason: RefuseReason): Verdict => ({ kind: 'refuse', reason, caller, family });

  const forbidden = forbiddenOverride(request, settings);
  if (forbidden) return refuse(forbidden);
  const { clientToken } = request;
  if (clientToken === undefined && !settings.allowWithoutClientToken) return refuse('noClientToken');
  const { settleUntilMs, deadlineMs } = timesOf(record.eventTimeMs, settings);
  const callId = clientToken === undefined ? tokenless(record) : callIdOf(record, clientToken, home);
  const input: RerunInput = {
    callId,
    call: { ...home, cluster, family, caller, eventTime: new Date(record.eventTimeMs).toISOString() },
    settleUntil: new Date(settleUntilMs).toISOString(),
    deadline: new Date(deadlineMs).toISOString(),
    request: { ...request, clientToken: clientToken ?? substituteToken(callId) },
  };
  return { kind: 'rerun', name: executionName(family, callId, record.eventTimeMs), input };
}

function callIdOf(record: RunTaskRecord, clientToken: string, home: Home): string {
  const { cluster } = record.requestParameters as { cluster?: unknown };
  const reference = typeof cluster === 'string' ? cluster : undefined;
  return synchronousCallId({ ...home, cluster: clusterName(reference, home) ?? '', clientToken });
}

const tokenless = ({ account, region, eventId }: RunTaskRecord) => tokenlessCallId(account, region, eventId);
