import { parseDefinition } from '../../../lab/asl/index.ts';
import { FakeDynamoDb } from '../../../lab/aws/dynamodb/fake-dynamodb.ts';
import { FakeSns } from '../../../lab/aws/sns/fake-sns.ts';
import { FakeSqs } from '../../../lab/aws/sqs/fake-sqs.ts';
import { FakeStates } from '../../../lab/aws/states/fake-states.ts';
import { VirtualClock } from '../../../lab/kernel/clock.ts';
import type { Json, JsonObject } from '../../../lab/kernel/json.ts';
import { randomStream } from '../../../lab/kernel/random.ts';
import { machine } from '../asl/support.ts';
import { CRON, RUN_TASK, world } from './world.ts';

/** Asks one operation of a fake; throws what the fake answers. */
export type Ask = (operation: string, input: JsonObject) => JsonObject;
/** An operation, the error it answers, a request that provokes it, and what has to be asked before. */
export type Refusal = readonly [operation: string, code: string, input: JsonObject, before?: (ask: Ask) => void];

const arn = (service: string, name: string) => `arn:aws:${service}:us-east-1:111122223333:${name}`;
const url = (name: string) => `https://sqs.us-east-1.amazonaws.com/111122223333/${name}`;
const random = () => randomStream(1, 'refusals');
const LONG = 'x'.repeat(1_048_577);

/** One fake of each service, as small as it can be: one request empties each bucket. */
export const FAKES: Readonly<Record<string, () => Ask>> = {
  cloudtrail() {
    const { trail } = world();
    return (operation, input) => trail.call(operation, input);
  },
  dynamodb() {
    const database = new FakeDynamoDb();
    database.createTable({ tableName: 'table', partitionKey: { name: 'pk', type: 'S' } });
    return (operation, input) => database.call(operation, input);
  },
  ecs() {
    const once = { burst: 1, refillPerSecond: 0.001 };
    const { call } = world({ buckets: { clusterResourceModify: { ...once, burst: 2 }, clusterResourceRead: once } });
    return call;
  },
  sns() {
    const sns = new FakeSns({ clock: new VirtualClock(), random: random() });
    sns.createTopic({ arn: arn('sns', 'topic') });
    return (operation, input) => sns.call(operation, input);
  },
  sqs() {
    const sqs = new FakeSqs({ clock: new VirtualClock(), random: random() });
    const settings = { visibilityTimeoutSeconds: 30, delaySeconds: 0, retentionSeconds: 345_600 };
    sqs.createQueue({ name: 'work', arn: arn('sqs', 'work'), url: url('work'), ...settings });
    return (operation, input) => sqs.call(operation, input, CRON);
  },
  states() {
    const states = new FakeStates({
      clock: new VirtualClock(),
      seed: 1,
      startExecution: { burst: 2, refillPerSecond: 0.001 },
      runTask: (call) => states.awaitToken('token', call),
      onStarted: () => {},
      onClosed: () => {},
      onRedriven: () => {},
      onUnsupported: () => {},
      keepsHistory: true,
    });
    const definition = machine({
      Task: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: {}, End: true },
    });
    const options = { arn: arn('states', 'stateMachine:machine'), name: 'machine', roleArn: 'role' };
    states.createStateMachine({ ...options, definition: parseDefinition(definition as Json) });
    return (operation, input) => states.call(operation, input);
  },
};

const MACHINE = { stateMachineArn: arn('states', 'stateMachine:machine') };
const ONE = { executionArn: arn('states', 'execution:machine:one') };
const START = { ...MACHINE, name: 'one' };
const start = (ask: Ask) => void ask('StartExecution', START);
const LOOK_UP = { LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'RunTask' }] };
const entries = (count: number, idOf: (n: number) => string): JsonObject[] =>
  Array.from({ length: count }, (_, n) => ({ Id: idOf(n), ReceiptHandle: 'handle' }));
const WORK = { QueueUrl: url('work') };
const NOWHERE = { QueueUrl: url('nowhere') };
const PUBLISH = { TopicArn: arn('sns', 'topic'), Message: 'text' };
const KEY = { pk: { S: 'k' } };
const UNHELD = { ConditionExpression: 'attribute_exists(pk)' };
const many = <T>(count: number, each: (n: number) => T) => Array.from({ length: count }, (_, n) => each(n));

