import { expect, test } from 'vitest';
import { count, dollars, duration, percent, plural, stopwatch } from '../../../lab/report/format.ts';

test.each([
  [0, '0.0 s'],
  [0.16, '0.2 s'],
  [9.94, '9.9 s'],
  [9.97, '10 s'],
  [59.4, '59 s'],
  [59.6, '1 min 00 s'],
  [170.1, '2 min 50 s'],
  [3599.6, '1 h 00 min'],
  [3780, '1 h 03 min'],
  [86_400, '24 h 00 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [0, '0:00'],
  [5.9, '0:05'],
  [750, '12:30'],
  [3600, '1:00:00'],
  [3725, '1:02:05'],
])('a stopwatch shows %d seconds as %s', (seconds, text) => {
  expect(stopwatch(seconds)).toBe(text);
});

test('counts, shares and prices read as people write them', () => {
  expect([count(1686), percent(0.0158), dollars(0.1352), plural(1, 'call'), plural(2000, 'call')]).toEqual([
    '1,686',
    '1.58 %',
    '$0.14',
    '1 call',
    '2,000 calls',
  ]);
});
