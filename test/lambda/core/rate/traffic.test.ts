import { describe, expect, test } from 'vitest';
import {
  lastThrottledSecond,
  observedBucket,
  type Records,
  type Traffic,
} from '../../../../lambda/core/rate/traffic.ts';

const NOW = 1_000_000;
const AT_ONCE = { least: 0, most: 0 };
/** Calls accepted and throttled in each second up to now, the last one first. */
const traffic = (
  counts: readonly (readonly [accepted: number, throttled: number])[],
  lagSeconds = AT_ONCE,
): Traffic => ({
  seconds: new Map(counts.map(([accepted, throttled], ago) => [NOW - 1 - ago, { accepted, throttled }])),
  lagSeconds,
  lags: new Map(),
});
const times = <T>(count: number, value: T): T[] => Array(count).fill(value);
const recordsOf = ({ seconds, lagSeconds, lags }: Traffic): Records => ({
  seconds: { calls: seconds, tasks: seconds },
  lagSeconds,
  lags,
});
const refill = (counts: Parameters<typeof traffic>[0], grants: [number, number][] = [], lagSeconds = AT_ONCE) =>
  observedBucket(recordsOf(traffic(counts, lagSeconds)), new Map(grants), NOW * 1000)?.refillPerSecond;

describe('what the bucket refills', () => {
  test.each<[string, Parameters<typeof traffic>[0], number | undefined]>([
    [
      'shows while every second has throttles, its first and last left out',
      [[5, 1], ...times(8, [40, 60] as const), [140, 60]],
      40,
    ],
    ['does not show without throttles', times(30, [40, 0]), undefined],
    ['does not show in two seconds, which both are only partly so', times(2, [40, 60]), undefined],
    ['does not show in two whole seconds, of which chance is a large part', times(4, [40, 60]), undefined],
    ['shows in three', times(5, [40, 60]), 40],
    [
      'does not show across a gap in which it may have filled',
      [
        [40, 1],
        [90, 0],
        [90, 0],
        [40, 1],
      ],
      undefined,
    ],
    [
      'is that of the longest storm',
      [...times(4, [20, 9] as const), [0, 0], [0, 0], ...times(9, [40, 60] as const)],
      40,
    ],
  ])('%s', (_, counts, perSecond) => {
    expect(refill(counts)).toBe(perSecond);
  });

  test('does not show in seconds of which records are still to come', () => {
    const arriving = [...times(5, [10, 20] as const), ...times(9, [40, 60] as const)];
    expect(refill(arriving, [], { least: 0, most: 5 })).toBe(40);
    expect(refill(arriving)).toBeLessThan(40);
  });

  test('does not show where records come so late that more may be to come', () => {
    expect(refill(times(170, [40, 60]), [], { least: 30, most: 60 })).toBe(40);
    expect(refill(times(170, [40, 60]), [], { least: 30, most: 61 })).toBeUndefined();
  });

  test('counts the permits that we took meanwhile', () => {
    expect(
      refill(
        times(6, [30, 60]),
        times(6, 0).map((_, ago) => [NOW - 1 - ago, 10]),
      ),
    ).toBe(40);
  });
});

test('the last throttle is the latest, in whatever order records came', () => {
  const seconds = new Map([
    [7, { accepted: 0, throttled: 1 }],
    [9, { accepted: 1, throttled: 0 }],
    [5, { accepted: 0, throttled: 2 }],
  ]);
  expect(lastThrottledSecond({ seconds, lagSeconds: AT_ONCE, lags: new Map() })).toBe(7);
  expect(lastThrottledSecond(traffic([[1, 0]]))).toBeUndefined();
});
