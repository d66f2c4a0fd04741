import { PULSE_MS } from '../../lambda/core/rate/pulse.ts';

/** Batches that each of an intake's two queues, and the rate limiter's, has underway at once. */
export const CONCURRENT_BATCHES = { intake: 10, rateLimiter: 5 } as const;

/** A sweep and the watch over an incident. */
const OTHERS = 2;
const NEW_ACCOUNT = 10;

/** What a storm takes of the account's Lambda concurrency, in words: it is shared with all other functions, and new accounts have little. */
export function concurrencyNeeded(attemptsPerSecond: number): string {
  const { intake, rateLimiter } = CONCURRENT_BATCHES;
  // Those of a pulse run at once, and are over before the next one is due.
  const attempts = Math.ceil((attemptsPerSecond * PULSE_MS) / 1000);
  const most = 2 * intake + rateLimiter + attempts + OTHERS;
  return (
    `Lambda: a storm runs up to ${most} of the account's functions at once (${attempts} of them launch ${attemptsPerSecond} calls a second). ` +
    `A new account has ${NEW_ACCOUNT}: nothing is lost then, but drains are slower, and other functions wait. Ask Service Quotas for more (L-B99A9384).`
  );
}
