import fc from 'fast-check';
import { expect, test } from 'vitest';
import { untilAskedMs, untilSentMs } from '../../../../lambda/core/rate/pulse.ts';

const NOW_MS = 1_768_000_000_000;
const PULSE_MS = 325;

/** How long before a pulse a rate limiter asks that has got nothing of so many. */
function leadMs(missed: number, nowMs: number): number {
  const askedAtMs = nowMs + untilAskedMs(missed, nowMs);
  return Math.ceil(askedAtMs / PULSE_MS) * PULSE_MS - askedAtMs;
}

test.each([
  [0, 60],
  [1, 70],
  [2, 80],
  [3, 90],
  [4, 100],
  [9, 100],
])('who has got nothing of %d pulses asks %d ms before the next one', (missed, expected) => {
  expect(leadMs(missed, NOW_MS)).toBe(expected);
});

test('it asks for each pulse once', () => {
  fc.assert(
    fc.property(fc.nat(10), fc.nat(1000), (missed, offsetMs) => {
      const waitMs = untilAskedMs(missed, NOW_MS + offsetMs);
      expect(waitMs).toBeGreaterThan(0);
      expect(waitMs).toBeLessThanOrEqual(PULSE_MS);
    }),
  );
});

test.each<[string, number, number, number]>([
  ['with its permit at the pulse, and soon here', 0, 40, 110],
  ['whose permit came late, and soon here: as if it had come at the pulse', 45, 85, 65],
  ['whose timer was a millisecond early', -1, 40, 110],
  ['late', 0, 151, 0],
  ['of a permit that was caught up on', 200, 240, 0],
  ['read off a clock that is far behind', 0, -3000, 150],
])('a call waits until those of its pulse are there: %s', (_, grantedMs, hereMs, expected) => {
  const pulseMs = Math.ceil(NOW_MS / PULSE_MS) * PULSE_MS;
  expect(untilSentMs(pulseMs + grantedMs, pulseMs + hereMs)).toBe(expected);
});
