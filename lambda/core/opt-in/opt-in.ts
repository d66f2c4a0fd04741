import { type Arn, type AwsEnvironment, clusterName, clusterPattern, familyName, parseArn } from '../arn.ts';
import type { IgnoreReason } from '../contract.ts';
import type { Caller } from '../events/run-task-record.ts';
import type { RunTaskRequest } from '../events/run-task-request.ts';
import { isWatchedByLauncher, type Purpose } from './launchers.ts';

/** A caller whose calls may be repeated. */
export interface CallerEntry {
  /** ARN of an IAM role or user, or `*`; where it hands over, also that of an EventBridge rule. */
  readonly arn: string;
  /** Whether it repeats a lost call by itself under a new client token, as Airflow does. */
  readonly retriesItself?: boolean | undefined;
  /** Whether it hands lost calls over, so that nothing has to be made of their records. */
  readonly handsOver?: boolean | undefined;
}

/** What the owner allows. Caller, family and cluster all have to be listed. */
export interface OptIn {
  readonly clusters: readonly string[];
  readonly families: readonly string[];
  readonly callers: readonly CallerEntry[];
  readonly allowedRoleOverrides: readonly string[];
  readonly allowExecuteCommand: boolean;
}

/** Stands for any caller, family or cluster. */
export const ANY = '*';

/**
 * The configured entry for a recorded principal, if any. The role or user ARN has to be exactly the same. A session's ARN
 * (`sts`, `assumed-role/name/session`) does not hold the role's path, but role names are unique within an account.
 */
export function callerEntry(principalArn: string, callers: readonly CallerEntry[]): CallerEntry | undefined {
  return (
    callers.find(({ arn }) => arn === principalArn || isSessionOf(principalArn, arn)) ??
    callers.find(({ arn }) => arn === ANY)
  );
}

function isSessionOf(recordedArn: string, roleArn: string): boolean {
  const session = parseArn(recordedArn);
  const role = parseArn(roleArn);
  if (!session || role?.service !== 'iam') return false;
  if (session.partition !== role.partition || session.account !== role.account) return false;
  return sessionRoleName(session) !== undefined && sessionRoleName(session) === roleName(role);
}

/** The role name in a session's ARN, or in a role ARN without a path. */
function sessionRoleName({ service, resource }: Arn): string | undefined {
  const [type, name, ...rest] = resource.split('/');
  if (service === 'sts') return type === 'assumed-role' ? name : undefined;
  return service === 'iam' && type === 'role' && rest.length === 0 ? name : undefined;
}

function roleName({ resource }: Arn): string | undefined {
  const parts = resource.split('/');
  return parts[0] === 'role' ? parts.at(-1) : undefined;
}

/** The name of a request's cluster; undefined if it is not listed. */
export function listedCluster(
  reference: string | undefined,
  optIn: OptIn,
  awsEnvironment: AwsEnvironment,
): string | undefined {
  return listed(
    clusterName(reference, awsEnvironment),
    optIn.clusters.map((entry) => clusterPattern(entry, awsEnvironment)),
  );
}

/** The name of a request's family; undefined if it is not listed. */
export function listedFamily(reference: string, optIn: OptIn, awsEnvironment: AwsEnvironment): string | undefined {
  return listed(familyName(reference, awsEnvironment), optIn.families);
}

function listed(name: string | undefined, entries: readonly (string | undefined)[]): string | undefined {
  return name !== undefined && entries.some((entry) => entry !== undefined && isNamedBy(name, entry))
    ? name
    : undefined;
}

/** Whether an entry stands for more than one name: `nightly-*`, or `*`. */
export function isPattern(entry: string): boolean {
  return entry.endsWith(ANY);
}

/** Only a trailing `*` stands for something, as in the IAM policies that are made of the same entries. */
function isNamedBy(name: string, entry: string): boolean {
  return isPattern(entry) ? name.startsWith(entry.slice(0, -ANY.length)) : name === entry;
}

/** The part of a request that has to be allowed separately, and is not. */
export function forbiddenOverride(
  request: RunTaskRequest,
  optIn: OptIn,
): 'roleOverride' | 'executeCommand' | undefined {
  const roles = [
    request.overrides?.taskRoleArn,
    request.overrides?.executionRoleArn,
    ...(request.volumeConfigurations ?? []).map((volume) => volume.managedEBSVolume?.roleArn),
  ].filter((arn) => arn !== undefined);
  if (roles.some((arn) => !optIn.allowedRoleOverrides.includes(arn))) return 'roleOverride';
  return request.enableExecuteCommand && !optIn.allowExecuteCommand ? 'executeCommand' : undefined;
}

/** Whether a call was made under the role of our own RunTask requests. */
export function isOwnCall({ principalArn }: Caller, ownRoleArn: string): boolean {
  return callerEntry(principalArn, [{ arn: ownRoleArn }]) !== undefined;
}

/** Why a request or task is to be ignored, if it is. */
export function unlistedReason(
  purpose: Purpose,
  { settings, awsEnvironment }: { readonly settings: OptIn; readonly awsEnvironment: AwsEnvironment },
): IgnoreReason | undefined {
  const { cluster, taskDefinition } = purpose;
  if (taskDefinition === undefined) return undefined;
  if (!listedFamily(taskDefinition, settings, awsEnvironment)) return 'familyNotListed';
  if (!listedCluster(cluster, settings, awsEnvironment)) return 'clusterNotListed';
  return isWatchedByLauncher(purpose) ? 'launcherRetries' : undefined;
}
