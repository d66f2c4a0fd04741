/** Exponential backoff with full jitter: a wait evenly drawn from 0 to min(cap, base * 2^(n - 1)), in seconds. */
export interface Backoff {
  readonly baseSeconds: number;
  readonly capSeconds: number;
}

/** After a throttle: the rate does the waiting, this only spreads what was throttled together. */
export const THROTTLE_BACKOFF: Backoff = { baseSeconds: 1, capSeconds: 60 };

/**
 * After no answer: a service that fails is left alone for longer and longer; `unanswered` counts how often it did. The cap
 * keeps a day of that well within what an execution's history holds, also where functions fail besides.
 */
export const OUTAGE_BACKOFF: Backoff = { baseSeconds: 1, capSeconds: 300 };

/** After `failures[]`: room comes back when tasks end or instances join, which takes minutes. */
export const CAPACITY_BACKOFF: Backoff = { baseSeconds: 15, capSeconds: 300 };

/** The wait before attempt `attempt + 1`; `random` gives numbers in [0, 1). */
export function backoffSeconds({ baseSeconds, capSeconds }: Backoff, attempt: number, random: () => number): number {
  return random() * Math.min(capSeconds, baseSeconds * 2 ** (attempt - 1));
}
