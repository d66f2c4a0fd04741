import { describe, expect, test } from 'vitest';
import { type CountedSecond, pastBursts, recurringCalls, withoutBursts } from '../../../../lambda/core/rate/bursts.ts';

/** Seconds of so many calls one after the other, of which all records have come. */
const seconds = (counts: readonly number[], arrived = 1): CountedSecond[] =>
  counts.map((calls, second) => ({ second, calls, arrived }));
const times = (count: number, ...calls: number[]): number[] => Array(count).fill(calls).flat();
const calm = (count: number) => times(count / 2, 4, 6);

describe('among the seconds of others, bursts', () => {
  test.each<[string, readonly number[], readonly number[]]>([
    ['are none where there is only chance', [...calm(10), 18, ...calm(10)], []],
    ['are what chance does not explain', [...calm(10), 19, ...calm(10)], [19]],
    ['stand out from few calls', [...times(10, 0), 7, ...times(10, 0)], [7]],
    ['may come more than once', [...calm(10), 40, ...calm(10), 60, ...calm(4)], [40, 60]],
    ['may take five seconds', [...calm(10), 40, 5, 40, 5, 40, ...calm(10)], [40, 40, 40]],
    ['take no longer', [...calm(10), ...times(6, 40), ...calm(10)], []],
    ['are none where others ask for more from then on', [...calm(10), ...times(12, 40)], []],
    ['may be what came last', [...calm(10), 40], [40]],
  ])('%s', (_, counts, bursts) => {
    const all = seconds(counts);
    const rest = withoutBursts(all);
    expect(all.filter((each) => !rest.includes(each)).map(({ calls }) => calls)).toEqual(bursts);
  });

  test('are known by the records that have come', () => {
    const tenth = seconds(times(10, 1), 0.1);
    expect(withoutBursts([...tenth, { second: 10, calls: 10, arrived: 0.1 }])).toEqual(tenth);
    expect(withoutBursts([...tenth, { second: 10, calls: 10, arrived: 1 }])).toHaveLength(11);
  });
});

describe('bursts that are over', () => {
  const sizes = (counts: readonly number[]) =>
    pastBursts(seconds(counts)).map((burst) => burst.map(({ calls }) => calls));

  test.each<[string, readonly number[], readonly number[][]]>([
    ['stand out from what came before and after', [...calm(10), 40, ...calm(10)], [[40]]],
    ['hold all their seconds', [...calm(10), 40, 5, 40, ...calm(10)], [[40, 40]]],
    ['are two where three seconds part them', [...calm(10), 40, 4, 4, 60, ...calm(10)], [[40], [60]]],
    ['are none as long as nothing came after them', [...calm(10), 40, 4, 4], []],
    ['are none where more is asked for from then on', [...calm(30), 40, ...times(10, 30)], []],
    ['are none where less is asked for from then on', [...times(10, 30), 40, ...calm(30)], []],
  ])('%s', (_, counts, bursts) => {
    expect(sizes(counts)).toEqual(bursts);
  });

  test('are none as long as no record tells what came after them', () => {
    const [all, unknown] = [seconds([...calm(10), 40]), seconds(times(10, 0), 0)];
    expect(pastBursts([...all, ...unknown])).toEqual([]);
  });

  test.each<[string, readonly number[][], number]>([
    ['not of one', [[90]], 0],
    ['the lesser of two', [[90], [20, 30]], 50],
    ['the second of several', [[20], [1500], [60]], 60],
  ])('come again with as many calls as two of them have: %s', (_, bursts, calls) => {
    expect(recurringCalls(bursts.map((burst) => seconds(burst)))).toBe(calls);
  });
});
