import { ECSClient } from '@aws-sdk/client-ecs';
import { isServerError, isThrottlingError, isTransientError } from '@smithy/core/retry';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  EXPONENTIAL,
  FIXED_WAIT,
  FULL_JITTER,
  PATIENT_JITTER,
  type Policy,
  SDK_ADAPTIVE,
  SDK_STANDARD,
} from '../../../lab/bench/policies.ts';
import { LAB_EPOCH_MS } from '../../../lab/kernel/clock.ts';
import { randomStream } from '../../../lab/kernel/random.ts';

const half = () => 0.5;

test.each<[string, Policy, (number | undefined)[]]>([
  ['a fixed wait', FIXED_WAIT, [60, 60, 60, 60, 60, 60, 60, 60]],
  ['exponential backoff', EXPONENTIAL, [1, 2, 4, 8, 16, 32, 60, 60]],
  ['full jitter, in the middle of what it may draw', FULL_JITTER, [0.5, 1, 2, 4, 8, 16, 30, 30]],
  ['full jitter up to five minutes, likewise', PATIENT_JITTER, [7.5, 15, 30, 60, 120, 150, 150, 150]],
  ['the SDK in standard mode, likewise', SDK_STANDARD, [0.5, 1, 2, 4, 8, 10, 10, 10]],
])('%s: seconds before each retry', (_, policy, seconds) => {
  const nextDelay = policy(half, LAB_EPOCH_MS);
  expect(seconds.map((_, retry) => (nextDelay(retry, LAB_EPOCH_MS) ?? Number.NaN) / 1000)).toEqual(seconds);
});

test.each<[string, Policy, number | undefined]>([
  ['Step Functions retries for ever', FULL_JITTER, 30_000],
  ['the SDK gives up when its quota is spent', SDK_STANDARD, undefined],
])('%s', (_, policy, delay) => {
  expect(policy(half, LAB_EPOCH_MS)(100, LAB_EPOCH_MS)).toBe(delay);
});

describe('the SDK’s own strategy waits as long, and gives up as late', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: LAB_EPOCH_MS });
    // Timers know whole milliseconds; without rounding up, the rate limiter would wait its last fraction for ever.
    const { setTimeout } = globalThis;
    vi.stubGlobal('setTimeout', (run: () => void, delay: number) => setTimeout(run, Math.ceil(delay)));
    vi.spyOn(Math, 'random').mockImplementation(randomStream(1, 'sdk'));
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  /** What the strategy waits after each throttle, and what the policy would have. */
  async function compare(retryMode: string, policy: Policy) {
    const client = new ECSClient({ region: 'us-east-1', retryMode, maxAttempts: Number.MAX_SAFE_INTEGER });
    const strategy = await client.config.retryStrategy();
    if (!('refreshRetryTokenForRetry' in strategy)) throw new Error('expected a strategy that renews tokens');
    const nextDelay = policy(randomStream(1, 'sdk'), Date.now());
    let token = await strategy.acquireInitialRetryToken('');
    const waits: { theirs: number | undefined; ours: number | undefined }[] = [];
    for (;;) {
      const throttledAt = Date.now();
      const ours = nextDelay(waits.length, throttledAt);
      const renewed = strategy.refreshRetryTokenForRetry(token, { errorType: 'THROTTLING' }).catch(() => undefined);
      await vi.runAllTimersAsync();
      const next = await renewed;
      waits.push({ theirs: next && Date.now() - throttledAt, ours });
      if (!next) return waits;
      token = next;
    }
  }

  test.each([
    ['standard', SDK_STANDARD],
    ['adaptive', SDK_ADAPTIVE],
  ] as const)('%s mode', async (retryMode, policy) => {
    const waits = await compare(retryMode, policy);
    expect(waits).toHaveLength(101);
    for (const { theirs, ours } of waits) {
      expect(theirs === undefined).toBe(ours === undefined);
      if (theirs !== undefined) expect(Math.abs(theirs - (ours ?? Number.NaN))).toBeLessThanOrEqual(2);
    }
  });
});

test.each([
  ['retries a throttle', 'ThrottlingException', 'Rate exceeded', true],
  ['leaves want of room at that', 'ClientException', 'Tasks provisioning capacity limit exceeded.', false],
])('the SDK %s', (_, name, message, isRetried) => {
  const error = Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 }, cause: undefined });
  expect(isThrottlingError(error) || isTransientError(error) || isServerError(error)).toBe(isRetried);
});
