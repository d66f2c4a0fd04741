import { createHash, createHmac } from 'node:crypto';

/**
 * Identities are contracts: all deliveries of a call must get the same name, by any path and in any version of this code.
 * Tests pin each to exact strings.
 */

/** Where a call was made, by whom, and the token that makes it one call. */
export interface SynchronousCall {
  readonly account: string;
  readonly region: string;
  /** Who made it, as `principalOf` names it: nobody can take the name of another one's call. */
  readonly principal: string;
  /** The cluster's name, never its ARN. */
  readonly cluster: string;
  readonly clientToken: string;
}

/** The identity of a call that its client token identifies. */
export function synchronousCallId({ account, region, principal, cluster, clientToken }: SynchronousCall): string {
  return digest(['synchronous', account, region, principal, cluster, clientToken]);
}

/** What the client tokens of our clients begin with. They are derived from the name of a job, which is used once. */
const LASTING_PREFIX = 'once-';

/** Whether a token names one call for ever, and not a new one when ECS has forgotten it. */
export const isLasting = (clientToken: string): boolean => clientToken.startsWith(LASTING_PREFIX);

/** A job that was handed over before anybody called ECS for it. */
export interface KeyedCall {
  readonly account: string;
  readonly region: string;
  /** The cluster's name, never its ARN. */
  readonly cluster: string;
  readonly family: string;
  /** What names the job to whoever handed it over. */
  readonly key: string;
}

/** The identity of a call that was never attempted. Two teams' `nightly` are two calls where family or cluster differ. */
export function keyedCallId({ account, region, cluster, family, key }: KeyedCall): string {
  return digest(['keyed', account, region, cluster, family, key]);
}

/**
 * What tokens of our own are made with. Call ids and names are hashes of what records show, so anybody can compute them; a
 * token that somebody else can compute is one that somebody else can use first. docs/adr/0006-tokens-of-our-own-are-keyed.md
 */
export type TokenKey = string;

/** The client token of a call that was never attempted: nobody but us has used it. */
export function keyedToken(key: TokenKey, callId: string): string {
  return sign(key, ['keyed token', callId]);
}

/** Tells requests apart, whatever the order of their members and whatever token they came under. */
export function requestDigest({ clientToken: _, ...request }: { readonly clientToken?: unknown }): string {
  return digest(['request', canonical(request)]);
}

const HOUR_MS = 3_600_000;

/** Execution names hold 80 characters; https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const NAME_LENGTH = 80;
/** So much of a hash is enough. In its text, each byte is two characters. */
const HASH_BYTES = 16;
const HASH_LENGTH = 2 * HASH_BYTES;

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

/** The name of a call's execution: for good where the token names one call for ever, else for the hour. */
export function callName(family: string, callId: string, clientToken: string, eventTimeMs: number): string {
  return isLasting(clientToken) ? executionName(family, callId) : executionName(family, callId, eventTimeMs);
}

/**
 * The token for the rest of a call after an answer with `failures[]`. ECS repeats that answer under the old token, so each
 * round needs a new one. It is derived, so a repeated attempt still launches once.
 */
export function remainderToken(
  key: TokenKey,
  { callId, occasion }: Occasion,
  remaining: number,
  round: number,
): string {
  return sign(key, ['remainder', callId, occasion, String(remaining), String(round)]);
}

/** What a call is known by once some of its tasks were placed: they are there only once, so the hour says nothing more. */
export function placedOccasion(taskArns: readonly string[]): string {
  return digest(['placed', ...taskArns.toSorted()]);
}

/** One of the calls that a fixed token made, hours apart: `occasion` tells them apart. */
export interface Occasion {
  readonly callId: string;
  readonly occasion: string;
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
export function generationToken(key: TokenKey, callId: string): string {
  return sign(key, ['generation', callId]);
}

/** A number in [0, 1) derived from an identity: jitter that is the same for each delivery of a call. */
export function spreadOf(callId: string): number {
  return Number.parseInt(digest(['spread', callId]).slice(0, 8), 16) / 2 ** 32;
}

/** The client token for a call without one, if the configuration allows repeating such calls. */
export function substituteToken(key: TokenKey, callId: string): string {
  return sign(key, ['substitute', callId]);
}

/** JSON with sorted members; what is undefined or null is not there. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value)
    .filter(([, inner]) => inner !== undefined && inner !== null)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`);
  return `{${members.join(',')}}`;
}

function sign(key: TokenKey, parts: readonly string[]): string {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest().toString('hex', 0, HASH_BYTES);
}

function digest(parts: readonly string[]): string {
  // JSON separates the parts: ['a', 'bc'] and ['ab', 'c'] give different hashes.
  return createHash('sha256').update(JSON.stringify(parts)).digest().toString('hex', 0, HASH_BYTES);
}
