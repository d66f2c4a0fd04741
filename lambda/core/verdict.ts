import type { Home } from './arn.ts';
import type { IgnoreReason, RefuseReason } from './contract.ts';
import type { Caller, RunTaskRecord, ThrottleEvent } from './event.ts';
import { executionName, substituteToken, synchronousCallId, tokenlessCallId } from './identity.ts';
import { callerEntry, forbiddenOverride, listedCluster, listedFamily } from './policy.ts';
import { type RerunInput, timesOf } from './rerun.ts';
import { type RunTaskRequest, readRunTaskRequest } from './run-task-request.ts';
import type { Settings } from './settings.ts';
import { classifyError } from './throttle.ts';

/** What is to be done about an event. */
export type Verdict =
  | { readonly kind: 'rerun'; readonly name: string; readonly input: RerunInput }
  | { readonly kind: 'ignore'; readonly reason: IgnoreReason }
  | {
      readonly kind: 'refuse';
      readonly reason: RefuseReason;
      readonly caller: string;
      readonly family?: string;
      /** Names of the request's members that stand in the way. */
      readonly members?: readonly string[];
    };

/** All that a verdict depends on beside the event. */
export interface VerdictContext {
  readonly home: Home;
  /** ARN of the role that our own RunTask requests are made under. */
  readonly ownRoleArn: string;
  readonly settings: Settings;
  readonly nowMs: number;
}

/** Older records than this are no news: EventBridge gives up delivering after a day. */
const STALE_MS = 24 * 3_600_000;

/**
 * AWS services that make RunTask calls for their users and repeat them by themselves.
 * EventBridge and Scheduler retry for up to a day; Step Functions, Batch and the service scheduler have retries of their own.
 */
const LAUNCHERS: ReadonlySet<string> = new Set([
  'batch.amazonaws.com',
  'states.amazonaws.com',
  'events.amazonaws.com',
  'scheduler.amazonaws.com',
  'ecs.amazonaws.com',
]);

/** Decides about one event: pure, so that the intake, the sweep and the run-task handler cannot disagree. */
export function decide(event: ThrottleEvent, context: VerdictContext): Verdict {
  const ignored = ignoreReason(event, context);
  if (ignored) return { kind: 'ignore', reason: ignored };

  const caller = event.caller.principalArn;
  const read = readRunTaskRequest(event.requestParameters);
  if ('problem' in read) {
    const { reason, members } = read.problem;
    return unlisted(event.requestParameters, context) ?? { kind: 'refuse', reason, caller, members };
  }
  const { request } = read;
  const optedIn = unlisted(request, context);
  if (optedIn) return optedIn;
  if (launchedBySomethingThatRetries(request)) return { kind: 'ignore', reason: 'launcherRetries' };
  return rerunOrRefuse(event, request, context);
}

/** Reasons that need no look at the request. */
function ignoreReason(event: RunTaskRecord, context: VerdictContext): IgnoreReason | undefined {
  const { home, settings, ownRoleArn, nowMs } = context;
  if (event.account !== home.account) return 'otherAccount';
  if (event.region !== home.region) return 'otherRegion';
  if (event.replayed) return 'replayed';
  if (callerEntry(event.caller.principalArn, [{ arn: ownRoleArn }])) return 'ownCall';
  if (classifyError(event.error) === 'rejected') return 'notAThrottle';
  if (isLauncher(event.caller)) return 'launcherRetries';
  const entry = callerEntry(event.caller.principalArn, settings.callers);
  if (!entry) return 'callerNotListed';
  if (entry.retriesItself) return 'retriesItself';
  return nowMs - event.eventTimeMs > STALE_MS ? 'stale' : undefined;
}

function isLauncher({ invokedBy, userAgent }: Caller): boolean {
  return [invokedBy, userAgent].some((name) => name !== undefined && LAUNCHERS.has(name));
}

/** Batch names its clusters; Step Functions and the service scheduler sign the tasks they start. */
function launchedBySomethingThatRetries({ cluster, startedBy, group }: RunTaskRequest): boolean {
  const clusterId = cluster?.split('/').at(-1) ?? '';
  return (
    startedBy === 'AWS Step Functions' ||
    startedBy?.startsWith('ecs-svc/') === true ||
    group?.startsWith('service:') === true ||
    clusterId.startsWith('AWSBatch-') ||
    clusterId.includes('_Batch_')
  );
}

/**
 * Ignores a request for a cluster or family that is not listed. The request may be one that could not be read: it is
 * nobody's business here as long as it says, legibly, that it is for something else.
 */
function unlisted(
  request: unknown,
  { settings, home }: Pick<VerdictContext, 'home' | 'settings'>,
): Verdict | undefined {
  const { cluster, taskDefinition } = (request ?? {}) as { cluster?: unknown; taskDefinition?: unknown };
  if (typeof taskDefinition !== 'string') return undefined;
  if (!listedFamily(taskDefinition, settings, home)) return { kind: 'ignore', reason: 'familyNotListed' };
  const reference = typeof cluster === 'string' ? cluster : undefined;
  return listedCluster(reference, settings, home) ? undefined : { kind: 'ignore', reason: 'clusterNotListed' };
}

function rerunOrRefuse(event: RunTaskRecord, request: RunTaskRequest, context: VerdictContext): Verdict {
  const { home, settings, nowMs } = context;
  const family = listedFamily(request.taskDefinition, settings, home) ?? '';
  const cluster = listedCluster(request.cluster, settings, home) ?? '';
  const caller = event.caller.principalArn;
  const refuse = (reason: RefuseReason): Verdict => ({ kind: 'refuse', reason, caller, family });

  const forbidden = forbiddenOverride(request, settings);
  if (forbidden) return refuse(forbidden);
  const { clientToken } = request;
  if (clientToken === undefined && !settings.allowWithoutClientToken) return refuse('noClientToken');
  const { settleUntilMs, deadlineMs } = timesOf(event.eventTimeMs, settings);
  if (nowMs > deadlineMs) return refuse('tooLate');
  if (settings.mode === 'observe') return { kind: 'ignore', reason: 'observeMode' };

  const { account, region } = home;
  const callId = clientToken
    ? synchronousCallId({ account, region, cluster, clientToken })
    : tokenlessCallId(account, region, event.eventId);
  const input: RerunInput = {
    callId,
    call: { account, region, cluster, family, caller, eventTime: iso(event.eventTimeMs) },
    settleUntil: iso(settleUntilMs),
    deadline: iso(deadlineMs),
    request: { ...request, clientToken: clientToken ?? substituteToken(callId) },
  };
  return { kind: 'rerun', name: executionName(family, callId, event.eventTimeMs), input };
}

/**
 * What speaks against launching a re-run, checked once more where the launch happens: whoever may start an execution
 * must not gain more than the intake would have granted.
 */
export function launchObjection(
  { call, request }: RerunInput,
  context: Pick<VerdictContext, 'home' | 'settings'>,
): RefuseReason | undefined {
  const { settings } = context;
  if (settings.mode === 'observe') return 'observeMode';
  const entry = callerEntry(call.caller, settings.callers);
  if (!entry || entry.retriesItself || unlisted(request, context)) return 'notOptedIn';
  return forbiddenOverride(request, settings);
}

function iso(instantMs: number): string {
  return new Date(instantMs).toISOString();
}
