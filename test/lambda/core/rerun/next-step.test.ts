import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffSeconds, OUTAGE_BACKOFF, THROTTLE_BACKOFF } from '../../../../lambda/core/rerun/backoff.ts';
import { firstProgress, nextStep, withUnheard } from '../../../../lambda/core/rerun/next-step.ts';
import type { Outcome } from '../../../../lambda/core/rerun/outcome.ts';

const NOW_MS = 1_000_000;
const LIMITS = { maxAttempts: 8, deadlineMs: NOW_MS + 3_600_000 };
const ALMOST_ONE = 1 - 2 ** -53;
const PROGRESS = { attempts: 2, unanswered: 0, remaining: 3, round: 1, taskArns: ['a'] };

const step = (outcome: Outcome, limits = LIMITS, random = 0.5, before = PROGRESS) =>
  nextStep(outcome, before, limits, NOW_MS, () => random);

describe('a wait with full jitter', () => {
  test.each([
    [THROTTLE_BACKOFF, [1, 2, 4, 8, 16, 32, 60, 60]],
    [OUTAGE_BACKOFF, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]],
  ])('of %o ends before %j', (backoff, bounds) => {
    const longest = bounds.map((_, index) => backoffSeconds(backoff, index + 1, () => ALMOST_ONE));
    longest.forEach((seconds, index) => {
      expect(seconds).toBeCloseTo(bounds[index] ?? 0, 6);
    });
    expect(backoffSeconds(backoff, 5, () => 0)).toBe(0);
    expect(backoffSeconds(backoff, 3, () => 0.25)).toBe((bounds[2] ?? 0) / 4);
  });

  test('keeps its cap at any attempt', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 0, max: ALMOST_ONE, noNaN: true }),
        (attempt, random) => {
          const seconds = backoffSeconds(THROTTLE_BACKOFF, attempt, () => random);
          expect(seconds).toBeGreaterThanOrEqual(0);
          expect(seconds).toBeLessThanOrEqual(60);
        },
      ),
    );
  });
});

