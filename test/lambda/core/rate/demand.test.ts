import { describe, expect, test } from 'vitest';
import { arrivedShare, othersPerSecond, recentBursts } from '../../../../lambda/core/rate/demand.ts';
import type { Traffic } from '../../../../lambda/core/rate/traffic.ts';

const NOW = 1_000_000;
const AT_ONCE = { least: 0, most: 0 };
/** Calls accepted and throttled in each second up to now, the last one first. */
const traffic = (
  counts: readonly (readonly [accepted: number, throttled: number])[],
  lagSeconds = AT_ONCE,
  lags: Traffic['lags'] = new Map(),
): Traffic => ({
  seconds: new Map(counts.map(([accepted, throttled], ago) => [NOW - 1 - ago, { accepted, throttled }])),
  lagSeconds,
  lags,
});
/** So many calls in each of the last 80 seconds, and bursts of a hundred 60 and 40 seconds ago. */
const withBursts = (perSecond: (ago: number) => number, lagSeconds = AT_ONCE) =>
  traffic(
    Array.from({ length: 80 }, (_, ago): [number, number] => [[60, 40].includes(ago) ? 100 : perSecond(ago), 0]),
    lagSeconds,
  );
const times = <T>(count: number, value: T): T[] => Array(count).fill(value);
const others = (seen: Traffic) => othersPerSecond(seen, recentBursts(seen, NOW * 1000), 100, NOW * 1000);

describe('what others ask for', () => {
  test.each<[string, Traffic, number | undefined]>([
    ['is nothing where no records come', traffic([]), 0],
    ['is their calls of the last twenty seconds', traffic(times(60, [8, 0])), 8],
    ['is what they were refused as well, while few are', traffic(times(40, [8, 2])), 10],
    [
      'is what they make beside a burst',
      traffic([...times(5, [8, 0] as const), [20, 90], ...times(34, [8, 0] as const)]),
      8,
    ],
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
      'is what they make beside bursts, and what those take in the mean of the time of which records have come',
      withBursts((ago) => (ago < 10 ? 0 : 8), { least: 10, most: 10 }),
      8 + 100 / 51,
    ],
    [
      'is a rise or what bursts take in the mean, whichever is more: the rise may be one',
      withBursts((ago) => (ago < 8 ? 40 : 8)),
      40,
    ],
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

describe('a change of what others ask for', () => {
  /** All records come four to thirteen seconds late, one tenth of them each second. */
  const LATE = { least: 4, most: 13 };
  const LAGS = new Map(Array.from({ length: 10 }, (_, n) => [4 + n, 100]));
  const arriving = (perSecond: (ago: number) => number) =>
    traffic(
      Array.from({ length: 60 }, (_, ago): [number, number] => [
        Math.round(perSecond(ago) * Math.min(1, Math.max(0, (ago + 1.5 - 4) / 10))),
        0,
      ]),
      LATE,
      LAGS,
    );

  test.each<[string, (ago: number) => number, number, number]>([
    ['does not show where there is none', () => 20, 20, 0.1],
    ['shows in what has come of the last seconds', (ago) => (ago < 12 ? 60 : 20), 60, 0.2],
    ['shows where they ask for less', (ago) => (ago < 30 ? 5 : 40), 5, 0.4],
    ['does not show in what chance explains', (ago) => (ago < 12 ? 22 : 20), 20, 0.1],
    ['does not show in a burst', (ago) => (ago === 8 ? 200 : 20), 20, 0.1],
    ['shows beside a burst', (ago) => (ago === 10 ? 300 : ago < 13 ? 60 : 20), 60, 0.2],
  ])('%s', (_, perSecond, expected, error) => {
    const found = others(arriving(perSecond)) ?? 0;
    expect(Math.abs(found - expected)).toBeLessThanOrEqual(error * expected);
  });
});

describe('the share of records that has come', () => {
  const { lags } = traffic([], AT_ONCE, new Map([2, 12].map((lag) => [lag, 50])));
  const skewed = { ...traffic([], { least: 2, most: 12 }), lags };

  test.each([
    [1, 0],
    [5, 0.5],
    [11, 0.5],
    [13, 1],
  ])('after %d seconds is as the lags of the last minutes have it', (age, share) => {
    expect(arrivedShare(skewed, age)).toBe(share);
  });

  test('is taken to grow evenly while few have come', () => {
    expect(arrivedShare({ ...skewed, lags: new Map() }, 7.5)).toBe(0.5);
  });
});
