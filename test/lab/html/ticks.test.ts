import { expect, test } from 'vitest';
import { ticks, timeTicks } from '../../../lab/html/ticks.ts';

test.each([
  [0, ['0', '1']],
  [3, ['0', '1', '2', '3']],
  [140, ['0', '50', '100', '150']],
  [1686, ['0', '500', '1,000', '1,500', '2,000']],
])('an axis up to %d reads %j', (most, texts) => {
  expect(ticks(most, 4).map(({ text }) => text)).toEqual(texts);
});

test.each([
  [2, ['0:00', '0:01', '0:02']],
  [220, ['0:00', '1:00', '2:00', '3:00']],
  [86_400, ['0:00', '4:00:00', '8:00:00', '12:00:00', '16:00:00', '20:00:00', '24:00:00']],
])('an axis of %d seconds reads %j', (end, texts) => {
  expect(timeTicks(end, 5).map(({ text }) => text)).toEqual(texts);
});
