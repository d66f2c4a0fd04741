import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, GetQueryResultsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ECSClient, RunTaskCommand } from '@aws-sdk/client-ecs';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { direct } from '../../../../lab/aws/sdk/direct-client.ts';
import { clientConfig, type InProcessClientConfig } from '../../../../lab/aws/sdk/transport.ts';
import { AwsError, LostConnectionError } from '../../../../lab/kernel/aws-service.ts';
import type { JsonObject } from '../../../../lab/kernel/json.ts';

const QueueUrl = 'https://sqs.us-east-1.amazonaws.com/111122223333/queue';
const SECONDS = 1768446000.25;
const role = { Path: '/', RoleName: 'r', RoleId: 'AROA', Arn: 'arn', CreateDate: SECONDS };

type Client = { send(command: never): Promise<object> };
type Case = [service: string, make: (config: InProcessClientConfig) => Client, command: object, answer: JsonObject];

/** One call of each client that handlers use. */
const CASES: Case[] = [
  [
    'ecs',
    (config) => new ECSClient(config),
    new RunTaskCommand({ taskDefinition: 'a:1', clientToken: 't' }),
    { tasks: [{ taskArn: 'ü', createdAt: SECONDS }], failures: [] },
  ],
  [
    'states',
    (config) => new SFNClient(config),
    new StartExecutionCommand({ stateMachineArn: 'arn', input: '{"a":"ü"}' }),
    { executionArn: 'arn', startDate: SECONDS },
  ],
  [
    'dynamodb',
    (config) => new DynamoDBClient(config),
    new PutItemCommand({ TableName: 't', Item: { id: { B: new Uint8Array([1, 2]) } } }),
    { Attributes: { id: { B: 'AQI=' }, n: { N: '1' } } },
  ],
  [
    'sqs',
    (config) => new SQSClient(config),
    new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }),
    { MessageId: 'id', MD5OfMessageBody: '5d41402abc4b2a76b9719d911017c592' },
  ],
  [
    'cloudtrail',
    (config) => new CloudTrailClient(config),
    new LookupEventsCommand({ StartTime: new Date(SECONDS * 1000) }),
    { Events: [{ EventId: 'id', EventTime: SECONDS }] },
  ],
  [
    'cloudwatch',
    (config) => new CloudWatchClient(config),
    new DescribeAlarmsCommand({ AlarmNames: ['a'] }),
    { MetricAlarms: [{ AlarmName: 'a', StateUpdatedTimestamp: SECONDS }] },
  ],
  [
    'logs',
    (config) => new CloudWatchLogsClient(config),
    new GetQueryResultsCommand({ queryId: 'q' }),
    { status: 'Complete', results: [[{ field: 'f', value: 'v' }]] },
  ],
  ['iam', (config) => new IAMClient(config), new GetRoleCommand({ RoleName: 'r' }), { Role: role }],
];

/** What the service is asked, and what the caller is told, where the client goes its whole way or straight. */
async function outcomes([name, make, command]: Case, call: () => JsonObject) {
  const play = async (wrap: (client: Client) => Client) => {
    const asked: unknown[] = [];
    const service = {
      name,
      call: (operation: string, input: JsonObject) => {
        asked.push(operation, input);
        return call();
      },
    };
    const told = await wrap(make(clientConfig(service, { arn: 'arn' }, 'us-east-1')))
      .send(command as never)
      .then(
        (output: object) => ({ ...output, $metadata: undefined }),
        (error) => ({ ...error, kind: error.constructor.name, message: error.message, $metadata: statusOf(error) }),
      );
    return { asked, told };
  };
  return [await play((client) => client), await play(direct)] as const;
}

const statusOf = ({ $metadata }: { $metadata?: { httpStatusCode?: number; requestId?: string } }) =>
  $metadata && { status: $metadata.httpStatusCode, requestId: $metadata.requestId };

describe.each(CASES)('a client that goes straight to %s', (...case_) => {
  test('asks and is answered as one that goes its whole way', async () => {
    const [whole, straight] = await outcomes(case_, () => case_[3]);
    expect(straight).toEqual(whole);
    expect(straight.asked).toHaveLength(2);
  });

  test.each(['ThrottlingException', 'AccessDeniedException', 'ConditionalCheckFailedException', 'NoSuchEntity', 'New'])(
    'is refused by %s as one that goes its whole way',
    async (code) => {
      const [whole, straight] = await outcomes(case_, () => {
        throw new AwsError(code, 'why', { status: 400, members: { Item: { id: { S: 'a' } } } });
      });
      expect(straight).toEqual(whole);
      expect(straight.told).toMatchObject({ message: 'why' });
    },
  );

  test('hears of no answer as one that goes its whole way', async () => {
    const [whole, straight] = await outcomes(case_, () => {
      throw new LostConnectionError();
    });
    expect(straight.told).toMatchObject({ kind: 'LostConnectionError' });
    expect(whole.told).toMatchObject({ kind: 'LostConnectionError' });
  });
});
