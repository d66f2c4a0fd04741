import { describe, expect, test } from 'vitest';
import { type DrainedCall, drainFigures, waitsOf } from '../../../lab/report/drain.ts';

const seconds = (...instants: number[]) => instants.map((instant) => instant * 1000);
const calls = (count: number, startedAt = 10): DrainedCall[] =>
  Array.from({ length: count }, () => ({ readyAt: 0, startedAt: startedAt * 1000, tokens: 1 }));
const limit = (
  drained: DrainedCall[],
  use: { refill: number; others?: number[]; takings?: number[] },
): number | undefined => {
  const { refill, others = [], takings = [] } = use;
  const bucket = { refillPerSecond: refill, othersAttempts: seconds(...others), finiteTakings: seconds(...takings) };
  return drainFigures(drained, bucket).limitSeconds;
};

describe('the limit of a drain', () => {
  test('is what the refill serves, one call after the other', () => {
    expect(limit(calls(10), { refill: 4 })).toBeCloseTo(2.5);
  });

  test('leaves to live traffic what it attempts on average while the drain lasts', () => {
    expect(limit(calls(10, 10), { refill: 4, others: Array.from({ length: 20 }, (_, n) => n / 2) })).toBeCloseTo(5);
  });

  test('loses in each second what finite callers took in it', () => {
    // Nothing is left of the first second and half of the second one.
    const takings = [0, 0.1, 0.2, 0.3, 0.9, 1, 1.5];
    expect(limit(calls(4), { refill: 4, takings })).toBeCloseTo(2.5);
  });

  test('waits for a call that is ready later', () => {
    const [early, late] = calls(2);
    const drained = [{ ...late, readyAt: 5000 } as DrainedCall, early as DrainedCall];
    expect(limit(drained, { refill: 1 })).toBeCloseTo(6);
  });
});

test('a ratio below 100 re-runs says nothing', () => {
  const use = { refillPerSecond: 10, othersAttempts: [], finiteTakings: [] };
  expect(drainFigures(calls(99), use).ratio).toBeNull();
  expect(drainFigures(calls(100), use)).toMatchObject({ seconds: 10, ratio: expect.closeTo(1) });
});

test('waits are counted from when a call could be started, which a start before that shows', () => {
  const waits = [1, 2, 3, -1].map((wait) => ({ readyAt: 1000, startedAt: 1000 + wait * 1000 }));
  expect(waitsOf(waits)).toEqual({ p50: 1, p99: 3 });
});
