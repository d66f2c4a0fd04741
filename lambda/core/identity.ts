import { createHash } from 'node:crypto';

/**
 * Identities are contracts: two deliveries of one call, by whatever way and in whatever version of this code, have to
 * meet under one name. Tests pin each to exact strings.
 */

/** Where a synchronously throttled call was made, and the token that makes it one call. */
export interface SynchronousCall {
  readonly account: string;
  readonly region: string;
  /** The cluster's name, never its ARN. */
  readonly cluster: string;
  readonly clientToken: string;
}

/** The identity of a call that ECS rejected: the scope in which its client token is unique. */
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
 * The hash covers the hour of the call as well. A token proves sameness for one hour after its task ended; callers that
 * use a fixed token ("nightly") make a new call with it the next day, and names stay taken for 90 days. Two records of
 * one call on either side of a full hour become two executions, which ECS answers with one and the same launch. A task is
 * there only once, so its name has no hour.
 */
export function executionName(family: string, callId: string, eventTimeMs?: number): string {
  const readable = family.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, NAME_LENGTH - HASH_LENGTH - 1);
  const hour = eventTimeMs === undefined ? [] : [String(Math.floor(eventTimeMs / HOUR_MS))];
  return `${readable}-${digest(['execution', callId, ...hour])}`;
}

/**
 * The token for what is left of a call after an answer with `failures[]`. ECS repeats such an answer under the old token,
 * so each answer needs a token of its own; it is derived, so that a repeated attempt still launches once.
 */
export function remainderToken(callId: string, remaining: number, round: number): string {
  return digest(['remainder', callId, String(remaining), String(round)]);
}

/** The identity of a call that was accepted and whose task then failed to start: that of the task. */
export function asynchronousCallId(taskArn: string): string {
  return digest(['asynchronous', taskArn]);
}

/** The identity of a call that came without a token: all that is known to be its own is its CloudTrail record. */
export function tokenlessCallId(account: string, region: string, eventId: string): string {
  return digest(['tokenless', account, region, eventId]);
}

/** The token under which a task that failed to start is started again: the old one is spent. */
export function generationToken(callId: string): string {
  return digest(['generation', callId]);
}

/** The token under which a call is made again after its own has stopped being proof. */
export function afterDeadlineToken(callId: string): string {
  return digest(['late', callId]);
}

/** A number in [0, 1) that an identity always gives: jitter that two deliveries of one call agree on. */
export function spreadOf(callId: string): number {
  return Number.parseInt(digest(['spread', callId]).slice(0, 8), 16) / 2 ** 32;
}

/** The client token for a call that came without one, where the configuration allows repeating such calls. */
export function substituteToken(callId: string): string {
  return digest(['substitute', callId]);
}

function digest(parts: readonly string[]): string {
  // JSON keeps the parts apart: ['a', 'bc'] and ['ab', 'c'] must not meet.
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, HASH_LENGTH);
}
