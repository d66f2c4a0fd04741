import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenBucket } from '../../../../lab/aws/ecs/token-bucket.ts';

const settings = fc.record({
  burst: fc.integer({ min: 1, max: 50 }),
  refillPerSecond: fc.integer({ min: 1, max: 50 }),
});
const gapsMs = fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { maxLength: 200 });

describe('a token bucket', () => {
  test('starts full and is empty after its burst', () => {
    const bucket = new TokenBucket({ burst: 3, refillPerSecond: 1 });
    expect([1, 2, 3, 4].map(() => bucket.take(0))).toEqual([true, true, true, false]);
  });

  test('refills continuously, not in steps, and a denied request takes nothing', () => {
    const bucket = new TokenBucket({ burst: 1, refillPerSecond: 2 });
    const at = [0, 100, 400, 500, 900, 1000];
    expect(at.map((now) => bucket.take(now))).toEqual([true, false, false, true, false, true]);
  });

  test('holds no more than its burst, however long nobody asked', () => {
    const bucket = new TokenBucket({ burst: 2, refillPerSecond: 5 });
    bucket.take(0);
    expect([1, 2, 3].map(() => bucket.take(3_600_000))).toEqual([true, true, false]);
  });

  test('never grants more than its burst and what it refilled in the meantime', () => {
    fc.assert(
      fc.property(settings, gapsMs, ({ burst, refillPerSecond }, gaps) => {
        const bucket = new TokenBucket({ burst, refillPerSecond });
        let now = 1_000_000;
        let granted = 0;
        const start = now;
        for (const gap of gaps) {
          now += gap;
          for (let n = 0; n < 3; n++) if (bucket.take(now)) granted++;
          expect(granted).toBeLessThanOrEqual(burst + ((now - start) / 1000) * refillPerSecond + 1e-2);
        }
      }),
    );
  });

  test('grants every request of a client that is paced exactly at the refill', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 97 }), (refillPerSecond) => {
        const bucket = new TokenBucket({ burst: 1, refillPerSecond });
        for (let n = 0; n < 300; n++) expect(bucket.take(1.7e12 + (n * 1000) / refillPerSecond)).toBe(true);
      }),
    );
  });

  test('gives from several buckets at once, or from none of them', () => {
    const wide = new TokenBucket({ burst: 2, refillPerSecond: 1 });
    const narrow = new TokenBucket({ burst: 1, refillPerSecond: 1 });
    const takeBoth = (now: number) =>
      TokenBucket.takeFromAll(
        [wide, narrow].map((bucket) => ({ bucket, tokens: 1 })),
        now,
      );
    expect([1, 2, 3].map(() => takeBoth(0))).toEqual([true, false, false]);
    expect([1, 2].map(() => wide.take(0))).toEqual([true, false]);
  });
});
