import fc from 'fast-check';
import { expect, test } from 'vitest';
import { occasionOf } from '../../../../lambda/core/rerun/occasion.ts';

const HOUR = 3_600_000;

test.each([
  ['is its own first record, where nothing is known', [], 5, 5],
  ['is an earlier record of the hour before', [0], HOUR - 1, 0],
  ['is a later record that became known first', [HOUR - 1], 0, HOUR - 1],
  ['is not a call of an hour before', [0], HOUR, HOUR],
  ['is the nearest one that was a call of its own', [0, 6 * HOUR], 6 * HOUR + 1, 6 * HOUR],
])('the call of a record %s', (_, known, atMs, first) => {
  expect(occasionOf(known, atMs)).toBe(first);
});

test('what one reader found stays what every later one finds, whatever became known meanwhile', () => {
  const instants = fc.array(fc.nat({ max: 10 * HOUR }), { maxLength: 8 });
  fc.assert(
    fc.property(instants, fc.nat({ max: 10 * HOUR }), instants, (before, atMs, after) => {
      expect(occasionOf([...before, atMs, ...after], atMs)).toBe(occasionOf(before, atMs));
    }),
  );
});
