import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterDeadlineStep } from '../../../../lambda/core/rerun/after-deadline.ts';
import { type Coverage, extendCoverage, HISTORY_LAG_MS } from '../../../../lambda/core/sweep/coverage.ts';

const MINUTE = 60_000;
const CALL_MS = 1_000 * MINUTE;
const DEADLINE_MS = CALL_MS + 55 * MINUTE;
/** Half an hour after the deadline; sweeps every 15 minutes have read until 45 minutes ago at least. */
const NOW_MS = CALL_MS + 100 * MINUTE;
/** From the earliest attempt that the call may have had. */
const READ = { fromMs: CALL_MS - 3 * MINUTE, toMs: NOW_MS - HISTORY_LAG_MS };

const step = (changes: Partial<Parameters<typeof afterDeadlineStep>[0]>) =>
  afterDeadlineStep({
    callAtMs: CALL_MS,
    deadlineMs: DEADLINE_MS,
    nowMs: NOW_MS,
    coverage: READ,
    sweepEveryMinutes: 15,
    ...changes,
  });

describe('a call whose token is no proof any more', () => {
  test.each<[string, string, Parameters<typeof step>[0]]>([
    ['launch', 'where the history from the call on shows no acceptance', {}],
    [
      'refuse',
      'where the history begins after the caller’s first attempt may have been',
      { coverage: { ...READ, fromMs: CALL_MS - 3 * MINUTE + 1 } },
    ],
    ['wait', 'where nothing was read yet', { coverage: undefined }],
    [
      'wait',
      'where the history is not read until the last request that was made in time',
      { coverage: { ...READ, toMs: DEADLINE_MS + 5 * MINUTE - 1 } },
    ],
    ['launch', 'where it is read until then', { coverage: { ...READ, toMs: DEADLINE_MS + 5 * MINUTE } }],
    [
      'wait',
      'where sweeps are rare, and the token of a late request before this one may be forgotten already',
      { nowMs: NOW_MS + 60 * MINUTE, coverage: { ...READ, toMs: NOW_MS + 2 * MINUTE - 1 }, sweepEveryMinutes: 60 },
    ],
    [
      'launch',
      'where sweeps are rare, and the token of one that the history does not show yet still lives',
      { nowMs: NOW_MS + 60 * MINUTE, coverage: { ...READ, toMs: NOW_MS + 2 * MINUTE }, sweepEveryMinutes: 60 },
    ],
    [
      'wait',
      'where the history is not read until just now',
      { nowMs: NOW_MS + 60 * MINUTE, coverage: { ...READ, toMs: NOW_MS + 14 * MINUTE } },
    ],
    [
      'launch',
      'where sweeps have read all that they could',
      { nowMs: NOW_MS + 60 * MINUTE, coverage: { ...READ, toMs: NOW_MS + 15 * MINUTE } },
    ],
    ['refuse', 'where no sweep will ever read', { sweepEveryMinutes: 0 }],
    ['refuse', 'of the day before', { nowMs: CALL_MS + 24 * 60 * MINUTE + 1 }],
    ['wait', 'of just a day ago, with an old coverage', { nowMs: CALL_MS + 24 * 60 * MINUTE }],
  ])('%s %s', (expected, _, changes) => {
    expect(step(changes)).toBe(expected);
  });
});

describe('what sweeps have read', () => {
  const of = (fromMs: number, toMs: number): Coverage => ({ fromMs, toMs });
  test.each([
    ['begins with the first look', undefined, of(10, 20), of(10, 20)],
    ['grows with one that overlaps', of(10, 20), of(15, 30), of(10, 30)],
    ['grows with one that touches', of(10, 20), of(20, 30), of(10, 30)],
    ['grows backwards', of(10, 20), of(5, 12), of(5, 20)],
    ['stays with one that it covers', of(10, 20), of(12, 18), of(10, 20)],
    ['grows to one that covers it', of(10, 20), of(5, 30), of(5, 30)],
    ['begins anew after a gap', of(10, 20), of(21, 30), of(21, 30)],
    ['stays with one that is older than a gap', of(10, 20), of(1, 9), of(10, 20)],
  ])('%s', (_, known, read, expected) => {
    expect(extendCoverage(known, read)).toEqual(expected);
  });

  const looks = fc.array(
    fc
      .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }))
      .map(([from, length]) => of(from, from + length)),
    { minLength: 1, maxLength: 30 },
  );

  test('is never more than was read, and never ends before the latest look that read anything', () => {
    fc.assert(
      fc.property(looks, (reads) => {
        const coverage = reads.reduce<Coverage | undefined>(extendCoverage, undefined) as Coverage;
        for (let half = coverage.fromMs * 2; half <= coverage.toMs * 2; half++) {
          expect(reads.some(({ fromMs, toMs }) => fromMs * 2 <= half && half <= toMs * 2)).toBe(true);
        }
        const reading = reads.filter(({ fromMs, toMs }, index) => index === 0 || fromMs < toMs);
        expect(coverage.toMs).toBe(Math.max(...reading.map(({ toMs }) => toMs)));
      }),
    );
  });

  // A look that begins within the history's lag has read nothing for certain.
  test('is not forgotten for a look that reads nothing', () => {
    expect(extendCoverage(of(10, 20), of(30, 25))).toEqual(of(10, 20));
  });
});
