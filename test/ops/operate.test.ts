import { describe, expect, test } from 'vitest';
import { POLICIES } from '../../ops/aws/policies.ts';
import { type Answers, accountOf, HEALTHY } from '../support/account.ts';
import { ops } from '../support/ops.ts';

async function run(inputs: readonly string[], answers: Answers = {}, confirm?: () => Promise<boolean>) {
  const { account, asked } = accountOf({ ...HEALTHY, ...answers });
  const result = await ops(inputs, {}, {}, { ...account, confirm, sleep: async () => {} });
  return { ...result, asked, changes: asked.filter(({ name }) => !/^(Get|List|Describe)/.test(name)) };
}

describe('pause and resume', () => {
  test('say what will happen, and do it with --yes', async () => {
    const { stderr, stdout, exitCode, changes } = await run(['pause', '--yes'], { PutItemCommand: {} });
    expect(stderr).toContain('Holds all re-runs');
    expect({ stdout, exitCode }).toEqual({ stdout: expect.stringContaining('is paused'), exitCode: 0 });
    expect(changes).toEqual([
      { name: 'PutItemCommand', input: { TableName: 'StateTable', Item: { id: { S: 'pause' } } } },
    ]);
  });

  test('ask at a terminal, and do nothing without a yes or anybody to ask', async () => {
    const yes = await run(
      ['resume', '--json'],
      { GetItemCommand: { Item: {} }, DeleteItemCommand: {} },
      async () => true,
    );
    expect(JSON.parse(yes.stdout)).toEqual({ stack: 'EcsThrottleRemediation', isPaused: false, hasChanged: true });
    const no = await run(['pause'], {}, async () => false);
    expect({ exitCode: no.exitCode, changes: no.changes }).toEqual({ exitCode: 2, changes: [] });
    const nobody = await run(['pause']);
    expect(nobody).toMatchObject({ exitCode: 2, changes: [], stderr: expect.stringContaining('--yes') });
  });

  test('say that nothing had to be done', async () => {
    expect(await run(['resume'])).toMatchObject({
      exitCode: 0,
      changes: [],
      stdout: expect.stringContaining('is not paused'),
    });
  });
});

describe('sweep', () => {
  const started = { StartExecutionCommand: { executionArn: 'arn:sweep' } };

  test('starts the workflow with cluster and time, and says how it ended if it did at once', async () => {
    const { stdout, exitCode, changes } = await run(
      ['sweep', '--cluster', 'batch', '--since', '2026-01-15T03:00:00Z', '--yes'],
      { ...started, DescribeExecutionCommand: { status: 'SUCCEEDED', output: '{"reason":"sweptByAnother"}' } },
    );
    expect(changes[0]?.input).toMatchObject({ input: '{"cluster":"batch","since":"2026-01-15T03:00:00.000Z"}' });
    expect({ stdout, exitCode }).toEqual({
      stdout: expect.stringContaining('Another sweep has the cluster'),
      exitCode: 1,
    });
  });

  test('does not wait for one that goes on', async () => {
    const { stdout, exitCode } = await run(['sweep', '--cluster', '*', '--yes', '--json'], {
      ...started,
      DescribeExecutionCommand: { status: 'RUNNING' },
    });
    expect({ json: JSON.parse(stdout), exitCode }).toEqual({
      json: { executionArn: 'arn:sweep', ended: null },
      exitCode: 0,
    });
  });

  test('wants a cluster', async () => {
    expect(await run(['sweep', '--yes'])).toMatchObject({
      exitCode: 2,
      changes: [],
      stderr: expect.stringContaining('--cluster'),
    });
  });
});

describe('redrive', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 15, 3, minute));
  const failed = {
    executions: [
      { executionArn: 'a', stopDate: at(5) },
      { executionArn: 'b', stopDate: at(6) },
      { executionArn: 'old', stopDate: at(0) },
    ],
  };
  const answers = {
    ListExecutionsCommand: ({ statusFilter }: { statusFilter: string }) =>
      statusFilter === 'FAILED' ? failed : { executions: [] },
    DescribeExecutionCommand: ({ executionArn }: { executionArn: string }) => ({
      error: 'GaveUp',
      cause: executionArn === 'a' ? '{"errorMessage":"deadline; started: arn:x"}' : '{"errorMessage":"maxAttempts"}',
      redriveStatus: 'REDRIVABLE',
    }),
    RedriveExecutionCommand: {},
  };

  test('lets those go on that failed since a time, by reason', async () => {
    const { stdout, stderr, changes } = await run(
      ['redrive', '--since', '2026-01-15T03:01:00Z', '--json', '--yes'],
      answers,
    );
    expect(stderr).toContain('1 deadline, 1 maxAttempts');
    expect(JSON.parse(stdout)).toEqual({ redriven: 2, failed: 0, byReason: { deadline: 1, maxAttempts: 1 } });
    expect(changes.map(({ input }) => input.executionArn)).toEqual(['a', 'b']);
  });

  test('lets only those of a reason go on, and says which are refused', async () => {
    const refused = Object.assign(new Error(), { name: 'ExecutionNotRedrivable' });
    const { stdout, exitCode } = await run(
      ['redrive', '--since', '2026-01-15T03:01:00Z', '--reason', 'deadline', '--yes'],
      { ...answers, RedriveExecutionCommand: refused },
    );
    expect({ stdout, exitCode }).toEqual({ stdout: '0 of 1 go on.\na: ExecutionNotRedrivable\n', exitCode: 1 });
  });
});

