import { MAX_EVENTS } from '../../asl/index.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { Execution } from '../states.ts';

/**
 * Within how long after its end an execution may be redriven, and how many events its history may have, so that two more
 * fit. https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
 */
const REDRIVABLE_MS = 14 * 86_400_000;
const MAX_EVENTS_BEFORE = MAX_EVENTS - 2;

/** "The last 10 client tokens … valid for up to 15 minutes after they are first used" (same page). */
const TOKENS_KEPT = 10;
const TOKEN_LIFE_MS = 15 * 60_000;

/** Why an execution cannot be redriven now, in the words of DescribeExecution's `redriveStatusReason`. */
export function notRedrivable({ result, stoppedAt, historyEvents }: Execution, now: number): string | undefined {
  if (!result || stoppedAt === undefined) return 'Execution is RUNNING and cannot be redriven';
  if (result.status === 'SUCCEEDED') return 'Execution is SUCCEEDED and cannot be redriven';
  if (now > stoppedAt + REDRIVABLE_MS) return 'Execution redrivable period exceeded';
  if (historyEvents > MAX_EVENTS_BEFORE) return 'Execution history event limit exceeded';
  return undefined;
}

/** The redrives of one execution. */
export class Redrives {
  readonly #redrives: { readonly token: Json; readonly at: number }[] = [];

  get count(): number {
    return this.#redrives.length;
  }

  add(token: Json, at: number): void {
    this.#redrives.push({ token, at });
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
