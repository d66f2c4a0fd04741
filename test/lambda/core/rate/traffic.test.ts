import { describe, expect, test } from 'vitest';
import {
  lastThrottledSecond,
  observedBucket,
  othersPerSecond,
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
});
const times = <T>(count: number, value: T): T[] => Array(count).fill(value);
const others = (seen: Traffic) => othersPerSecond(seen, NOW * 1000);
const recordsOf = ({ seconds, lagSeconds }: Traffic): Records => ({
  seconds: { calls: seconds, tasks: seconds },
  lagSeconds,
});
const refill = (counts: Parameters<typeof traffic>[0], grants: [number, number][] = [], lagSeconds = AT_ONCE) =>
  observedBucket(recordsOf(traffic(counts, lagSeconds)), new Map(grants), NOW * 1000)?.refillPerSecond;

describe('what others ask for', () => {
  test.each<[string, Traffic, number | undefined]>([
    ['is nothing where no records come', traffic([]), 0],
    ['is their calls of the last twenty seconds', traffic(times(60, [8, 0])), 8],
    ['is what they were refused as well, while few are', traffic(times(40, [8, 2])), 10],
    ['is not known while a storm lasts', traffic(times(40, [60, 40])), undefined],
    [
      'is what came after the storm, once that is three seconds',
      traffic([...times(3, [8, 0] as const), ...times(20, [40, 60] as const)]),
      8,
    ],
    [
      'is nothing where nothing came in three seconds after the storm',
      traffic([...times(3, [0, 0] as const), ...times(17, [40, 60] as const)]),
      0,
    ],
    ['is not known before that', traffic([...times(2, [8, 0] as const), ...times(17, [40, 60] as const)]), undefined],
    [
      'is looked for where records have arrived already',
      traffic([...times(30, [0, 0] as const), ...times(20, [8, 0] as const)], { least: 30, most: 30 }),
      8,
    ],
    [
      'counts seconds of which some records are still to come for as much as should have come',
      // Ten calls a second, of whose records one more arrives with each second that passes.
      traffic(
        Array.from({ length: 60 }, (_, ago) => [Math.min(10, ago + 1), 0] as const),
        { least: 0, most: 9 },
      ),
      10,
    ],
    [
      'is not known after a storm of which records are still to come',
      traffic([...times(5, [1, 0] as const), ...times(20, [40, 60] as const)], { least: 0, most: 30 }),
      undefined,
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

  test('does not show in seconds of which records are still to come', () => {
    const arriving = [...times(5, [10, 20] as const), ...times(9, [40, 60] as const)];
    expect(refill(arriving, [], { least: 0, most: 5 })).toBe(40);
    expect(refill(arriving)).toBeLessThan(40);
  });

  test('does not show where records come about as late as is looked back: some may have been left out', () => {
    expect(refill(times(170, [40, 60]), [], { least: 100, most: 145 })).toBe(40);
    expect(refill(times(170, [40, 60]), [], { least: 100, most: 146 })).toBeUndefined();
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
  expect(lastThrottledSecond({ seconds, lagSeconds: AT_ONCE })).toBe(7);
  expect(lastThrottledSecond(traffic([[1, 0]]))).toBeUndefined();
});