describe('after an attempt that was', () => {
  test.each<[string, Outcome, object]>([
    ['started: finish with all tasks', { kind: 'started', taskArns: ['b'] }, { kind: 'started', taskArns: ['a', 'b'] }],
    [
      'alreadyStarted: finish',
      { kind: 'alreadyStarted', taskArns: ['b'] },
      { kind: 'alreadyStarted', taskArns: ['a', 'b'] },
    ],
    [
      'rejected: finish with the error’s name',
      { kind: 'rejected', code: 'X', taskArns: [] },
      { kind: 'refused', reason: 'rejectedByEcs', code: 'X', taskArns: ['a'] },
    ],
  ])('%s', (_, outcome, result) => {
    expect(step(outcome)).toEqual({ kind: 'finish', result });
  });

  test.each<[string, Outcome, number, object]>([
    ['throttled: wait briefly, same token', { kind: 'throttled' }, 2, {}],
    [
      'not answered: wait ever longer, same token, no attempt used up',
      { kind: 'unavailable' },
      0.5,
      { attempts: 2, unanswered: 1, unansweredAt: new Date(NOW_MS).toISOString() },
    ],
  ])('%s', (_, outcome, seconds, changes) => {
    expect(step(outcome)).toEqual({ kind: 'backOff', seconds, progress: { ...PROGRESS, attempts: 3, ...changes } });
  });

  const ROOM = { until: '2026-01-15T05:00:00.000Z', short: 'fargate', room: 'fargate' } as const;
  const UNHEARD = { ...PROGRESS, unanswered: 2, unansweredAt: '2026-01-15T03:00:00.000Z' };

  test.each<[string, Outcome, object]>([
    ['answered with failures: under a new token', { kind: 'noRoom' }, { round: 2, unansweredAt: undefined }],
    ['rejected for want of room: under the same token', { kind: 'noRoom', tokenUnused: true }, {}],
    [
      'partlyStarted: for the rest, under a new token, attempts anew',
      { kind: 'partlyStarted', taskArns: ['b'], remaining: 2 },
      { attempts: 0, round: 2, remaining: 2, taskArns: ['a', 'b'], unansweredAt: undefined },
    ],
  ])('%s: wait for room, which uses up no attempt', (_, outcome, changes) => {
    const next = nextStep(outcome, UNHEARD, { ...LIMITS, maxAttempts: 3 }, NOW_MS, () => 0.5, ROOM);
    expect(next).toEqual({
      kind: 'backOff',
      seconds: 0,
      progress: { ...UNHEARD, unanswered: 0, ...changes, noRoom: ROOM },
    });
  });

  test('the last one allowed: give up where it was for nothing', () => {
    const outcome: Outcome = { kind: 'throttled' };
    expect(step(outcome, { ...LIMITS, maxAttempts: 4 }).kind).toBe('backOff');
    expect(step(outcome, { ...LIMITS, maxAttempts: 3 })).toMatchObject({
      kind: 'finish',
      result: { kind: 'gaveUp', reason: 'maxAttempts' },
    });
    expect(step({ kind: 'started', taskArns: [] }, { ...LIMITS, maxAttempts: 3 })).toMatchObject({
      result: { kind: 'started' },
    });
  });

  test.each<[string, Outcome, object]>([
    ['not answered: a service that fails uses up none', { kind: 'unavailable' }, { attempts: 2 }],
    [
      'partlyStarted: progress is no failure',
      { kind: 'partlyStarted', taskArns: ['b'], remaining: 1 },
      { attempts: 0, taskArns: ['a', 'b'] },
    ],
  ])('the last one allowed but %s', (_, outcome, progress) => {
    expect(step(outcome, { ...LIMITS, maxAttempts: 3 })).toMatchObject({ kind: 'backOff', progress });
  });

  test.each([
    [10_000, 10],
    [1, 0.001],
    [0, 0],
    [-5000, 0],
  ])('throttled with %i ms left: wait %d s at most', (leftMs, seconds) => {
    const tried = { ...PROGRESS, unanswered: 9 };
    const limits = { ...LIMITS, deadlineMs: NOW_MS + leftMs };
    expect(step({ kind: 'unavailable' }, limits, ALMOST_ONE, tried)).toMatchObject({ seconds });
  });

  test.each<[string, Outcome, string[]]>([
    ['the last one allowed, after a partial start before it', { kind: 'throttled' }, ['a']],
    ['rejected after a partial start', { kind: 'rejected', code: 'X', taskArns: ['b'] }, ['a', 'b']],
  ])('%s: name the tasks that run, for whoever repeats the call by hand', (_, outcome, taskArns) => {
    expect(step(outcome, { ...LIMITS, maxAttempts: 3 })).toMatchObject({ result: { taskArns } });
  });
});

test('before the first attempt everything is still to start', () => {
  expect(firstProgress(undefined)).toEqual({ attempts: 0, unanswered: 0, remaining: 1, round: 0, taskArns: [] });
  expect(firstProgress(7)).toMatchObject({ remaining: 7 });
});

test('a request that broke off counts as one without an answer, whose tasks may have started', () => {
  const since = '2026-01-15T03:00:00.000Z';
  expect(withUnheard(PROGRESS, since, true)).toEqual({ ...PROGRESS, unanswered: 1, unansweredAt: since });
  expect(withUnheard(PROGRESS, since, false)).toEqual({ ...PROGRESS, unansweredAt: since });
  const earlier = { ...PROGRESS, unanswered: 3, unansweredAt: '2026-01-15T02:00:00.000Z' };
  expect(withUnheard(earlier, since, true)).toEqual(earlier);
  expect(withUnheard(PROGRESS, null, true)).toBe(PROGRESS);
});
