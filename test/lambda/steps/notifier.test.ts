import { ExecutionAlreadyExists } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { type Notice, noticeGroup } from '../../../lambda/core/notices/notice.ts';
import { makeNotifier } from '../../../lambda/steps/notifier.ts';
import { ANSWERED, type Answers, awsError, dependenciesWith, failing, PLACE } from '../../support/dependencies.ts';
import { CRON_ROLE, NOW_MS, OPS_USER } from '../../support/records.ts';

const NOTICE: Notice = { kind: 'refused', reason: 'noClientToken', caller: CRON_ROLE, family: 'report' };
const GROUP = noticeGroup(NOTICE, NOW_MS, undefined, PLACE);

function notifierWith(answers: Answers = {}) {
  const world = dependenciesWith(answers);
  return { ...world, notifier: makeNotifier(world.dependencies) };
}

describe('people', () => {
  test('are told by one digest execution, and the notice is counted', async () => {
    const { notifier, sent } = notifierWith();
    await notifier.notify(NOTICE);
    expect(sent).toEqual([
      {
        name: 'StartExecutionCommand',
        input: {
          stateMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:digest',
          name: `notice-${GROUP.id}`,
          input: JSON.stringify(GROUP),
        },
      },
      {
        name: 'UpdateItemCommand',
        input: expect.objectContaining({
          TableName: 'state',
          Key: { id: { S: `notice#${GROUP.id}` } },
          ExpressionAttributeValues: {
            ':notices': { N: '1' },
            ':lastAt': { S: new Date(NOW_MS).toISOString() },
            ':expiresAt': { N: String(NOW_MS / 1000 + 2 * 86_400) },
          },
        }),
      },
    ]);
  });

  test('are told what observed calls would have come to, by counts', async () => {
    const { notifier, named } = notifierWith();
    await notifier.notify(
      { ...NOTICE, kind: 'observed', reason: 'observeMode' },
      { hadParameters: true, wouldRerun: false },
    );
    const [count] = named('UpdateItemCommand');
    expect(count?.input.ExpressionAttributeValues).toMatchObject({
      ':notices': { N: '1' },
      ':hadParameters': { N: '1' },
      ':hadClientToken': { N: '0' },
      ':hadEnvironment': { N: '0' },
      ':wouldRerun': { N: '0' },
    });
  });

  test('are told once of a thousand of a kind, each counted', async () => {
    const { notifier, named } = notifierWith();
    for (let n = 0; n < 1000; n++) await notifier.notify(NOTICE);
    expect(named('StartExecutionCommand')).toHaveLength(1);
    expect(named('UpdateItemCommand')).toHaveLength(1000);
  });

  test('are told of ten families by name, and of all others together, by caller and reason', async () => {
    const { notifier, named, at } = notifierWith();
    const tell = async (families: number, caller = CRON_ROLE) => {
      for (let n = 0; n < families; n++) await notifier.notify({ ...NOTICE, caller, family: `family-${n}` });
    };
    const groups = () => new Set(named('UpdateItemCommand').map(({ input }) => input.Key.id.S)).size;
    await tell(500);
    expect([named('StartExecutionCommand').length, named('UpdateItemCommand').length, groups()]).toEqual([11, 500, 11]);
    await tell(500, OPS_USER);
    expect(groups()).toBe(12);
    at(NOW_MS + 3_600_000);
    await tell(10);
    expect(groups()).toBe(22);
  });

  test('are told again in the next hour', async () => {
    const { notifier, named, at } = notifierWith();
    await notifier.notify(NOTICE);
    at(NOW_MS + 3_600_000);
    await notifier.notify(NOTICE);
    expect(new Set(named('StartExecutionCommand').map(({ input }) => input.name)).size).toBe(2);
  });

  test('were told where another function was faster; the notice counts all the same', async () => {
    const exists = new ExecutionAlreadyExists(ANSWERED);
    const { notifier, named } = notifierWith({ sfn: failing([exists]) });
    await notifier.notify(NOTICE);
    expect([named('StartExecutionCommand').length, named('UpdateItemCommand').length]).toEqual([1, 1]);
  });

  test('that could not be told are told at the next notice', async () => {
    const { notifier, named } = notifierWith({ sfn: failing([awsError('AccessDeniedException')]) });
    await expect(notifier.notify(NOTICE)).rejects.toThrow();
    expect(named('UpdateItemCommand')).toHaveLength(0);
    await notifier.notify(NOTICE);
    expect(named('StartExecutionCommand')).toHaveLength(2);
  });

  test('are told in spite of throttles, on the clock that was given', async () => {
    const throttle = awsError('ThrottlingException');
    const { notifier, sleeps } = notifierWith({ sfn: failing([throttle]), dynamoDb: failing([throttle]) });
    await notifier.notify(NOTICE);
    expect(sleeps).toEqual([100, 100]);
  });
});
