import { createHash } from 'node:crypto';

/**
 * Identities are contracts: all deliveries of a call must get the same name, by any path and in any version of this code.
 * Tests pin each to exact strings.
 */

/** Where a synchronously throttled call was made, and the token that makes it one call. */
export interface SynchronousCall {
  readonly account: string;
  readonly region: string;
  /** The cluster's name, never its ARN. */
  readonly cluster: string;
  readonly clientToken: string;
}

/** The identity of a call that ECS rejected: its client token, and the scope in which that is unique. */
export function synchronousCallId({ account, region, cluster, clientToken }: SynchronousCall): string {
  return digest(['synchronous', account, region, cluster, clientToken]);
}

const HOUR_MS = 3_600_000;

/** Execution names hold 80 characters; https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const NAME_LENGTH = 80;
const HASH_LENGTH = 32;

/**
 * The name of a re-run's execution: the family for people, a hash for uniqueness.
 *
 * The hash includes the hour of the call. A caller with a fixed token ("nightly") makes a new call with it the next day,
 * ECS forgets a token one hour after its task ended, and names stay taken for 90 days. Two records of one call before and
 * after a full hour become two executions. ECS answers both with the same launch. A task exists only once, so its name
 * needs no hour. See docs/adr/0001-execution-names-hold-the-hour.md.
 */
export function executionName(family: string, callId: string, eventTimeMs?: number): string {
  const readable = family.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, NAME_LENGTH - HASH_LENGTH - 1);
  const hour = eventTimeMs === undefined ? [] : [String(Math.floor(eventTimeMs / HOUR_MS))];
  return `${readable}-${digest(['execution', callId, ...hour])}`;
}

/**
 * The token for the rest of a call after an answer with `failures[]`. ECS repeats that answer under the old token, so each
 * round needs a new one. It is derived, so a repeated attempt still launches once.
 */
export function remainderToken(callId: string, remaining: number, round: number): string {
  return digest(['remainder', callId, String(remaining), String(round)]);
}

/** The identity of an accepted call whose task failed to start: that of the task. */
export function asynchronousCallId(taskArn: string): string {
  return digest(['asynchronous', taskArn]);
}

/** The identity of a call without a token: that of its CloudTrail record, which is all that is unique about it. */
export function tokenlessCallId(account: string, region: string, eventId: string): string {
  return digest(['tokenless', account, region, eventId]);
}

/** The token for starting a task again that failed to start. The old token is used up. */
export function generationToken(callId: string): string {
  return digest(['generation', callId]);
}

/** The token for a call after its deadline, when its own token proves nothing any more. */
export function afterDeadlineToken(callId: string): string {
  return digest(['late', callId]);
}

/** A number in [0, 1) derived from an identity: jitter that is the same for each delivery of a call. */
export function spreadOf(callId: string): number {
  return Number.parseInt(digest(['spread', callId]).slice(0, 8), 16) / 2 ** 32;
}

/** The client token for a call without one, if the configuration allows repeating such calls. */
export function substituteToken(callId: string): string {
  return digest(['substitute', callId]);
}

function digest(parts: readonly string[]): string {
  // JSON separates the parts: ['a', 'bc'] and ['ab', 'c'] give different hashes.
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, HASH_LENGTH);
}
