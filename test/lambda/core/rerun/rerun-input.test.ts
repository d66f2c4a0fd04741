import { describe, expect, test } from 'vitest';
import { rerunInputSchema, timesOf } from '../../../../lambda/core/rerun/rerun-input.ts';
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

test('the times of a call count from its event time', () => {
  expect(timesOf(1000, { graceSeconds: 30, deadlineSeconds: 60 })).toEqual({
    settleUntilMs: 31_000,
    deadlineMs: 61_000,
  });
});
