/** Exponential backoff with full jitter: a wait evenly drawn from 0 to min(cap, base * 2^(n - 1)), in seconds. */
export interface Backoff {
  readonly baseSeconds: number;
  readonly capSeconds: number;
}

/** After a throttle. The rate does the waiting; this only spreads calls that were throttled together. */
export const THROTTLE_BACKOFF: Backoff = { baseSeconds: 1, capSeconds: 60 };

/**
 * After no answer. The wait grows with the number of unanswered requests. The cap keeps a day of failures well below the
 * limit of an execution's history, even if functions fail as well.
 */
export const OUTAGE_BACKOFF: Backoff = { baseSeconds: 1, capSeconds: 300 };

/** The wait before attempt `attempt + 1`; `random` gives numbers in [0, 1). */
export function backoffSeconds({ baseSeconds, capSeconds }: Backoff, attempt: number, random: () => number): number {
  return random() * Math.min(capSeconds, baseSeconds * 2 ** (attempt - 1));
}
