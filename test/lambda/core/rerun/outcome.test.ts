import { describe, expect, test } from 'vitest';
import { answerOutcome, errorOutcome } from '../../../../lambda/core/rerun/outcome.ts';

const SENT_MS = 1_000_000;
const task = (taskArn: string, createdAtMs: number | undefined = SENT_MS + 200) => ({ taskArn, createdAtMs });
const failure = (reason: string) => ({ reason });

describe('an answer of ECS', () => {
  test.each([
    ['with all tasks is a start', [task('a'), task('b')], [], 2, { kind: 'started', taskArns: ['a', 'b'] }],
    [
      'within the tolerance of two clocks is a start',
      [task('a', SENT_MS - 1000)],
      [],
      1,
      { kind: 'started', taskArns: ['a'] },
    ],
    [
      'with a task older than our request is somebody else’s start',
      [task('a', SENT_MS - 1001)],
      [],
      1,
      { kind: 'alreadyStarted', taskArns: ['a'] },
    ],
    [
      'with one old task among new ones is somebody else’s start',
      [task('a'), task('b', 0)],
      [],
      2,
      { kind: 'alreadyStarted', taskArns: ['a', 'b'] },
    ],
    [
      'without times is a start',
      [{ taskArn: 'a', createdAtMs: undefined }],
      [],
      1,
      { kind: 'started', taskArns: ['a'] },
    ],
    [
      'with room for some',
      [task('a')],
      [failure('RESOURCE:CPU')],
      3,
      { kind: 'partlyStarted', taskArns: ['a'], remaining: 2, short: 'instances' },
    ],
    ['with room for none', [], [failure('RESOURCE:MEMORY')], 2, { kind: 'noRoom', short: 'instances' }],
    [
      'with one failure that passes among others',
      [],
      [failure('ATTRIBUTE'), failure('AGENT')],
      1,
      { kind: 'noRoom', short: 'instances' },
    ],
    [
      'with failures that stay is a rejection',
      [],
      [failure('MISSING')],
      1,
      { kind: 'rejected', code: 'MISSING', taskArns: [] },
    ],
    [
      'with failures that stay after some starts',
      [task('a')],
      [failure('ATTRIBUTE')],
      2,
      { kind: 'rejected', code: 'ATTRIBUTE', taskArns: ['a'] },
    ],
    [
      'with all tasks in spite of failures is a start',
      [task('a')],
      [failure('RESOURCE:CPU')],
      1,
      { kind: 'started', taskArns: ['a'] },
    ],
  ])('%s', (_, tasks, failures, requested, outcome) => {
    expect(answerOutcome({ tasks, failures }, requested, SENT_MS)).toEqual(outcome);
  });

  test('with fewer tasks than were asked for, and no word of why, is tried again for the rest', () => {
    expect(answerOutcome({ tasks: [], failures: [] }, 1, SENT_MS)).toEqual({ kind: 'noRoom' });
    expect(answerOutcome({ tasks: [task('a')], failures: [] }, 3, SENT_MS)).toEqual({
      kind: 'partlyStarted',
      taskArns: ['a'],
      remaining: 2,
    });
  });
});

describe('an error of ECS', () => {
  test.each([
    ['a plain throttle', { code: 'ThrottlingException', message: 'Rate exceeded' }, { kind: 'throttled' }],
    [
      'a disguised throttle',
      {
        code: 'InvalidParameterException',
        message: 'Error retrieving subnet information for [subnet-0ab]: Rate exceeded (ErrorCode: Throttling)',
      },
      { kind: 'throttled', elsewhere: true },
    ],
    [
      'want of room for the whole call: its token is unused',
      { code: 'ClientException', message: 'Tasks provisioning capacity limit exceeded.' },
      { kind: 'noRoom', short: 'provisioning', tokenUnused: true },
    ],
    ['a failing service', { code: 'ServerException', message: '' }, { kind: 'unavailable' }],
    ['a conflict, whoever’s the tasks are', { code: 'ConflictException', message: '' }, { kind: 'conflict' }],
    [
      'any other error',
      { code: 'AccessDeniedException', message: '' },
      { kind: 'rejected', code: 'AccessDeniedException', taskArns: [] },
    ],
  ])('%s', (_, error, outcome) => {
    expect(errorOutcome(error)).toEqual(outcome);
  });
});
