import type { BucketSettings } from '../../scenario.ts';

/**
 * What a token may lack for the sake of rounding: an instant in milliseconds since the epoch is exact to a quarter of a
 * microsecond only, and a client that is paced exactly at the refill must not be denied for that.
 */
const ROUNDING = 1e-3;

/** Starts full and refills continuously. */
export class TokenBucket {
  readonly #settings: BucketSettings;
  #tokens: number;
  #at: number | undefined;

  constructor(settings: BucketSettings) {
    this.#settings = settings;
    this.#tokens = settings.burst;
  }

  /** Takes one token out of each bucket, or, where one of them is empty, none at all. `now` is in milliseconds. */
  static takeFromAll(buckets: readonly TokenBucket[], now: number): boolean {
    for (const bucket of buckets) bucket.#refill(now);
    if (buckets.some((bucket) => bucket.#tokens < 1 - ROUNDING)) return false;
    for (const bucket of buckets) bucket.#tokens -= 1;
    return true;
  }

  #refill(now: number): void {
    const elapsedSeconds = (now - (this.#at ?? now)) / 1000;
    this.#tokens = Math.min(this.#settings.burst, this.#tokens + elapsedSeconds * this.#settings.refillPerSecond);
    this.#at = now;
  }
}
