import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { CloudTrail } from '@aws-sdk/client-cloudtrail';
import { CloudWatch } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { ECS } from '@aws-sdk/client-ecs';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { Lambda } from '@aws-sdk/client-lambda';
import { SFN } from '@aws-sdk/client-sfn';
import { SNS } from '@aws-sdk/client-sns';
import { SQS } from '@aws-sdk/client-sqs';
import { STS } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PYTHON } from '../clients/clients.ts';
import { holdToModels } from '../lab/aws/held-to-models.ts';
import { clientEnvironment, startLive } from './live-lab.fixture.ts';

/** Clients that nobody here wrote, against the live lab: what one reads of it, every other reads. */

holdToModels();

const CLIENTS = {
  cloudformation: CloudFormation,
  cloudtrail: CloudTrail,
  cloudwatch: CloudWatch,
  dynamodb: DynamoDB,
  ecs: ECS,
  events: EventBridge,
  lambda: Lambda,
  logs: CloudWatchLogs,
  sns: SNS,
  sqs: SQS,
  stepfunctions: SFN,
  sts: STS,
} as const;

type Parameters = Readonly<Record<string, unknown>>;
type Call = readonly [service: keyof typeof CLIENTS, operation: string, parameters: Parameters];
type Answer = { readonly output?: Parameters; readonly error?: string; readonly message?: string };

const REQUEST = {
  cluster: 'night',
  taskDefinition: 'nightly-report',
  launchType: 'FARGATE',
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0night'] } },
};

let lab: Awaited<ReturnType<typeof startLive>>;
let outputs: Readonly<Record<string, string>>;
let execution: string;
beforeAll(async () => {
  // Ten times as fast, so that nobody waits for a permit.
  lab = await startLive({ speed: 10 });
  const [{ output } = {}] = await bySdk([['cloudformation', 'describe_stacks', {}]]);
  const [stack] = (output?.Stacks ?? []) as { Outputs: { OutputKey: string; OutputValue: string }[] }[];
  outputs = Object.fromEntries((stack?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  await bySdk([
    [
      'sqs',
      'send_message',
      { QueueUrl: outputs.HandOverQueueUrl, MessageBody: JSON.stringify({ request: REQUEST, key: 'k' }) },
    ],
  ]);
  await vi.waitUntil(async () => (await executions())[0]?.status === 'SUCCEEDED', { timeout: 20_000, interval: 200 });
  execution = (await executions())[0]?.executionArn ?? '';
});
afterAll(() => lab.end());

async function executions() {
  const [{ output } = {}] = await bySdk([
    ['stepfunctions', 'list_executions', { stateMachineArn: outputs.RerunStateMachine }],
  ]);
  return output?.executions as { executionArn: string; status: string }[];
}

async function bySdk(calls: readonly Call[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const [service, operation, parameters] of calls) {
    const client = new CLIENTS[service]({
      endpoint: lab.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'scheduler', secretAccessKey: 'lab' },
      maxAttempts: 1,
    });
    const method = operation.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const send = client[method as never] as unknown as (input: Parameters) => Promise<Parameters>;
    try {
      const { $metadata: _, ...output } = await send.call(client, parameters);
      answers.push({ output: asJson(output) });
    } catch (error) {
      answers.push({ error: (error as Error).name, message: (error as Error).message });
    }
  }
  return answers;
}

/** As the other driver prints it: times in whole seconds, no member that is nothing. */
const asJson = (output: object): Parameters =>
  JSON.parse(
    JSON.stringify(output, function (this: Record<string, unknown>, key, value) {
      const own = this[key];
      return own instanceof Date ? Math.floor(own.getTime() / 1000) : value;
    }),
  );

async function byBoto3(calls: readonly Call[]): Promise<Answer[]> {
  const child = spawn(String(PYTHON), [fileURLToPath(new URL('drivers/calls.py', import.meta.url))], {
    env: clientEnvironment(),
  });
  child.stdin.end(JSON.stringify({ endpoint: lab.url, calls }));
  const [answers, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (answers === '') throw new Error(complaints);
  return JSON.parse(answers);
}

/** Reads of every service, of what stands still. */
const reads = (): Call[] => [
  ['sts', 'get_caller_identity', {}],
  ['cloudformation', 'describe_stacks', { StackName: 'EcsThrottleRemediation' }],
  ['cloudformation', 'list_stack_resources', { StackName: 'EcsThrottleRemediation' }],
  ['lambda', 'list_event_source_mappings', {}],
  ['cloudtrail', 'describe_trails', {}],
  ['ecs', 'list_clusters', {}],
  ['events', 'list_rules', { NamePrefix: 'Sweep' }],
  ['stepfunctions', 'describe_state_machine', { stateMachineArn: outputs.RerunStateMachine }],
  ['stepfunctions', 'list_executions', { stateMachineArn: outputs.RerunStateMachine }],
  ['stepfunctions', 'describe_execution', { executionArn: execution }],
  ['stepfunctions', 'get_execution_history', { executionArn: execution }],
  ['sqs', 'list_queues', {}],
  ['sqs', 'get_queue_attributes', { QueueUrl: outputs.HandOverQueueUrl, AttributeNames: ['All'] }],
  ['dynamodb', 'list_tables', {}],
  ['ecs', 'describe_clusters', { clusters: ['none'] }],

  ['cloudtrail', 'lookup_events', { LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'StopTask' }] }],
  ['cloudwatch', 'describe_alarms', {}],
  ['sns', 'list_subscriptions', {}],
  ['logs', 'describe_log_groups', {}],
];

