import { type AwsEnvironment, clusterName } from '../arn.ts';
import type { RunTaskRecord } from '../events/run-task-record.ts';
import { synchronousCallId, tokenlessCallId } from '../identity.ts';
import { launcherOf } from '../opt-in/launchers.ts';
import type { Launch } from './verdict.ts';

/** The launch records of an accepted call: one for each task that it started. */
export function launchesOf(record: RunTaskRecord, awsEnvironment: AwsEnvironment): Launch[] {
  const rootCallId = recordedCallId(record, awsEnvironment);
  const { principalArn: caller } = record.caller;
  const launcher = launcherOf(record.caller);
  const isWatched = launcher !== undefined && !launcher.isBlindToFailedStarts;
  const launch = { caller, rootCallId, generation: 0, isWatched, request: record.requestParameters };
  return record.taskArns.map((taskArn) => ({ taskArn, record: launch }));
}

/** The identity of an accepted call with a token, whoever made it; undefined for any other record. */
export function acceptedCallId(record: RunTaskRecord, awsEnvironment: AwsEnvironment): string | undefined {
  return record.error ? undefined : tokenCallId(record, awsEnvironment);
}

/** The identity of a recorded call: by its token or, if the record holds none, by the record itself. */
export function recordedCallId(record: RunTaskRecord, awsEnvironment: AwsEnvironment): string {
  return tokenCallId(record, awsEnvironment) ?? tokenless(record);
}

function tokenCallId(record: RunTaskRecord, awsEnvironment: AwsEnvironment): string | undefined {
  const { clientToken } = (record.requestParameters ?? {}) as { clientToken?: unknown };
  return typeof clientToken === 'string' ? callIdOf(record, clientToken, awsEnvironment) : undefined;
}

export function callIdOf(record: RunTaskRecord, clientToken: string, awsEnvironment: AwsEnvironment): string {
  const { cluster } = record.requestParameters as { cluster?: unknown };
  const reference = typeof cluster === 'string' ? cluster : undefined;
  return synchronousCallId({ ...awsEnvironment, cluster: clusterName(reference, awsEnvironment) ?? '', clientToken });
}

export const tokenless = ({ account, region, eventId }: RunTaskRecord) => tokenlessCallId(account, region, eventId);