describe('drill', () => {
  const drill = ['drill', '--family', 'report', '--json', '--yes'];
  const works = {
    LookupEventsCommand: { Events: [] },
    SendMessageCommand: { MessageId: 'm1' },
    DescribeExecutionCommand: { status: 'SUCCEEDED', output: '{"taskArns":["arn:task"]}' },
    DescribeTasksCommand: { tasks: [{ startedAt: new Date(0), lastStatus: 'RUNNING' }] },
    FilterLogEventsCommand: { events: [{ message: '{"kind":"ignore","reason":"ownCall"}' }] },
  };
  const found = async (answers: Answers) => {
    const { stdout, exitCode, changes } = await run(drill, { ...works, ...answers });
    return { ...JSON.parse(stdout), exitCode, changes };
  };

  test('hands one task over and follows it to its start and its record', async () => {
    const { works: all, steps, changes, exitCode } = await found({});
    expect(steps.map(({ step }: { step: string }) => step)).toEqual([
      'lists',
      'queue',
      'intake',
      'permit',
      'launch',
      'start',
      'trail',
    ]);
    expect({ all, exitCode }).toEqual({ all: true, exitCode: 0 });
    expect(changes.map(({ name }: { name: string }) => name)).toContain('SendMessageCommand');
  });

  const error = (name: string, message = '') => Object.assign(new Error(message), { name });
  const refused = {
    executionArn: 'x',
    status: 'FAILED',
    error: 'Refused',
    cause: '{"errorMessage":"rejectedByEcs: AccessDeniedException"}',
  };
  test.each([
    [
      'a family that is not listed',
      { GetTemplateCommand: templateOf({ families: ['other'] }) },
      'lists',
      'families does not list report',
    ],
    ['a stack that only observes', { GetTemplateCommand: templateOf({ mode: 'observe' }) }, 'queue', 'only observes'],
    ['a pause', { GetItemCommand: { Item: {} } }, 'permit', 'paused'],
    ['a sender who is not listed', { SendMessageCommand: error('AccessDenied') }, 'queue', 'no listed caller'],
    [
      'a key that the sender may not use',
      { SendMessageCommand: error('KMS.AccessDeniedException', 'kms:GenerateDataKey') },
      'queue',
      "stack's key",
    ],
    [
      'an event source that is off',
      { DescribeExecutionCommand: error('ExecutionDoesNotExist'), FilterLogEventsCommand: { events: [] } },
      'intake',
      'event source',
    ],
    [
      'a rate limiter that is off',
      {
        DescribeExecutionCommand: { status: 'RUNNING' },
        GetExecutionHistoryCommand: { events: [{ stateEnteredEventDetails: { name: 'Wait for a permit' } }] },
      },
      'permit',
      'rate limiter',
    ],
    ['a role that may not be passed', { DescribeExecutionCommand: refused }, 'launch', 'passRoleArns'],
    [
      'a task that does not start',
      { DescribeTasksCommand: { tasks: [{ lastStatus: 'STOPPED', stoppedReason: 'CannotPull' }] } },
      'start',
      'CannotPull',
    ],
    ['a trail that is off', { GetTrailStatusCommand: { IsLogging: false } }, 'trail', 'no trail logs'],
    ['a rule that is off', { FilterLogEventsCommand: { events: [] } }, 'trail', 'is the rule on'],
  ])('names %s', async (_, answers, step, text) => {
    const { fails, steps, exitCode } = await found(answers);
    expect({ fails, exitCode }).toEqual({ fails: [step], exitCode: 1 });
    expect(steps).toContainEqual({ step, works: false, found: expect.stringContaining(text) });
  });

  test('takes launch type and network from the last accepted call of the family, and nothing else', async () => {
    const request = {
      taskDefinition: 'report:3',
      cluster: 'batch',
      launchType: 'FARGATE',
      networkConfiguration: { a: 1 },
      overrides: { cpu: '1' },
      clientToken: 't',
    };
    const record = {
      eventID: 'e',
      eventTime: '2026-01-15T03:00:00Z',
      eventSource: 'ecs.amazonaws.com',
      eventName: 'RunTask',
      awsRegion: 'us-east-1',
      userIdentity: {},
      requestParameters: request,
      responseElements: { tasks: [{ taskArn: 'arn:x' }] },
    };
    const { changes } = await found({ LookupEventsCommand: { Events: [{ CloudTrailEvent: JSON.stringify(record) }] } });
    const sent = changes.find(({ name }: { name: string }) => name === 'SendMessageCommand');
    expect(JSON.parse(sent.input.MessageBody)).toEqual({
      request: {
        cluster: 'batch',
        taskDefinition: 'report',
        count: 1,
        startedBy: 'ops drill',
        launchType: 'FARGATE',
        networkConfiguration: { a: 1 },
      },
      key: expect.stringMatching(/^drill-/),
    });
  });

  function templateOf(settings: object) {
    const defaults = { mode: 'rerun', clusters: ['batch'], families: ['report'], callers: [] };
    return {
      TemplateBody: JSON.stringify({
        Resources: { A: { Metadata: { 'ecs-throttle-remediation:settings': { ...defaults, ...settings } } } },
      }),
    };
  }
});

test.each(Object.keys(POLICIES))('ops %s --policy prints the least policy, and asks nothing', async (command) => {
  const { stdout, exitCode } = await ops([command, '--policy']);
  expect({ statements: JSON.parse(stdout).Statement, exitCode }).toEqual({
    statements: POLICIES[command],
    exitCode: 0,
  });
});

test.each([
  ['an unreachable endpoint', new Error('connect ECONNREFUSED'), 'Look at --region and --endpoint'],
  [
    'missing credentials',
    Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' }),
    '--profile',
  ],
  [
    'a missing permission',
    Object.assign(new Error('not authorized to perform: x'), { name: 'AccessDenied' }),
    'ops pause --policy',
  ],
])('exits 2 and says how to go on: %s', async (_, error, message) => {
  expect(await run(['pause', '--yes'], { DescribeStacksCommand: error })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(message),
  });
});
