import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { giveTurnsBack, initialPace, paceStateSchema, reserveTurns } from '../../../lambda/core/pace.ts';

const CATCH_UP_MS = 500;
const WINDOW_MS = 15_000;
const pace = (perSecond: number, nextTurnAtMs = 0) => ({ perSecond, nextTurnAtMs });
const spans = (times: readonly number[]) => times.slice(1).map((time, index) => time - (times[index] ?? 0));

describe('a reservation', () => {
  test('spaces its turns and remembers when the next is due', () => {
    const { turnsAtMs, state } = reserveTurns(pace(10, 2000), 3, 1900, WINDOW_MS);
    expect(turnsAtMs).toEqual([2000, 2100, 2200]);
    expect(state).toEqual(pace(10, 2300));
  });

  test('after a rest catches up on half a second and no more', () => {
    expect(reserveTurns(pace(10), 10, 60_000, WINDOW_MS).turnsAtMs).toEqual(
      Array.from({ length: 10 }, (_, turn) => 60_000 - CATCH_UP_MS + turn * 100),
    );
  });

  test.each([
    ['as many as are wanted', pace(10), 4, 4],
    ['only those due within the window', pace(0.5, 60_000), 10, 8],
    ['one that is due at its very end', pace(0.5, 75_000), 10, 1],
    ['none where the next turn lies behind it', pace(0.5, 75_001), 10, 0],
    ['none far in the future', pace(0.01, 1_000_000), 10, 0],
    ['none where none is wanted', pace(10), 0, 0],
  ])('hands out %s', (_, state, wanted, count) => {
    const reserved = reserveTurns(state, wanted, 60_000, WINDOW_MS);
    expect(reserved.turnsAtMs).toHaveLength(count);
    expect(reserved.state.nextTurnAtMs).toBeGreaterThanOrEqual(state.nextTurnAtMs);
  });

  test('begins at the configured pace', () => {
    expect(initialPace({ initialPerSecond: 7, minPerSecond: 1, maxPerSecond: 9 })).toEqual(pace(7));
  });
});

describe('over any interleaving of reservations', () => {
  interface Batch {
    readonly afterMs: number;
    readonly wanted: number;
    /** How many of its turns nobody used. */
    readonly unused: number;
  }
  const steps: fc.Arbitrary<Batch[]> = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 20_000 }),
      wanted: fc.integer({ min: 0, max: 10 }),
      unused: fc.integer({ min: 0, max: 10 }),
    }),
    { maxLength: 60 },
  );
  const rates = fc.double({ min: 0.05, max: 500, noNaN: true });

  /** All turns handed out when batch after batch asks, each giving back what it did not use. */
  function play(perSecond: number, batches: readonly Batch[], givesBack: boolean) {
    let state = pace(perSecond);
    let nowMs = 1_000_000;
    const used: { atMs: number; nowMs: number }[] = [];
    for (const { afterMs, wanted, unused } of batches) {
      nowMs += afterMs;
      const reserved = reserveTurns(state, wanted, nowMs, WINDOW_MS);
      const back = givesBack ? Math.min(unused, reserved.turnsAtMs.length) : 0;
      state = giveTurnsBack(reserved.state, back);
      for (const atMs of reserved.turnsAtMs.slice(back)) used.push({ atMs, nowMs });
    }
    return used;
  }

  test('no two turns are closer than the pace, none is beyond the window, none older than the allowance', () => {
    fc.assert(
      fc.property(rates, steps, (perSecond, batches) => {
        const used = play(perSecond, batches, false);
        for (const span of spans(used.map(({ atMs }) => atMs)))
          expect(span).toBeGreaterThan((1000 / perSecond) * (1 - 1e-6));
        for (const { atMs, nowMs } of used) {
          expect(atMs).toBeGreaterThanOrEqual(nowMs - CATCH_UP_MS);
          expect(atMs).toBeLessThanOrEqual(nowMs + WINDOW_MS + 1e-6);
        }
      }),
    );
  });

  test('never more turns come due within a span than rate times span and the allowance', () => {
    fc.assert(
      fc.property(rates, steps, (perSecond, batches) => {
        // A turn reserved for the past is taken at once.
        const taken = play(perSecond, batches, false).map(({ atMs, nowMs }) => Math.max(atMs, nowMs));
        taken.forEach((from, first) => {
          const last = taken.length - 1;
          const seconds = ((taken[last] ?? 0) - from + CATCH_UP_MS) / 1000;
          expect(last - first + 1).toBeLessThanOrEqual(perSecond * seconds + 1 + 1e-3);
        });
      }),
    );
  });

  test('turns given back are handed out again, and never more than were reserved in all', () => {
    fc.assert(
      fc.property(rates, steps, (perSecond, batches) => {
        const used = play(perSecond, batches, true);
        const [first] = used;
        if (!first) return;
        const seconds = (Math.max(...used.map(({ atMs }) => atMs)) - first.nowMs + CATCH_UP_MS) / 1000;
        // Those of one batch of ten that were used may lie behind those it gave back.
        expect(used.length).toBeLessThanOrEqual(perSecond * Math.max(0, seconds) + 1 + 10);
      }),
    );
  });
});

describe('turns given back', () => {
  test('bring the next turn forward by just as many', () => {
    const { state } = reserveTurns(pace(10, 5000), 5, 5000, WINDOW_MS);
    expect(giveTurnsBack(state, 2)).toEqual(pace(10, 5300));
    expect(giveTurnsBack(state, 5)).toEqual(pace(10, 5000));
  });

  test('never let anybody catch up on more than the allowance', () => {
    expect(reserveTurns(giveTurnsBack(pace(10, 5000), 1000), 1, 5000, WINDOW_MS).turnsAtMs).toEqual([
      5000 - CATCH_UP_MS,
    ]);
  });
});

test.each([
  {},
  { perSecond: 0, nextTurnAtMs: 0 },
  { perSecond: -1, nextTurnAtMs: 0 },
  { perSecond: '10', nextTurnAtMs: 0 },
  null,
])('a stored pace of %j is none', (stored) => {
  expect(paceStateSchema.safeParse(stored).success).toBe(false);
});
