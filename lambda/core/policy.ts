import { type Arn, clusterName, familyName, type Home, parseArn } from './arn.ts';
import type { RunTaskRequest } from './run-task-request.ts';

/** A caller whose calls may be repeated. */
export interface CallerEntry {
  /** ARN of an IAM role or user, or `*`. */
  readonly arn: string;
  /** Whether it makes a lost call again by itself under a new client token, as Airflow does. */
  readonly retriesItself?: boolean | undefined;
}

/** What the owner allowed: all three of caller, family and cluster have to be listed. */
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
 * The configured entry for a recorded principal, if any: the same role or user ARN, to the letter. A session's ARN
 * (`sts`, `assumed-role/name/session`) has lost its role's path, but role names are unique within an account.
 */
export function callerEntry(principalArn: string, callers: readonly CallerEntry[]): CallerEntry | undefined {
  return (
    callers.find(({ arn }) => arn === principalArn || isSessionOf(principalArn, arn)) ??
    callers.find(({ arn }) => arn === ANY)
  );
}

function isSessionOf(sessionArn: string, roleArn: string): boolean {
  const session = parseArn(sessionArn);
  const role = parseArn(roleArn);
  if (session?.service !== 'sts' || role?.service !== 'iam') return false;
  if (session.partition !== role.partition || session.account !== role.account) return false;
  return sessionRoleName(session) !== undefined && sessionRoleName(session) === roleName(role);
}

function sessionRoleName({ resource }: Arn): string | undefined {
  const [type, name] = resource.split('/');
  return type === 'assumed-role' ? name : undefined;
}

function roleName({ resource }: Arn): string | undefined {
  const parts = resource.split('/');
  return parts[0] === 'role' ? parts.at(-1) : undefined;
}

/** The listed cluster name that a request means; undefined where it is not listed. */
export function listedCluster(reference: string | undefined, optIn: OptIn, home: Home): string | undefined {
  return listed(
    clusterName(reference, home),
    optIn.clusters.map((entry) => (entry === ANY ? ANY : clusterName(entry, home))),
  );
}

/** The listed family that a request means; undefined where it is not listed. */
export function listedFamily(reference: string, optIn: OptIn, home: Home): string | undefined {
  return listed(familyName(reference, home), optIn.families);
}

function listed(name: string | undefined, entries: readonly (string | undefined)[]): string | undefined {
  return name !== undefined && (entries.includes(name) || entries.includes(ANY)) ? name : undefined;
}

/** What in a request needs a permission of its own, and was not allowed. */
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
