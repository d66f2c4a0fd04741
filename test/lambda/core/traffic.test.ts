import { describe, expect, test } from 'vitest';
import { lastThrottledSecond, observedBucket, othersPerSecond, type Traffic } from '../../../lambda/core/traffic.ts';

const NOW = 1_000_000;
/** Calls accepted and throttled in each second up to now, the last one first. */
const traffic = (counts: readonly (readonly [accepted: number, throttled: number])[], lagSeconds = 0): Traffic => ({
  seconds: new Map(counts.map(([accepted, throttled], ago) => [NOW - 1 - ago, { accepted, throttled }])),
  lagSeconds,
});
const times = <T>(count: number, value: T): T[] => Array(count).fill(value);
const others = (seen: Traffic) => othersPerSecond(seen, NOW * 1000);
const refill = (counts: Parameters<typeof traffic>[0], grants: [number, number][] = []) =>
  observedBucket(traffic(counts), new Map(grants))?.refillPerSecond;

describe('what others ask for', () => {
  test.each<[string, Traffic, number]>([
    ['is nothing where nothing is known', traffic([]), 0],
    ['is their calls of the last twenty seconds', traffic(times(60, [8, 0])), 8],
    ['is what they were refused as well, while a storm lasts', traffic(times(20, [40, 60])), 100],
    [
      'is what came after the storm, once that is four seconds',
      traffic([...times(4, [8, 0] as const), ...times(20, [40, 60] as const)]),
      8,
    ],
    [
      'is not what came after the storm before that',
      traffic([...times(3, [0, 0] as const), ...times(17, [40, 60] as const)]),
      85,
    ],
    [
      'is looked for where records have arrived already',
      traffic([...times(30, [0, 0] as const), ...times(20, [8, 0] as const)], 30),
      8,
    ],
  ])('%s', (_, seen, perSecond) => {
    expect(others(seen)).toBe(perSecond);
  });
});

describe('what the bucket refills', () => {
  test.each<[string, Parameters<typeof traffic>[0], number | undefined]>([
    [
      'shows while every second has throttles, its first and last left out',
      [[5, 1], ...times(8, [40, 60] as const), [140, 60]],
      40,
    ],
    ['does not show without throttles', times(30, [40, 0]), undefined],
    ['does not show in two seconds, which both are only partly so', times(2, [40, 60]), undefined],
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

  test('counts the turns that we took meanwhile', () => {
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
  expect(lastThrottledSecond({ seconds, lagSeconds: 0 })).toBe(7);
  expect(lastThrottledSecond(traffic([[1, 0]]))).toBeUndefined();
});
