import { expect, test } from 'vitest';
import { isSameCall } from '../../../../lambda/core/rerun/claim.ts';

const HOUR = 3_600_000;
const FIRST = { digest: 'a', atMs: 100 * HOUR };

test.each([
  ['the same request', FIRST, true],
  ['the same request within a day', { ...FIRST, atMs: 124 * HOUR }, true],
  ['the same request within the day before', { ...FIRST, atMs: 76 * HOUR }, true],
  ['the same request after more than a day', { ...FIRST, atMs: 124 * HOUR + 1 }, false],
  ['the same request of more than a day before', { ...FIRST, atMs: 76 * HOUR - 1 }, false],
  ['another request', { ...FIRST, digest: 'b' }, false],
])('%s under a taken name is the same call: %j %s', (_, claim, expected) => {
  expect(isSameCall(FIRST, claim)).toBe(expected);
});