const refusals = (): [Call, RegExp, RegExp][] => [
  [
    ['ecs', 'list_services', { cluster: 'night' }],
    /^NotSupportedByTheLab$/,
    /does not know the operation ListServices/,
  ],
  [['sns', 'list_platform_applications', {}], /^NotSupportedByTheLab$/, /sns ListPlatformApplications/],
  [['cloudwatch', 'list_metrics', {}], /^NotSupportedByTheLab$/, /cloudwatch ListMetrics/],
  [['sqs', 'list_dead_letter_source_queues', { QueueUrl: outputs.IntakeQueue }], /^NotSupportedByTheLab$/, /sqs/],
  [['cloudformation', 'describe_stacks', { StackName: 'other' }], /^ValidationError$/, /other does not exist/],
  [
    ['sqs', 'get_queue_attributes', { QueueUrl: `${lab.url}/1/none` }],
    /NonExistentQueue|QueueDoesNotExist/,
    /not exist/,
  ],
  [['dynamodb', 'scan', { TableName: 'none' }], /^ResourceNotFoundException$/, /not found/],
];

test('the SDK reads every service', async () => {
  const answers = await bySdk(reads());
  expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
  const history = answers.at(10)?.output?.events as { type: string }[];
  expect(history.map(({ type }) => type)).toEqual(
    expect.arrayContaining([
      'ExecutionStarted',
      'WaitStateEntered',
      'TaskSubmitted',
      'TaskSucceeded',
      'ExecutionSucceeded',
    ]),
  );
});

test('put-events reaches the rules, and nobody but AWS itself puts events of AWS', async () => {
  const entry = { Source: 'aws.ecs', DetailType: 'ECS Service Action', Detail: '{}' };
  const [{ output } = {}] = await bySdk([['events', 'put_events', { Entries: [entry, { ...entry, Source: 'mine' }] }]]);
  expect(output).toMatchObject({
    FailedEntryCount: 1,
    Entries: [{ ErrorCode: 'NotAuthorizedForSourceException' }, { EventId: expect.any(String) }],
  });
});

