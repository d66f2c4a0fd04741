import { describe, expect, test } from 'vitest';
import { firstProgress } from '../../../../lambda/core/rerun/next-step.ts';
import { attemptRequest, rerunInputSchema, timesOf } from '../../../../lambda/core/rerun/rerun-input.ts';
import { rerunOf, stoppedVerdictOn } from '../../../support/records.ts';

const input = rerunOf();
const { request } = input;

describe('the request of an attempt', () => {
  test('is the caller’s own, to the letter, until ECS answered with failures', () => {
    expect(attemptRequest(request, input.callId, firstProgress(request.count))).toEqual(request);
    expect(
      attemptRequest(request, input.callId, { attempts: 5, unanswered: 0, remaining: 2, round: 0, taskArns: [] }),
    ).toEqual(request);
  });

  test('asks for what is left afterwards, under the token of that round, and changes nothing else', () => {
    expect(
      attemptRequest(request, input.callId, { attempts: 1, unanswered: 0, remaining: 2, round: 1, taskArns: ['a'] }),
    ).toEqual({
      ...request,
      count: 2,
      clientToken: 'f89411c266ffd4e0067efd54eedab67b',
    });
  });

  test('keeps its token while an attempt of one round is repeated', () => {
    const token = (attempts: number, round: number) =>
      attemptRequest(request, input.callId, { attempts, unanswered: 0, remaining: 2, round, taskArns: [] }).clientToken;
    expect(token(1, 1)).toBe(token(5, 1));
    expect(token(1, 1)).not.toBe(token(1, 2));
  });
});

describe('the input of an execution', () => {
  const ofFailedTask = stoppedVerdictOn();
  test.each([
    ['of a rejected call', input],
    ['of a task that failed to start', 'input' in ofFailedTask && ofFailedTask.input],
    [
      'of what is left of a call',
      { ...input, progress: { attempts: 0, unanswered: 0, remaining: 1, round: 1, taskArns: ['a'] } },
    ],
    ['of a later generation', { ...input, lineage: { rootCallId: 'root', generation: 2 } }],
  ])('%s is what it was after a passage through JSON', (_, written) => {
    expect(rerunInputSchema.parse(JSON.parse(JSON.stringify(written)))).toEqual(written);
  });

  test.each([
    ['an unknown member', { ...input, source: 'sqs' }],
    ['an unknown member of the call', { ...input, call: { ...input.call, x: 1 } }],
    ['an unknown parameter', { ...input, request: { ...input.request, x: 1 } }],
    ['a time that is none', { ...input, deadline: 'tomorrow' }],
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
