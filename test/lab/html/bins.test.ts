import { expect, test } from 'vitest';
import { binWidth, cumulative, histogram, percentile, perSecond, sumOf } from '../../../lab/html/bins.ts';

test.each([
  [100, 120, 1],
  [230, 120, 2],
  [3600, 120, 30],
  [86_400, 120, 1200],
])('%d seconds in at most %d bins are bins of %d', (end, most, width) => {
  expect(binWidth(end, most)).toBe(width);
});

test('wider bins hold the mean per second, and zeros where nothing was counted', () => {
  expect(perSecond([4, 2, 6], 2, 6)).toEqual({ seconds: 2, values: [3, 3, 0] });
});

test('a sum over time counts what has come by the end of each bin, in whatever order it is given', () => {
  expect(cumulative([3, 0.5, 1], 1, 4)).toEqual({ seconds: 1, values: [1, 2, 2, 3] });
});

test.each([
  ['nothing', [], { seconds: 1, values: [0] }],
  ['one value', [0.5], { seconds: 1, values: [1] }],
  ['a value on an edge opens a bin', [0, 1, 1.5, 4], { seconds: 1, values: [1, 2, 0, 0, 1] }],
])('a histogram of %s', (_, values, bins) => {
  expect(histogram(values, 4)).toEqual(bins);
});

test.each([
  [0.5, 2],
  [0.99, 4],
  [0, 1],
])('the nearest rank at %d', (share, value) => {
  expect(percentile([4, 1, 3, 2], share)).toBe(value);
});

test('bins add up one by one', () => {
  expect(sumOf({ seconds: 1, values: [1, 2] }, { seconds: 1, values: [3, 4] }).values).toEqual([4, 6]);
});
