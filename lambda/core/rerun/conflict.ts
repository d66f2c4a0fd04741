import { type AwsEnvironment, familyName } from '../arn.ts';
import type { LaunchRecord } from './launch-record.ts';
import type { Outcome } from './outcome.ts';
import type { RerunInput } from './rerun-input.ts';

/** A launch record that is later than this does not come by itself: one sweep has read what no event brought. */
const RECORD_PATIENCE_MS = 20 * 60_000;

/** What is known where ECS says that a token belongs to another request. */
export interface Conflict {
  readonly taskArns: readonly string[];
  /** Launch records of these tasks; undefined where there is none (yet). */
  readonly records: readonly (LaunchRecord | undefined)[];
  /** How many tasks our request was for. */
  readonly requested: number;
  /** Whether the token is one that nobody but us can know. */
  readonly isOwnToken: boolean;
}

/**
 * Whose tasks stand under the token of a call. A token is readable in records, so anybody who may run a task on the cluster
 * can use it first: only tasks of the same caller, token and family are this call. `unknown`: their records may still come.
 */
export function judgeConflict(
  { taskArns, records, requested, isOwnToken }: Conflict,
  { callId, call }: Pick<RerunInput, 'callId' | 'call'>,
  awsEnvironment: AwsEnvironment,
  nowMs: number,
): Outcome | { readonly kind: 'unknown' } {
  if (isOwnToken || taskArns.length === 0) return { kind: 'conflict' };
  const isOfCall = ({ rootCallId, request }: LaunchRecord) => {
    const { taskDefinition } = (request ?? {}) as { taskDefinition?: unknown };
    const family = typeof taskDefinition === 'string' ? familyName(taskDefinition, awsEnvironment) : undefined;
    return rootCallId === callId && family === call.family;
  };
  if (records.some((record) => record && !isOfCall(record))) return { kind: 'conflict' };
  if (records.includes(undefined)) {
    return nowMs < Date.parse(call.eventTime) + RECORD_PATIENCE_MS ? { kind: 'unknown' } : { kind: 'conflict' };
  }
  const remaining = requested - taskArns.length;
  return remaining > 0 ? { kind: 'partlyStarted', taskArns, remaining } : { kind: 'alreadyStarted', taskArns };
}