export const REFUSALS: Readonly<Record<string, readonly Refusal[]>> = {
  cloudtrail: [
    ['LookupEvents', 'ThrottlingException', LOOK_UP, (ask) => many(2, () => ask('LookupEvents', LOOK_UP))],
    [
      'LookupEvents',
      'InvalidLookupAttributesException',
      { LookupAttributes: many(2, () => ({ AttributeKey: 'EventName', AttributeValue: 'RunTask' })) },
    ],
    ['LookupEvents', 'InvalidMaxResultsException', { MaxResults: 51 }],
    ['LookupEvents', 'InvalidTimeRangeException', { StartTime: 2, EndTime: 1 }],
    ['LookupEvents', 'InvalidNextTokenException', { NextToken: 'token' }],
  ],
  dynamodb: [
    ...['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'].flatMap((operation): Refusal[] => {
      const key = operation === 'PutItem' ? 'Item' : 'Key';
      return [
        [operation, 'ResourceNotFoundException', { TableName: 'nowhere', [key]: KEY }],
        [operation, 'ValidationException', { TableName: 'table', [key]: {} }],
      ];
    }),
    ...['BatchGetItem', 'BatchWriteItem'].flatMap((operation): Refusal[] => {
      const batch = (...keys: JsonObject[]): Json =>
        operation === 'BatchGetItem' ? { Keys: keys } : keys.map((Item) => ({ PutRequest: { Item } }));
      const tooMany = Array.from({ length: 101 }, (_, n) => ({ pk: { S: `k${n}` } }));
      return [
        [operation, 'ResourceNotFoundException', { RequestItems: { nowhere: batch(KEY) } }],
        [operation, 'ValidationException', { RequestItems: { table: batch({}) } }],
        [operation, 'ValidationException', { RequestItems: { table: batch(KEY, KEY) } }],
        [operation, 'ValidationException', { RequestItems: { table: batch(...tooMany) } }],
        [operation, 'ValidationException', { RequestItems: {} }],
        [operation, 'ValidationException', { RequestItems: { table: batch() } }],
      ];
    }),
    ['PutItem', 'ConditionalCheckFailedException', { TableName: 'table', Item: KEY, ...UNHELD }],
    ['UpdateItem', 'ConditionalCheckFailedException', { TableName: 'table', Key: KEY, ...UNHELD }],
    ['DeleteItem', 'ConditionalCheckFailedException', { TableName: 'table', Key: KEY, ...UNHELD }],
    [
      'PutItem',
      'ConditionalCheckFailedException',
      {
        TableName: 'table',
        Item: KEY,
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
      (ask) => void ask('PutItem', { TableName: 'table', Item: { ...KEY, n: { N: '1' } } }),
    ],
  ],
  ecs: [
    ['RunTask', 'ThrottlingException', RUN_TASK, (ask) => many(2, () => ask('RunTask', RUN_TASK))],
    ['RunTask', 'SerializationException', { ...RUN_TASK, count: '1' }],
    ['RunTask', 'ClusterNotFoundException', { ...RUN_TASK, cluster: 'nowhere' }],
    ['RunTask', 'ClientException', { ...RUN_TASK, taskDefinition: 'nothing' }],
    ['RunTask', 'InvalidParameterException', { ...RUN_TASK, count: 11 }],
    [
      'RunTask',
      'ConflictException',
      { ...RUN_TASK, clientToken: 'token', count: 2 },
      (ask) => void ask('RunTask', { ...RUN_TASK, clientToken: 'token' }),
    ],
    [
      'StopTask',
      'ThrottlingException',
      { cluster: 'batch', task: 'task' },
      (ask) => many(2, () => ask('RunTask', RUN_TASK)),
    ],
    ['StopTask', 'ClusterNotFoundException', { cluster: 'nowhere', task: 'task' }],
    ['StopTask', 'InvalidParameterException', { cluster: 'batch', task: 'task' }],
    ...['DescribeTasks', 'ListTasks', 'ListClusters'].map(
      (operation): Refusal => [
        operation,
        'ThrottlingException',
        { tasks: ['task'] },
        (ask) => void ask('ListClusters', {}),
      ],
    ),
    ['DescribeTasks', 'ClusterNotFoundException', { cluster: 'nowhere', tasks: ['task'] }],
    ['DescribeTasks', 'InvalidParameterException', { tasks: [] }],
    ['ListTasks', 'ClusterNotFoundException', { cluster: 'nowhere' }],
    ['ListTasks', 'InvalidParameterException', { startedBy: 'me', family: 'report' }],
  ],
  sns: [
    ['Publish', 'InvalidParameterException', { ...PUBLISH, Subject: '\n' }],
    ['Publish', 'NotFoundException', { ...PUBLISH, TopicArn: arn('sns', 'nowhere') }],
  ],
  sqs: [
    ...[
      'SendMessage',
      'ReceiveMessage',
      'DeleteMessage',
      'DeleteMessageBatch',
      'ChangeMessageVisibility',
      'GetQueueAttributes',
    ].map((operation): Refusal => [operation, 'QueueDoesNotExist', NOWHERE]),
    ['SendMessage', 'MissingParameter', WORK],
    ['SendMessage', 'InvalidMessageContents', { ...WORK, MessageBody: '\u0000' }],
    ['SendMessage', 'InvalidParameterValue', { ...WORK, MessageBody: LONG }],
    ['ReceiveMessage', 'InvalidParameterValue', { ...WORK, MaxNumberOfMessages: 11 }],
    [
      'ReceiveMessage',
      'OverLimit',
      WORK,
      (ask) => {
        for (let n = 0; n < 12_000; n++) {
          many(10, () => ask('SendMessage', { ...WORK, MessageBody: 'x' }));
          ask('ReceiveMessage', { ...WORK, MaxNumberOfMessages: 10 });
        }
      },
    ],
    ['DeleteMessage', 'MissingParameter', WORK],
    ['DeleteMessage', 'ReceiptHandleIsInvalid', { ...WORK, ReceiptHandle: 'handle' }],
    ['DeleteMessageBatch', 'EmptyBatchRequest', { ...WORK, Entries: [] }],
    ['DeleteMessageBatch', 'TooManyEntriesInBatchRequest', { ...WORK, Entries: entries(11, (n) => `${n}`) }],
    ['DeleteMessageBatch', 'BatchEntryIdsNotDistinct', { ...WORK, Entries: entries(2, () => 'same') }],
    ['ChangeMessageVisibility', 'MissingParameter', WORK],
    ['ChangeMessageVisibility', 'ReceiptHandleIsInvalid', { ...WORK, ReceiptHandle: 'handle', VisibilityTimeout: 1 }],
    ['ChangeMessageVisibility', 'InvalidParameterValue', { ...WORK, ReceiptHandle: 'handle', VisibilityTimeout: -1 }],
    ['StartMessageMoveTask', 'ResourceNotFoundException', { SourceArn: arn('sqs', 'nowhere') }],
    ['StartMessageMoveTask', 'InvalidParameterValue', { SourceArn: arn('sqs', 'work') }],
  ],
  states: [
    ['StartExecution', 'ThrottlingException', START, (ask) => many(2, () => start(ask))],
    ['StartExecution', 'StateMachineDoesNotExist', { stateMachineArn: arn('states', 'stateMachine:nothing') }],
    ['StartExecution', 'InvalidName', { ...START, name: 'a b' }],
    ['StartExecution', 'InvalidExecutionInput', { ...START, input: '{' }],
    ['StartExecution', 'ExecutionAlreadyExists', { ...START, input: '{"a":1}' }, start],
    ['ListExecutions', 'StateMachineDoesNotExist', { stateMachineArn: arn('states', 'stateMachine:nothing') }],
    ['ListExecutions', 'InvalidToken', { ...MACHINE, nextToken: 'none' }],
    ['ListExecutions', 'ValidationException', { ...MACHINE, maxResults: 1001 }],
    ['GetExecutionHistory', 'InvalidToken', { ...ONE, nextToken: 'none' }, start],
    ...['DescribeExecution', 'StopExecution', 'GetExecutionHistory'].map(
      (operation): Refusal => [operation, 'ExecutionDoesNotExist', ONE],
    ),
    ['DescribeStateMachine', 'StateMachineDoesNotExist', { stateMachineArn: arn('states', 'stateMachine:nothing') }],
    ['RedriveExecution', 'ExecutionDoesNotExist', { executionArn: arn('states', 'execution:machine:none') }],
    ['RedriveExecution', 'ExecutionNotRedrivable', { executionArn: arn('states', 'execution:machine:one') }, start],
    ...['SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat'].flatMap((operation): Refusal[] => [
      [operation, 'InvalidToken', { taskToken: '', output: '{}' }],
      [operation, 'TaskTimedOut', { taskToken: 'gone', output: '{}' }],
    ]),
    ['SendTaskSuccess', 'InvalidOutput', { taskToken: 'token', output: '{' }, start],
  ],
};
