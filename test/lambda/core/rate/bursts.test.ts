import { describe, expect, test } from 'vitest';
import { type CountedSecond, pastBursts, takenInBursts, withoutBursts } from '../../../../lambda/core/rate/bursts.ts';

/** Seconds of so many calls one after the other, of which all records have come. */
const seconds = (counts: readonly number[], arrived = 1): CountedSecond[] =>
  counts.map((calls, second) => ({ second, calls, accepted: calls - 10, arrived }));
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
    const late = { second: 10, calls: 10, accepted: 10, arrived: 1 };
    expect(withoutBursts([...tenth, { ...late, arrived: 0.1 }])).toEqual(tenth);
    expect(withoutBursts([...tenth, late])).toHaveLength(11);
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

  /** Bursts of so many accepted calls, each so many seconds after the first one. */
  const bursts = (taken: readonly (readonly [after: number, accepted: number])[]) =>
    taken.map(([after, accepted]) => [{ second: 100 + after, calls: accepted + 20, accepted, arrived: 1 }]);

  test.each<[string, readonly (readonly [number, number])[], number]>([
    ['nothing where there is none', [], 0],
    ['nothing where there was one', [[0, 90]], 0],
    [
      'what came since the first one, over that time',
      [
        [0, 90],
        [30, 90],
      ],
      90 / 60,
    ],
    [
      'no more than the lesser of two',
      [
        [0, 20],
        [30, 1500],
      ],
      20 / 60,
    ],
    [
      'no more of each than the second largest has',
      [
        [0, 20],
        [30, 1500],
        [40, 60],
      ],
      (60 + 60) / 60,
    ],
    [
      'all of what is less',
      [
        [0, 90],
        [30, 20],
        [40, 60],
      ],
      (20 + 60) / 60,
    ],
  ])('take in the mean %s', (_, taken, perSecond) => {
    expect(takenInBursts(bursts(taken), 160)).toBe(perSecond);
  });

  test('take in the mean what all their seconds took', () => {
    const burst = bursts([
      [0, 30],
      [1, 40],
    ]).flat();
    expect(takenInBursts([burst, burst], 135)).toBe(70 / 35);
  });
});
