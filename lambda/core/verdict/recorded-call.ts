import { clusterName } from '../arn.ts';
import type { Caller, RunTaskRecord } from '../events/run-task-record.ts';
import type { RunTaskRequest } from '../events/run-task-request.ts';
import { synchronousCallId, tokenlessCallId } from '../identity.ts';
import { launcherOf } from '../opt-in/launchers.ts';
import { isOwnCall } from '../opt-in/opt-in.ts';
import { recordedDigest } from '../rerun/acceptance.ts';
import type { AcceptedUnder, Launch, VerdictContext } from './verdict.ts';

/** What the identity of a recorded call depends on beside the record. */
export type RecordContext = Pick<VerdictContext, 'awsEnvironment' | 'ownRoleArn'>;

/** The launch records of an accepted call: one for each task that it started. */
export function launchesOf(record: RunTaskRecord, context: RecordContext): Launch[] {
  const rootCallId = recordedCallId(record, context);
  const { principalArn: caller } = record.caller;
  const launcher = launcherOf(record.caller);
  const isWatched = launcher !== undefined && !launcher.isBlindToFailedStarts;
  const launch = { caller, rootCallId, generation: 0, isWatched, request: record.requestParameters };
  return record.taskArns.map((taskArn) => ({ taskArn, atMs: record.eventTimeMs, record: launch }));
}

/** That ECS accepted a call under a token of its own, whoever made it; undefined for any other record. */
export function acceptanceOf(record: RunTaskRecord, context: RecordContext): AcceptedUnder | undefined {
  const callId = record.error ? undefined : tokenCallId(record, context);
  if (callId === undefined) return undefined;
  const { eventTimeMs: atMs, taskArns, requestParameters } = record;
  return { callId, acceptance: { atMs, taskArns: [...taskArns], digest: recordedDigest(requestParameters) } };
}

/** The identity of a recorded call: by its token or, if the record holds none, by the record itself. */
export function recordedCallId(record: RunTaskRecord, context: RecordContext): string {
  return tokenCallId(record, context) ?? tokenless(record);
}

function tokenCallId(record: RunTaskRecord, context: RecordContext): string | undefined {
  const { clientToken } = (record.requestParameters ?? {}) as { clientToken?: unknown };
  return typeof clientToken === 'string' ? callIdOf(record, clientToken, context) : undefined;
}

export function callIdOf(
  record: RunTaskRecord,
  clientToken: string,
  { awsEnvironment, ownRoleArn }: RecordContext,
): string {
  const { cluster } = record.requestParameters as { cluster?: unknown };
  const reference = typeof cluster === 'string' ? cluster : undefined;
  return synchronousCallId({
    ...awsEnvironment,
    principal: isOwnCall(record.caller, ownRoleArn) ? OWN_PRINCIPAL : principalOf(record.caller),
    cluster: clusterName(reference, awsEnvironment) ?? '',
    clientToken,
  });
}

/** Who made a call, in its identity: by unique id, which records and messages both know. */
export const principalOf = ({ principalId, principalArn }: Caller): string => principalId ?? principalArn;

/** Stands for us in the identity of our own requests. */
export const OWN_PRINCIPAL = 'ecs-throttle-remediation';

/** The identity of a request of our own, as of its record. */
export const ownCallId = (
  { clientToken = '' }: RunTaskRequest,
  cluster: string,
  awsEnvironment: VerdictContext['awsEnvironment'],
): string => synchronousCallId({ ...awsEnvironment, principal: OWN_PRINCIPAL, cluster, clientToken });

export const tokenless = ({ account, region, eventId }: RunTaskRecord) => tokenlessCallId(account, region, eventId);
