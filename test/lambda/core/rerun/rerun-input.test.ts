import { describe, expect, test } from 'vitest';
import { provesUntilMs, rerunInputSchema, settleUntilMs } from '../../../../lambda/core/rerun/rerun-input.ts';
import { rerunOf, stoppedVerdictOn } from '../../../support/records.ts';

const input = rerunOf();

describe('the input of an execution', () => {
  const ofFailedTask = stoppedVerdictOn();
  test.each([
    ['of a rejected call', input],
    ['of a task that failed to start', 'input' in ofFailedTask && ofFailedTask.input],
    [
      'of what is left of a call',
      { ...input, progress: { attempts: 0, unanswered: 0, remaining: 1, round: 1, taskArns: ['a'] } },
    ],
    ['of a call without a token', { ...input, ownToken: 'substitute' }],
    ['of a later generation', { ...input, lineage: { rootCallId: 'root', generation: 2 } }],
  ])('%s is what it was after a passage through JSON', (_, written) => {
    expect(rerunInputSchema.parse(JSON.parse(JSON.stringify(written)))).toEqual(written);
  });

  test.each([
    ['an unknown member', { ...input, source: 'sqs' }],
    ['an unknown member of the call', { ...input, call: { ...input.call, x: 1 } }],
    ['an unknown parameter', { ...input, request: { ...input.request, x: 1 } }],
    ['a time that is none', { ...input, deadline: 'tomorrow' }],
    ['a token of a kind that is none', { ...input, ownToken: 'late' }],
    ['no call id', { ...input, callId: undefined }],
  ])('is none with %s', (_, changed) => {
    expect(rerunInputSchema.safeParse(changed).success).toBe(false);
  });
});

test('a token proves sameness until the deadline', () => {
  expect(provesUntilMs(1000, { deadlineSeconds: 60 })).toBe(61_000);
});

describe('the caller’s own retries are left to themselves', () => {
  const settings = { graceSeconds: 30, deadlineSeconds: 3300 };
  test.each([
    ['for the grace from the call on, if its record comes at once', 0, 30],
    ['for the grace, if it comes soon', 15, 30],
    ['for a tenth of its delay more, if it comes late', 120, 132],
    ['for as long as the grace more at most', 1500, 1530],
    ['for a tenth of the time that is left, if it comes shortly before the deadline', 3290, 3291],
    ['no more, if it comes after the deadline', 4000, 4000],
    ['for the grace, if a clock is behind', -5, 30],
  ])('%s', (_, delaySeconds, expected) => {
    const eventTimeMs = 1_000_000;
    const deliveredAtMs = eventTimeMs + delaySeconds * 1000;
    expect(settleUntilMs(eventTimeMs, deliveredAtMs, settings)).toBe(eventTimeMs + expected * 1000);
  });

  test('not at all without a grace', () => {
    expect(settleUntilMs(0, 90_000, { ...settings, graceSeconds: 0 })).toBe(90_000);
  });
});
