import type { Json, JsonObject } from '../../kernel/json.ts';

/** "The last 10 client tokens … valid for up to 15 minutes after they are first used" (same page). */
const TOKENS_KEPT = 10;
const TOKEN_LIFE_MS = 15 * 60_000;

/** A redrive of an execution. */
export interface Redrive {
  readonly token: Json;
  readonly at: number;
}

/** When the redrive with this client token was, if that still counts as the same. */
export function redriveUnder(redrives: readonly Redrive[], token: Json, now: number): number | undefined {
  const recent = redrives.slice(-TOKENS_KEPT);
  return recent.find((redrive) => redrive.token === token && now <= redrive.at + TOKEN_LIFE_MS)?.at;
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html */
export function redriveContext(redrives: readonly Redrive[]): JsonObject {
  const last = redrives.at(-1);
  return { RedriveCount: redrives.length, ...(last && { RedriveTime: new Date(last.at).toISOString() }) };
}
