import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Drain, simulateDrain } from '../../../support/simulated-drain.ts';

const STORM: Drain = {
  seed: 1,
  burst: 100,
  refillPerSecond: 40,
  others: [{ fromSeconds: 0, perSecond: 18 }],
  arrival: 'poisson',
  calls: 1500,
  overSeconds: 5,
  attempts: 1,
  lagSeconds: [2, 15],
  by: 'message',
};

describe('a drain', () => {
  test.each<[string, Partial<Drain>, { ratio: number; callsPerOwed: number; points: number }]>([
    ['begins while its storm still rages', {}, { ratio: 1.06, callsPerOwed: 1.02, points: 1 }],
    [
      'finds the limit where nothing was ever throttled',
      { attempts: 0, calls: 1200, overSeconds: 3 },
      { ratio: 1.05, callsPerOwed: 1.025, points: 2 },
    ],
    [
      'follows others who treble in the middle',
      {
        calls: 2500,
        others: [
          { fromSeconds: 0, perSecond: 8 },
          { fromSeconds: 40, perSecond: 16 },
        ],
      },
      { ratio: 1.05, callsPerOwed: 1.02, points: 2 },
    ],
    ['needs no records', { calls: 2500, lagSeconds: [900, 1500] }, { ratio: 1.05, callsPerOwed: 1.02, points: 1 }],
    [
      'needs none that are half a minute to some minutes late',
      { calls: 2500, lagSeconds: [30, 300] },
      { ratio: 1.1, callsPerOwed: 1.02, points: 2 },
    ],
    [
      'uses a bucket four times the usual one',
      { burst: 400, refillPerSecond: 160, others: [{ fromSeconds: 0, perSecond: 60 }], calls: 6000 },
      { ratio: 1.08, callsPerOwed: 1.02, points: 1 },
    ],
    [
      'spares a small one',
      { burst: 10, refillPerSecond: 5, others: [{ fromSeconds: 0, perSecond: 2 }], calls: 400, arrival: 'even' },
      { ratio: 1.05, callsPerOwed: 1.03, points: 2 },
    ],
    [
      'uses what bursts of others leave, and leaves them what they need',
      {
        calls: 2500,
        stormsAtSeconds: [80],
        others: [{ fromSeconds: 0, perSecond: 5 }],
        bursts: { calls: 110, overSeconds: 0.1, everySeconds: 15, fromSeconds: 8 },
      },
      { ratio: 1.1, callsPerOwed: 1.03, points: 4.5 },
    ],
    [
      'makes up for what runs over of one that others hardly use',
      {
        burst: 10,
        refillPerSecond: 10,
        others: [{ fromSeconds: 0, perSecond: 1.1 }],
        calls: 1200,
        arrival: 'even',
        lagSeconds: [900, 1500],
      },
      { ratio: 1.08, callsPerOwed: 1.02, points: 1 },
    ],
  ])('%s', async (_, changes, most) => {
    const { ratio, callsPerOwed, points } = await simulateDrain({ ...STORM, ...changes });
    expect(ratio).toBeLessThanOrEqual(most.ratio);
    expect(callsPerOwed).toBeLessThanOrEqual(most.callsPerOwed);
    expect(points).toBeLessThanOrEqual(most.points);
  });

  const lags = fc
    .tuple(fc.integer({ min: 0, max: 1500 }), fc.integer({ min: 1, max: 1500 }))
    .map(([one, other]) => [Math.min(one, other), Math.max(one, other) + 1] as const);
  const drains: fc.Arbitrary<Drain> = fc
    .record({
      seed: fc.integer({ min: 1, max: 1e6 }),
      refillPerSecond: fc.constantFrom(20, 40, 80),
      othersShare: fc.double({ min: 0.15, max: 0.7, noNaN: true }),
      lagSeconds: lags,
      attempts: fc.constantFrom(0, 1, 3),
    })
    .map(({ seed, refillPerSecond, othersShare, lagSeconds, attempts }) => ({
      ...STORM,
      seed,
      refillPerSecond,
      burst: 2.5 * refillPerSecond,
      others: [{ fromSeconds: 0, perSecond: othersShare * refillPerSecond }],
      calls: 40 * refillPerSecond,
      lagSeconds,
      attempts,
    }));

  test('takes at most 1.3 times its limit and spares others, however late records are', async () => {
    await fc.assert(
      fc.asyncProperty(drains, async (drain) => {
        const { ratio, points, owed, limitSeconds } = await simulateDrain(drain);
        // The first seconds, which nobody can know, weigh too much in a shorter one.
        if (owed < 300 || limitSeconds < 30) return;
        expect(ratio).toBeLessThanOrEqual(1.3);
        expect(points).toBeLessThanOrEqual(5);
      }),
      { numRuns: 6, seed: 5 },
    );
  }, 120_000);

  test('takes at most three times as long, whatever records say', async () => {
    const lie = fc.record({
      copies: fc.integer({ min: 0, max: 6 }),
      kind: fc.option(fc.constantFrom('accepted' as const, 'throttled' as const)),
      shiftMs: fc.integer({ min: -30_000, max: 30_000 }),
    });
    await fc.assert(
      fc.asyncProperty(drains, lie, async (drain, { copies, kind, shiftMs }) => {
        const distort: Drain['distort'] = (call) =>
          Array(copies).fill({ ...call, kind: kind ?? call.kind, atMs: call.atMs + shiftMs });
        const { ratio, owed } = await simulateDrain({ ...drain, distort });
        if (owed < 300) return;
        expect(ratio).toBeLessThanOrEqual(3);
      }),
      { numRuns: 6, seed: 5 },
    );
  }, 120_000);
});
