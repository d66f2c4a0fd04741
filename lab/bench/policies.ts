import type { Retrier } from '../asl/definition.ts';
import { retryDelay } from '../asl/retry.ts';
import type { Random } from '../kernel/random.ts';
import { RateLimiter } from './rate-limiter.ts';

/**
 * How one client that knows of no other goes on after a throttle: milliseconds until retry number `retry` (the first is
 * 0), or undefined where it gives up. `now` is in milliseconds.
 */
export type NextDelay = (retry: number, now: number) => number | undefined;
/** Made anew for each lost call, which is a client of its own. `now` is when it makes its first attempt. */
export type Policy = (random: Random, now: number) => NextDelay;

/** Step Functions' own retrier, without an end. */
const stepFunctionsRetry =
  (retrier: Pick<Retrier, 'intervalSeconds' | 'backoffRate' | 'maxDelaySeconds' | 'jitter'>): Policy =>
  (random) =>
  (retry) =>
    retryDelay({ ...retrier, errorEquals: ['States.ALL'], maxAttempts: Number.POSITIVE_INFINITY }, retry, random);

export const FIXED_WAIT = stepFunctionsRetry({
  intervalSeconds: 60,
  backoffRate: 1,
  maxDelaySeconds: Number.POSITIVE_INFINITY,
  jitter: 'NONE',
});

const DOUBLING = { intervalSeconds: 1, backoffRate: 2, maxDelaySeconds: 60 } as const;
export const EXPONENTIAL = stepFunctionsRetry({ ...DOUBLING, jitter: 'NONE' });
export const FULL_JITTER = stepFunctionsRetry({ ...DOUBLING, jitter: 'FULL' });
/** For what takes minutes to pass, as want of room does. */
export const PATIENT_JITTER = stepFunctionsRetry({
  intervalSeconds: 15,
  backoffRate: 2,
  maxDelaySeconds: 300,
  jitter: 'FULL',
});

/**
 * The AWS SDK for JavaScript, standard mode, as @smithy/core has it (retry/StandardRetryStrategy); a test holds this
 * against it. Its limit of three attempts is lifted, or nearly every call would stay lost; its retry quota is not.
 */
const SDK = {
  throttlingDelayMs: 1000,
  maxDelayMs: 20_000,
  /** What a client may spend on retries, and what one after a throttle costs. Only success gives some back. */
  quota: 500,
  throttlingCost: 5,
} as const;

export const SDK_STANDARD: Policy = (random) => (retry) => {
  if (SDK.throttlingCost * (retry + 1) > SDK.quota) return undefined;
  return Math.floor(random() * Math.min(SDK.throttlingDelayMs * 2 ** retry, SDK.maxDelayMs));
};

/** Adaptive mode: the same, and the client's own rate limiter after each backoff. */
export const SDK_ADAPTIVE: Policy = (random, firstAttemptAt) => {
  const standard = SDK_STANDARD(random, firstAttemptAt);
  const limiter = new RateLimiter(firstAttemptAt / 1000);
  return (retry, now) => {
    limiter.update(true, now / 1000);
    const backoff = standard(retry, now);
    return backoff === undefined ? undefined : backoff + limiter.acquire((now + backoff) / 1000) * 1000;
  };
};
