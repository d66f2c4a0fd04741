import { describe, expect, test } from 'vitest';
import { type Answers, accountOf, HEALTHY, STACK, templateWith } from '../support/account.ts';
import { ops } from '../support/ops.ts';

async function status(answers: Answers, ...options: string[]) {
  const { account, asked } = accountOf({ ...HEALTHY, ...answers });
  const { stdout, stderr, exitCode } = await ops(['status', '--json', ...options], {}, {}, account);
  return { exitCode, stderr, asked, status: stdout ? JSON.parse(stdout) : undefined };
}

describe('status', () => {
  test('says that a stack is able of which every part works, and changes nothing', async () => {
    const { exitCode, status: found, asked } = await status({});
    expect(found).toMatchObject({ able: true, mode: 'rerun', isPaused: false, problems: [] });
    expect(exitCode).toBe(0);
    expect(asked.map(({ name }) => name).filter((name) => !/^(Get|List|Describe|Simulate)/.test(name))).toEqual([]);
  });

  test.each([
    ['a rule that is off', { DescribeRuleCommand: { State: 'DISABLED' } }, 'rule', 'IntakeRunTaskCalled', false],
    [
      'an event source that is off',
      { GetEventSourceMappingCommand: { State: 'Disabled' } },
      'event source',
      'IntakeEventSource',
      false,
    ],
    ['a trail that is off', { GetTrailStatusCommand: { IsLogging: false } }, 'trail', 'does not log', false],
    ['an account without a trail', { DescribeTrailsCommand: { trailList: [] } }, 'trail', 'no trail', false],
    [
      'a subscription that nobody confirmed',
      { ListSubscriptionsByTopicCommand: { Subscriptions: [{ SubscriptionArn: 'PendingConfirmation' }] } },
      'subscription',
      'not confirmed',
      true,
    ],
    ['a pause', { GetItemCommand: { Item: { id: { S: 'pause' } } } }, 'pause', 'held', false],
    [
      'a key that the launching role may not use',
      {
        SimulatePrincipalPolicyCommand: {
          EvaluationResults: [{ EvalActionName: 'kms:Decrypt', EvalDecision: 'implicitDeny' }],
        },
      },
      'key',
      'kms:Decrypt',
      false,
    ],
    [
      'a stack that only observes',
      { GetTemplateCommand: templateWith({ mode: 'observe' }) },
      'mode',
      'observes',
      false,
    ],
    ['empty lists', { GetTemplateCommand: templateWith({ families: [] }) }, 'lists', 'families', false],
    [
      'dead letters',
      { GetQueueAttributesCommand: { Attributes: { ApproximateNumberOfMessages: '2' } } },
      'dead letters',
      '2 in deadLetters',
      true,
    ],
    [
      'a raised alarm',
      { DescribeAlarmsCommand: { MetricAlarms: [{ AlarmName: 'AlarmsGaveUp', StateValue: 'ALARM' }] } },
      'alarm',
      'AlarmsGaveUp',
      true,
    ],
  ])('names %s', async (_, answers, what, text, able) => {
    const { exitCode, status: found } = await status(answers);
    expect(found.problems).toContainEqual(expect.objectContaining({ what, found: expect.stringContaining(text) }));
    expect({ able: found.able, exitCode }).toEqual({ able, exitCode: 1 });
  });

  test('says null of what it may not ask about, and does not call the stack able', async () => {
    const denied = Object.assign(new Error('denied'), { name: 'AccessDeniedException' });
    const { exitCode, status: found } = await status({
      GetTemplateCommand: denied,
      DescribeTrailsCommand: denied,
      DescribeAlarmsCommand: denied,
    });
    expect(found).toMatchObject({ able: null, mode: null, listed: null, trails: null, alarms: null, problems: [] });
    expect(exitCode).toBe(0);
  });

  test('shows the rate and the bucket that the stack has learnt', async () => {
    const state = JSON.stringify({
      nextPermitAtMs: 1,
      drainStartedAtMs: 1,
      probePerSecond: 12.345,
      probedAtMs: 1,
      throttledAtMs: 0,
      signalledAtMs: 0,
      grants: {},
      bucket: { unit: 'calls', refillPerSecond: 40.04, burst: 99.6, sample: 1, seenInSecond: 1, atMs: 1 },
    });
    const item = ({ Key }: { Key: { id: { S: string } } }) =>
      Key.id.S === 'rate' ? { Item: { state: { S: state } } } : {};
    const { status: found } = await status({ GetItemCommand: item });
    expect(found.rate).toEqual({ perSecond: 12.35, bucket: { burst: 100, refillPerSecond: 40 } });
  });

  test('fits a terminal of 80 columns, without colour', async () => {
    const { account } = accountOf(HEALTHY);
    const { stdout } = await ops(['status'], {}, { columns: 80 }, account);
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(stdout).toContain('able to bring calls back');
  });
});

describe('the stack', () => {
  test('is found by its outputs where it has no tag, as in an app of somebody else', async () => {
    const untagged = { ...STACK, StackName: 'Theirs', Tags: [] };
    expect((await status({ DescribeStacksCommand: { Stacks: [untagged] } })).status.stack).toBe('Theirs');
  });

  test.each([
    ['there is none', { Stacks: [] }, 'found no stack of this app'],
    [
      'there are several',
      { Stacks: [STACK, { ...STACK, StackName: 'Second' }] },
      'found the stacks EcsThrottleRemediation, Second',
    ],
  ])('has to be named where %s', async (_, found, message) => {
    const { exitCode, stderr } = await status({ DescribeStacksCommand: found });
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) });
  });
});
