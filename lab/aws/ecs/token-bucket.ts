import type { BucketSettings } from '../../scenario/account.ts';

/**
 * What a token may lack for the sake of rounding: an instant in milliseconds since the epoch is exact to a quarter of a
 * microsecond only, and a client that is paced exactly at the refill must not be denied for that.
 */
const ROUNDING = 1e-3;

/** So many tokens of one bucket. */
export interface Taking {
  readonly bucket: TokenBucket;
  readonly tokens: number;
}

/** Starts full and refills continuously. */
export class TokenBucket {
  readonly #settings: BucketSettings;
  #tokens: number;
  #at: number | undefined;

  constructor(settings: BucketSettings) {
    this.#settings = settings;
    this.#tokens = settings.burst;
  }

  /** Takes tokens out of each bucket, or, where one of them has too few, none at all. `now` is in milliseconds. */
  static takeFromAll(takings: readonly Taking[], now: number): boolean {
    for (const { bucket } of takings) bucket.#refill(now);
    if (takings.some(({ bucket, tokens }) => bucket.#tokens < tokens - ROUNDING)) return false;
    for (const { bucket, tokens } of takings) bucket.#tokens -= tokens;
    return true;
  }

  /** Takes one token, if there is one. */
  take(now: number): boolean {
    return TokenBucket.takeFromAll([{ bucket: this, tokens: 1 }], now);
  }

  /** How many tokens it holds. */
  level(now: number): number {
    this.#refill(now);
    return this.#tokens;
  }

  #refill(now: number): void {
    const elapsedSeconds = (now - (this.#at ?? now)) / 1000;
    this.#tokens = Math.min(this.#settings.burst, this.#tokens + elapsedSeconds * this.#settings.refillPerSecond);
    this.#at = now;
  }
}
