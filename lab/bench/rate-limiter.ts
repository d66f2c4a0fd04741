/**
 * The client-side rate limiter of the AWS SDK's adaptive mode, as @smithy/core has it (retry/DefaultRateLimiter): a token
 * bucket whose rate follows CUBIC. Theirs reads the clock from the air and sleeps; this one is told the time and answers
 * how long to wait. A test holds it against theirs.
 */
const BETA = 0.7;
const SCALE = 0.4;
const SMOOTH = 0.8;
const MIN_CAPACITY = 1;
/** Requests per second. */
const MIN_RATE = 0.5;

/** Times in seconds. */
export class RateLimiter {
  #isEnabled = false;
  #rate = MIN_RATE;
  #capacity = MIN_CAPACITY;
  #tokens = 0;
  #refilledAt: number | undefined;
  #requests = 0;
  #measuredRate = 0;
  #measuredAt: number;
  #lastMaxRate = 0;
  #throttledAt: number;

  constructor(now: number) {
    this.#measuredAt = Math.floor(now);
    this.#throttledAt = now;
  }

  /** How long a request has to wait; it counts as made after that. */
  acquire(now: number): number {
    if (!this.#isEnabled) return 0;
    this.#refill(now);
    const wait = Math.max(0, 1 - this.#tokens) / this.#rate;
    this.#refill(now + wait);
    this.#tokens -= 1;
    return wait;
  }

  /** Learns how a request ended. */
  update(isThrottled: boolean, now: number): void {
    this.#measure(now);
    if (isThrottled) {
      this.#lastMaxRate = this.#isEnabled ? Math.min(this.#measuredRate, this.#rate) : this.#measuredRate;
      this.#throttledAt = now;
      this.#isEnabled = true;
    }
    const window = Math.cbrt((this.#lastMaxRate * (1 - BETA)) / SCALE);
    const rate = isThrottled
      ? this.#lastMaxRate * BETA
      : SCALE * (now - this.#throttledAt - window) ** 3 + this.#lastMaxRate;
    this.#refill(now);
    this.#rate = Math.max(Math.min(rate, 2 * this.#measuredRate), MIN_RATE);
    this.#capacity = Math.max(this.#rate, MIN_CAPACITY);
    this.#tokens = Math.min(this.#tokens, this.#capacity);
  }

  #refill(now: number): void {
    const gained = (now - (this.#refilledAt ?? now)) * this.#rate;
    this.#tokens = Math.min(this.#capacity, this.#tokens + gained);
    this.#refilledAt = now;
  }

  /** The rate of requests, smoothed over half seconds. */
  #measure(now: number): void {
    this.#requests += 1;
    const halfSecond = Math.floor(now * 2) / 2;
    if (halfSecond <= this.#measuredAt) return;
    const rate = this.#requests / (halfSecond - this.#measuredAt);
    this.#measuredRate = rate * SMOOTH + this.#measuredRate * (1 - SMOOTH);
    this.#requests = 0;
    this.#measuredAt = halfSecond;
  }
}
