import { clusterName, familyName, type Home } from './arn.ts';
import type { RefuseReason } from './contract.ts';
import { callerEntry, forbiddenOverride, unlistedReason } from './policy.ts';
import type { RerunInput } from './rerun.ts';
import type { RunTaskRequest } from './run-task-request.ts';
import type { Settings } from './settings.ts';

/**
 * What speaks against launching a request, checked once more where the launch happens: whoever may start an execution
 * must not gain more than the intake would have granted.
 */
export function launchObjection(
  { call, failedTask }: Pick<RerunInput, 'call' | 'failedTask'>,
  request: RunTaskRequest,
  context: { readonly home: Home; readonly settings: Settings },
): RefuseReason | undefined {
  const { settings } = context;
  if (settings.mode === 'observe') return 'observeMode';
  const entry = callerEntry(call.caller ?? '', settings.callers);
  // A caller that makes rejected calls again by itself still cannot see that an accepted task never started.
  if (!entry || (entry.retriesItself && !failedTask)) return 'notOptedIn';
  if (!request.clientToken) return 'noClientToken';
  const { cluster, taskDefinition, startedBy, group } = request;
  // What the execution says of itself goes into reports: it has to be what the request says.
  const { home } = context;
  const says = [call.account, call.region, call.cluster, call.family];
  const is = [home.account, home.region, clusterName(cluster, home), familyName(taskDefinition, home)];
  if (says.some((part, index) => part !== is[index])) return 'notOptedIn';
  if (unlistedReason({ cluster, taskDefinition, startedBy, group }, context)) return 'notOptedIn';
  // No hour would ever have room for it.
  if ((request.count ?? 1) > (settings.maxTasksPerHour ?? Number.POSITIVE_INFINITY)) return 'overTaskCap';
  return forbiddenOverride(request, settings);
}
