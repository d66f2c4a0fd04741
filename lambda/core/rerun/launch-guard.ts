import { type AwsEnvironment, clusterName, familyName } from '../arn.ts';
import type { RefuseReason } from '../contract.ts';
import type { RunTaskRequest } from '../events/run-task-request.ts';
import { asynchronousCallId, synchronousCallId } from '../identity.ts';
import { callerEntry, forbiddenOverride, unlistedReason } from '../opt-in/opt-in.ts';
import type { Settings } from '../settings.ts';
import type { Progress, RerunInput } from './rerun-input.ts';

/**
 * Why a request must not be launched, if it must not. This is checked again right before the launch: whoever may start an
 * execution must not gain more than the intake would grant.
 */
export function launchGuard(
  rerun: Pick<RerunInput, 'callId' | 'call' | 'failedTask' | 'ownToken'>,
  request: RunTaskRequest,
  { remaining }: Pick<Progress, 'remaining'>,
  context: { readonly awsEnvironment: AwsEnvironment; readonly settings: Settings },
): RefuseReason | undefined {
  const { call, failedTask } = rerun;
  const { awsEnvironment, settings } = context;
  const entry = callerEntry(call.caller ?? '', settings.callers);
  // A caller that repeats rejected calls by itself does not see that an accepted task never started.
  if (!entry || (entry.retriesItself && !entry.handsOver && !failedTask)) return 'notOptedIn';
  const { cluster, taskDefinition, startedBy, group, clientToken, count = 1 } = request;
  // Reports name the call as the execution does, so both have to agree.
  const says = [call.account, call.region, call.cluster, call.family];
  const is = [
    awsEnvironment.account,
    awsEnvironment.region,
    clusterName(cluster, awsEnvironment),
    familyName(taskDefinition, awsEnvironment),
  ];
  if (says.some((part, index) => part !== is[index])) return 'notOptedIn';
  if (unlistedReason({ cluster, taskDefinition, startedBy, group }, context)) return 'notOptedIn';
  if (settings.mode === 'observe') return 'observeMode';
  if (!clientToken && !rerun.ownToken) return 'noClientToken';
  if (!isIdentityOf(rerun, clientToken) || remaining > count) return 'notOptedIn';
  // No hour would ever have room for it.
  if (count > (settings.maxTasksPerHour ?? Number.POSITIVE_INFINITY)) return 'overTaskCap';
  return forbiddenOverride(request, settings);
}

/** Whether the identity is that of the call or task. Under another one, a call could be launched twice. */
function isIdentityOf(
  {
    callId,
    call: { account, region, principal = '', cluster },
    failedTask,
    ownToken,
  }: Pick<RerunInput, 'callId' | 'call' | 'failedTask' | 'ownToken'>,
  clientToken: string | undefined,
): boolean {
  if (failedTask) return ownToken === 'generation' && !clientToken && callId === asynchronousCallId(failedTask.taskArn);
  if (!clientToken) return ownToken === 'substitute' || ownToken === 'keyed';
  return !ownToken && callId === synchronousCallId({ account, region, principal, cluster, clientToken });
}