test('what is switched off stands still until it is switched on', async () => {
  const [sources] = await bySdk([['lambda', 'list_event_source_mappings', {}]]);
  const mappings = sources?.output?.EventSourceMappings as { UUID: string; EventSourceArn: string }[];
  const handOver = mappings.find(({ EventSourceArn }) => EventSourceArn.includes('HandOver'));
  const ask = async (operation: string, more: Parameters = {}) =>
    (await bySdk([['lambda', operation, { UUID: handOver?.UUID, ...more }]]))[0]?.output?.State;
  const waiting = async () => {
    const names = ['ApproximateNumberOfMessages'];
    const [answer] = await bySdk([
      ['sqs', 'get_queue_attributes', { QueueUrl: outputs.HandOverQueueUrl, AttributeNames: names }],
    ]);
    return (answer?.output?.Attributes as Record<string, string> | undefined)?.ApproximateNumberOfMessages;
  };
  expect(await ask('update_event_source_mapping', { Enabled: false })).toBe('Disabled');
  const MessageBody = JSON.stringify({ request: REQUEST, key: 'off' });
  await bySdk([['sqs', 'send_message', { QueueUrl: outputs.HandOverQueueUrl, MessageBody }]]);
  expect(await waiting()).toBe('1');
  expect(await ask('update_event_source_mapping', { Enabled: true })).toBe('Enabled');
  await vi.waitUntil(async () => (await waiting()) === '0', { timeout: 10_000 });
  await vi.waitUntil(async () => (await executions()).every(({ status }) => status === 'SUCCEEDED'), {
    timeout: 20_000,
  });

  const [rules] = await bySdk([['events', 'list_rules', {}]]);
  const [{ Name } = { Name: '' }] = (rules?.output?.Rules ?? []) as { Name: string }[];
  const states = [];
  for (const operation of ['disable_rule', 'enable_rule'])
    states.push(
      (
        await bySdk([
          ['events', operation, { Name }],
          ['events', 'describe_rule', { Name }],
        ])
      )[1]?.output?.State,
    );
  expect(states).toEqual(['DISABLED', 'ENABLED']);
  const logging = await bySdk([
    ['cloudtrail', 'stop_logging', { Name: 'lab' }],
    ['cloudtrail', 'get_trail_status', { Name: 'lab' }],
    ['cloudtrail', 'start_logging', { Name: 'lab' }],
    ['cloudtrail', 'get_trail_status', { Name: 'lab' }],
  ]);
  expect([logging[1], logging[3]].map((answer) => answer?.output?.IsLogging)).toEqual([false, true]);
});

if (!PYTHON) console.error('SKIPPED: the tests of boto3 against the live lab, as boto3 is not installed');
describe.skipIf(!PYTHON)('boto3', () => {
  test('reads of every service what the SDK reads', async () => {
    const [python, sdk] = [await byBoto3(reads()), await bySdk(reads())];
    for (const [index, [service, operation]] of reads().entries())
      expect(known(python[index]), `${service} ${operation}`).toEqual(known(sdk[index]));
  });

  test('is refused as the SDK is, and told what the lab does not do', async () => {
    const calls = refusals().map(([call]) => call);
    for (const answers of [await byBoto3(calls), await bySdk(calls)])
      for (const [index, [[service, operation], code, message]] of refusals().entries()) {
        expect(answers[index]?.error, `${service} ${operation}`).toMatch(code);
        expect(answers[index]?.message).toMatch(message);
      }
  });
});

/** Members that a client of that age does not know are none of its business. */
const YOUNGER = ['redriveCount', 'redriveStatus', 'redriveStatusReason', 'EventSource'];

function known(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(known);
  if (typeof value !== 'object' || value === null) return value;
  // What a service leaves out, one of them makes an empty list of.
  const members = Object.entries(value).filter(
    ([name, inner]) => !YOUNGER.includes(name) && !(Array.isArray(inner) && inner.length === 0),
  );
  return Object.fromEntries(members.map(([name, inner]) => [name, known(inner)]));
}
