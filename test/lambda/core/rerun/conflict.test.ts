import { describe, expect, test } from 'vitest';
import { type Conflict, judgeConflict } from '../../../../lambda/core/rerun/conflict.ts';
import { CRON_ROLE, EVENT_TIME_MS, HOME, rerunOf } from '../../../support/records.ts';

const RERUN = rerunOf();
const MINUTE = 60_000;
const record = (changes: object = {}) => ({
  caller: CRON_ROLE,
  rootCallId: RERUN.callId,
  generation: 0,
  request: { taskDefinition: 'report:2' },
  ...changes,
});

const judge = (changes: Partial<Conflict>, minutes = 1) =>
  judgeConflict(
    { taskArns: ['a', 'b'], records: [record(), record()], requested: 2, isOwnToken: false, ...changes },
    RERUN,
    HOME,
    EVENT_TIME_MS + minutes * MINUTE,
  );

describe('tasks under the token of a call', () => {
  test.each([
    [3, { kind: 'partlyStarted', taskArns: ['a', 'b'], remaining: 1 }],
    [2, { kind: 'alreadyStarted', taskArns: ['a', 'b'] }],
    [1, { kind: 'alreadyStarted', taskArns: ['a', 'b'] }],
  ])('are its own where their records say so: two of %d', (requested, outcome) => {
    expect(judge({ requested })).toEqual(outcome);
  });

  test.each<[string, Partial<Conflict>]>([
    ['of another caller', { records: [record(), record({ rootCallId: 'of another caller or token' })] }],
    ['of another family', { records: [record(), record({ request: { taskDefinition: 'report-admin' } })] }],
    [
      'of another account’s family',
      {
        records: [
          record({ request: { taskDefinition: 'arn:aws:ecs:us-east-1:999999999999:task-definition/report:1' } }),
        ],
      },
    ],
    ['of no family', { records: [record({ request: null })] }],
    ['of a stranger, one of which has no record yet', { records: [undefined, record({ rootCallId: 'x' })] }],
    ['that nobody names', { taskArns: [], records: [] }],
    ['that nobody but us can know, whatever the records say', { isOwnToken: true }],
  ])('are not its own: %s', (_, changes) => {
    expect(judge(changes)).toEqual({ kind: 'conflict' });
  });

  test('may be its own as long as their records may be late, and not for longer', () => {
    expect(judge({ records: [record(), undefined] }, 19)).toEqual({ kind: 'unknown' });
    expect(judge({ records: [record(), undefined] }, 20)).toEqual({ kind: 'conflict' });
  });
});
