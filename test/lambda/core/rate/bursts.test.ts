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
    ['are none as long as two seconds came after them', [...calm(10), 40, 4, 4], []],
    ['are over after three', [...calm(10), 40, 4, 4, 4], [[40]]],
    ['hold seconds that stand out from few only', [...calm(40), 40, 20, ...times(10, 10)], [[40, 20]]],
    ['are none where more is asked for from then on', [...times(30, 10), 40, ...times(10, 24)], []],
    ['are none where less is asked for from then on', [...times(10, 24), 40, ...times(30, 10)], []],
    ['are none where it is not known what came before', [...times(9, 4), 40, ...calm(20)], []],
  ])('%s', (_, counts, bursts) => {
    expect(sizes(counts)).toEqual(bursts);
  });

  test('are none as long as no record tells what came after them', () => {
    const [all, unknown] = [seconds([...calm(10), 40]), seconds(times(10, 0), 0)];
    expect(pastBursts([...all, ...unknown])).toEqual([]);
  });

  /** Bursts of so many calls, of which the bucket took so many, each so many seconds after the first one. */
  type Taken = readonly (readonly [after: number, calls: number, accepted: number])[];
  const bursts = (taken: Taken, arrived = 1) =>
    taken.map(([after, calls, accepted]) => [{ second: 100 + after, calls, accepted, arrived }]);
  const HOLDS = 50;

  test.each<[string, Taken, number]>([
    ['nothing where there is none', [], 0],
    ['nothing where there was one', [[0, 90, 90]], 0],
    [
      'what came since the first one, over that time',
      [
        [0, 90, 80],
        [30, 90, 80],
      ],
      80 / 60,
    ],
    [
      'what they would take of a full bucket, if that is more',
      [
        [0, 90, 5],
        [30, 90, 5],
      ],
      50 / 60,
    ],
    [
      'no more than they ask for',
      [
        [0, 20, 5],
        [30, 20, 5],
      ],
      20 / 60,
    ],
    [
      'nothing of a storm that came once',
      [
        [-40, 1500, 300],
        [0, 90, 80],
        [30, 90, 80],
      ],
      80 / 60,
    ],
  ])('take in the mean %s', (_, taken, perSecond) => {
    expect(takenInBursts(bursts(taken), 160, HOLDS)).toBe(perSecond);
  });

  test('take in the mean what all their seconds took', () => {
    const burst = bursts([
      [0, 30, 30],
      [1, 40, 40],
    ]).flat();
    expect(takenInBursts([burst, burst], 135, HOLDS)).toBe(70 / 35);
  });

  test('are taken for whole while their records come', () => {
    const half: Taken = [
      [0, 40, 40],
      [30, 40, 40],
    ];
    expect(takenInBursts(bursts(half, 0.5), 160, HOLDS)).toBe(80 / 60);
    // Of a few records nobody can tell.
    expect(takenInBursts(bursts(half, 0.01), 160, HOLDS)).toBe(200 / 60);
  });

  test('that are no older than this second take a finite rate', () => {
    expect(
      takenInBursts(
        bursts([
          [0, 90, 90],
          [0, 90, 90],
        ]),
        100,
        HOLDS,
      ),
    ).toBe(90);
  });
});
