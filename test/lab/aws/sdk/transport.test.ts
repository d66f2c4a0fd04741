import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ECSClient, RunTaskCommand } from '@aws-sdk/client-ecs';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it, vi } from 'vitest';
import { type CallHooks, clientConfig } from '../../../../lab/aws/sdk/transport.ts';
import { AwsError, type FakeService, UnsupportedError } from '../../../../lab/kernel/aws-service.ts';
import type { JsonObject } from '../../../../lab/kernel/json.ts';
import { holdToModels } from '../held-to-models.ts';

holdToModels();

const PRINCIPAL = { arn: 'arn:aws:sts::111122223333:assumed-role/tester/session' };
const QUEUE_URL = 'https://sqs.us-east-1.amazonaws.com/111122223333/queue';
const MACHINE = 'arn:aws:states:us-east-1:111122223333:stateMachine:machine';
const TOPIC = 'arn:aws:sns:us-east-1:111122223333:topic';

type Answer = FakeService['call'];

const config = (answer: Answer, hooks?: CallHooks, name = 'fake') =>
  clientConfig({ name, call: answer }, PRINCIPAL, 'us-east-1', hooks);

const START = new Date('2026-01-15T03:00:00Z');

/** One call of each client that the project uses: what it sends, what it is answered, what it makes of that. */
const CLIENTS: {
  client: string;
  send: (answer: Answer, hooks?: CallHooks) => Promise<object>;
  operation: string;
  input: JsonObject;
  answer: JsonObject;
  output: object;
}[] = [
  {
    client: 'ECS',
    send: (answer, hooks) =>
      new ECSClient({ ...config(answer, hooks) }).send(new RunTaskCommand({ taskDefinition: 'a:1', clientToken: 't' })),
    operation: 'RunTask',
    input: { taskDefinition: 'a:1', clientToken: 't' },
    answer: { tasks: [{ createdAt: 1768446000.25 }], failures: [] },
    output: { tasks: [{ createdAt: new Date('2026-01-15T03:00:00.250Z') }], failures: [] },
  },
  {
    client: 'Step Functions',
    send: (answer, hooks) =>
      new SFNClient({ ...config(answer, hooks) }).send(
        new StartExecutionCommand({ stateMachineArn: MACHINE, input: '{"a":"ü"}' }),
      ),
    operation: 'StartExecution',
    input: { stateMachineArn: MACHINE, input: '{"a":"ü"}' },
    answer: { executionArn: 'arn', startDate: 1768446000 },
    output: { executionArn: 'arn', startDate: START },
  },
  {
    client: 'DynamoDB',
    send: (answer, hooks) =>
      new DynamoDBClient({ ...config(answer, hooks) }).send(
        new GetItemCommand({ TableName: 'table', Key: { pk: { B: new Uint8Array([1, 2]) } } }),
      ),
    operation: 'GetItem',
    input: { TableName: 'table', Key: { pk: { B: 'AQI=' } } },
    answer: { Item: { pk: { B: 'AQI=' }, n: { N: '1' }, f: { BOOL: false }, s: { SS: ['a'] } } },
    output: { Item: { pk: { B: new Uint8Array([1, 2]) }, n: { N: '1' }, f: { BOOL: false }, s: { SS: ['a'] } } },
  },
  {
    client: 'SQS',
    send: (answer, hooks) =>
      new SQSClient({ ...config(answer, hooks, 'sqs') }).send(
        new SendMessageCommand({ QueueUrl: QUEUE_URL, MessageBody: 'hello' }),
      ),
    operation: 'SendMessage',
    input: { QueueUrl: QUEUE_URL, MessageBody: 'hello' },
    answer: { MessageId: 'id', MD5OfMessageBody: '5d41402abc4b2a76b9719d911017c592' },
    output: { MessageId: 'id', MD5OfMessageBody: '5d41402abc4b2a76b9719d911017c592' },
  },
  {
    client: 'SNS',
    send: (answer, hooks) =>
      new SNSClient({ ...config(answer, hooks, 'sns') }).send(
        new PublishCommand({
          TopicArn: TOPIC,
          Message: 'a=b&c d+ü\n',
          MessageAttributes: { kind: { DataType: 'String', StringValue: 'x y' } },
        }),
      ),
    operation: 'Publish',
    input: {
      TopicArn: TOPIC,
      Message: 'a=b&c d+ü\n',
      MessageAttributes: { kind: { DataType: 'String', StringValue: 'x y' } },
    },
    answer: { MessageId: '<id & "more">' },
    output: { MessageId: '<id & "more">' },
  },
  {
    client: 'CloudTrail',
    send: (answer, hooks) =>
      new CloudTrailClient({ ...config(answer, hooks) }).send(new LookupEventsCommand({ StartTime: START })),
    operation: 'LookupEvents',
    input: { StartTime: 1768446000 },
    answer: { Events: [{ EventId: 'id', EventTime: 1768446000 }] },
    output: { Events: [{ EventId: 'id', EventTime: START }] },
  },
];

