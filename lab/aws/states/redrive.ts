import type { Json, JsonObject } from '../../kernel/json.ts';

/** "The last 10 client tokens … valid for up to 15 minutes after they are first used" (same page). */
const TOKENS_KEPT = 10;
const TOKEN_LIFE_MS = 15 * 60_000;

interface Redrive {
  readonly token: Json;
  readonly at: number;
}

/** One for the thousands of executions that have none. */
const NONE: readonly Redrive[] = [];

/** The redrives of one execution. */
export class Redrives {
  #redrives = NONE;

  get count(): number {
    return this.#redrives.length;
  }

  add(token: Json, at: number): void {
    this.#redrives = [...this.#redrives, { token, at }];
  }

  /** When the redrive with this client token was, if that still counts as the same. */
  find(token: Json, now: number): number | undefined {
    const recent = this.#redrives.slice(-TOKENS_KEPT);
    return recent.find((redrive) => redrive.token === token && now <= redrive.at + TOKEN_LIFE_MS)?.at;
  }

  /** https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html */
  context(): JsonObject {
    const last = this.#redrives.at(-1);
    return { RedriveCount: this.count, ...(last && { RedriveTime: new Date(last.at).toISOString() }) };
  }
}