describe.each(CLIENTS)('the $client client', ({ send, operation, input, answer, output }) => {
  it('brings the request to the fake and its answer back', async () => {
    const call = vi.fn((): JsonObject => answer);
    expect(await send(call)).toMatchObject(output);
    expect(call).toHaveBeenCalledExactlyOnceWith(operation, input, PRINCIPAL);
  });

  it('settles its very first call within one turn of the event loop', async () => {
    let settled: unknown;
    send(() => answer).then(() => {
      settled = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(true);
  });

  it('names an injected 500, sees its status and does not retry', async () => {
    const names: string[] = [];
    const around = async <T>(service: string, called: string, effect: () => T | Promise<T>): Promise<T> => {
      names.push(service, called);
      await effect();
      throw new AwsError('InternalServerError', 'injected', { status: 500 });
    };
    const call = vi.fn((): JsonObject => answer);
    await expect(send(call, { around })).rejects.toMatchObject({
      name: 'InternalServerError',
      $metadata: { httpStatusCode: 500, attempts: 1 },
    });
    expect(call).toHaveBeenCalledOnce();
    expect(names).toEqual([expect.any(String), operation]);
  });

  it('is stopped before the effect by a hook that throws', async () => {
    const call = vi.fn((): JsonObject => answer);
    const around = async () => {
      throw new AwsError('ServiceUnavailable', 'injected', { status: 503 });
    };
    await expect(send(call, { around })).rejects.toMatchObject({ name: 'ServiceUnavailable' });
    expect(call).not.toHaveBeenCalled();
  });

  it.each([
    ['what a fake does not support', new UnsupportedError('no')],
    ['a defect of a fake', new TypeError('undefined is not a function')],
  ])('reports %s besides rejecting', async (_, error) => {
    const onUnsupported = vi.fn();
    const call = () => {
      throw error;
    };
    await expect(send(call, { onUnsupported })).rejects.toBe(error);
    expect(onUnsupported).toHaveBeenCalledExactlyOnceWith(error);
  });
});

describe('errors of the services', () => {
  const refuse = (error: AwsError) => () => {
    throw error;
  };
  const byName = Object.fromEntries(CLIENTS.map((row) => [row.client, row.send]));

  it.each([
    ['ECS', new AwsError('ConflictException', 'm', { members: { resourceIds: ['t1'] } }), { resourceIds: ['t1'] }],
    ['ECS', new AwsError('ThrottlingException', 'Rate exceeded'), {}],
    ['Step Functions', new AwsError('ExecutionAlreadyExists', 'Execution Already Exists: x'), {}],
    [
      'DynamoDB',
      new AwsError('ConditionalCheckFailedException', 'The conditional request failed', {
        members: { Item: { n: { N: '1' } } },
      }),
      { Item: { n: { N: '1' } } },
    ],
    [
      'SQS',
      new AwsError('QueueDoesNotExist', 'The specified queue does not exist.'),
      { Code: 'AWS.SimpleQueueService.NonExistentQueue' },
    ],
    ['SQS', new AwsError('InvalidParameterValue', 'too long'), { Code: 'InvalidParameterValue', Type: 'Sender' }],
    ['SNS', new AwsError('NotFoundException', 'Topic does not exist', { status: 404 }), { Code: 'NotFound' }],
    ['SNS', new AwsError('InvalidParameterException', 'Invalid parameter: <Subject>'), { Code: 'InvalidParameter' }],
    ['CloudTrail', new AwsError('InvalidNextTokenException', 'no'), {}],
  ])('of %s arrive as the SDK names them: %s', async (client, error, members) => {
    await expect(byName[client]?.(refuse(error))).rejects.toMatchObject({
      name: error.code,
      message: error.message,
      $metadata: { httpStatusCode: error.status },
      ...members,
    });
  });
});
