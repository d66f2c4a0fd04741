import { readdirSync, readFileSync } from 'node:fs';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, GetQueryResultsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { SendTaskHeartbeatCommand, SFNClient } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { Permissions } from '../../../lab/aws/iam/permissions.ts';
import { clientConfig } from '../../../lab/aws/sdk/transport.ts';
import { Faults } from '../../../lab/faults/faults.ts';
import type { AwsError } from '../../../lab/kernel/aws-service.ts';
import { VirtualClock } from '../../../lab/kernel/clock.ts';
import type { JsonObject } from '../../../lab/kernel/json.ts';
import { faultSchema, OPERATIONS } from '../../../lab/scenario/fault-schema.ts';
import type { Policies } from '../../../lab/stack/policies.ts';
import { holdToModels } from './held-to-models.ts';
import { FAKES, REFUSALS, type Refusal } from './refusals.table.ts';
import { errorsOf, queryCodeOf, statusesOf } from './sdk-models.ts';
import { accountWith, CRON, RUN_TASK, refusalOf } from './world.ts';

holdToModels();

const services = Object.keys(REFUSALS);

/** Any request of a client, which is answered by this error. */
const CLIENTS: Readonly<Record<string, (config: Config) => Promise<object>>> = {
  cloudtrail: (config) => new CloudTrailClient(config).send(new LookupEventsCommand({})),
  cloudwatch: (config) => new CloudWatchClient(config).send(new DescribeAlarmsCommand({})),
  dynamodb: (config) => new DynamoDBClient(config).send(new GetItemCommand({ TableName: 't', Key: {} })),
  ecs: (config) => new ECSClient(config).send(new ListTasksCommand({})),
  logs: (config) => new CloudWatchLogsClient(config).send(new GetQueryResultsCommand({ queryId: 'q' })),
  sns: (config) => new SNSClient(config).send(new PublishCommand({ Message: 'text' })),
  sqs: (config) =>
    new SQSClient(config).send(new GetQueueAttributesCommand({ QueueUrl: 'https://sqs.us-east-1.amazonaws.com/1/q' })),
  states: (config) => new SFNClient(config).send(new SendTaskHeartbeatCommand({ taskToken: 't' })),
};
type Config = ReturnType<typeof clientConfig>;

/** The operation has this error with this status, and a client of the SDK understands it. */
async function expectToFit(service: string, operation: string, error: AwsError): Promise<void> {
  const { code: name, message, status, members } = error;
  expect(statusesOf(service, operation, name), `${service} ${operation} ${name}`).toContain(status);
  const call = () => {
    throw error;
  };
  const config = { ...clientConfig({ name: service, call }, { arn: 'arn' }, 'us-east-1') };
  const seen = await CLIENTS[service]?.(config).catch((reason: object) => reason);
  expect(seen).toMatchObject({ name, message, $metadata: { httpStatusCode: status }, ...members });
  // Handlers ask for the class of an error that the model has.
  if (errorsOf(service).includes(name)) expect(seen?.constructor.name).toBe(name);
  if (service === 'sqs' || service === 'sns')
    expect(seen).toMatchObject({ Error: { Code: queryCodeOf(service, name) } });
}

/** What a fresh fake answers to a request of the table. */
async function provoke(service: string, [operation, , input, before]: Refusal): Promise<AwsError> {
  const ask = FAKES[service]?.() ?? expect.unreachable(`no fake of ${service}`);
  before?.(ask);
  // Executions reach their first task.
  await new Promise(setImmediate);
  return refusalOf(() => ask(operation, input));
}

describe.each(services)('%s refuses', (service) => {
  const cases = (REFUSALS[service] ?? []).map((refusal) => ({ operation: refusal[0], code: refusal[1], refusal }));
  test.each(cases)('$operation as $code, as the operation’s model has it', async ({ operation, code, refusal }) => {
    const error = await provoke(service, refusal);
    expect(error).toMatchObject({ code, message: expect.stringMatching(/./) });
    await expectToFit(service, operation, error);
  });
});

describe('what stands between a client and a fake refuses in the words of the operation:', () => {
  const operations = Object.entries(OPERATIONS).flatMap(([service, names]) =>
    names.map((operation) => ({ service, operation })),
  );
  test.each(operations)('a fault in $service $operation', async ({ service, operation }) => {
    const faults = [
      { kind: 'serviceError', service, probability: 1 },
      { kind: 'serviceError', service, probability: 1, error: 'throttling' },
      { kind: 'serviceOutage', service, from: 0, seconds: 1 },
    ];
    for (const fault of faults) {
      const disturbance = new Faults([faultSchema.parse(fault)], 1, new VirtualClock()).call(service, operation);
      await expectToFit(service, operation, disturbance?.error as AwsError);
    }
  });

  const table = 'arn:aws:dynamodb:us-east-1:111122223333:table/table';
  const [QueueUrl, queue] = [
    'https://sqs.us-east-1.amazonaws.com/111122223333/work',
    'arn:aws:sqs:us-east-1:111122223333:work',
  ];
  test.each<[service: string, operation: string, input: JsonObject, encrypted?: string]>([
    ['cloudtrail', 'LookupEvents', {}],
    ['cloudwatch', 'DescribeAlarms', { AlarmNames: ['storm'] }],
    ['logs', 'StartQuery', { logGroupNames: ['one'] }],
    ['dynamodb', 'PutItem', { TableName: 'table' }, table],
    ['ecs', 'RunTask', RUN_TASK],
    ['sns', 'Publish', { TopicArn: 'topic' }, 'topic'],
    ['sqs', 'SendMessage', { QueueUrl }, queue],
    ['states', 'StartExecution', { stateMachineArn: 'machine' }, 'machine'],
  ])(
    'a missing permission for %s %s, or for the key of its data',
    async (service, operation, input, encrypted = '') => {
      const role = 'arn:aws:iam::111122223333:role/cron';
      const refusal = (Action: string) => {
        const policies: Policies = {
          ofRoles: new Map([[role, [{ Effect: 'Allow', Action: [Action], Resource: ['*'], Condition: {} }]]]),
          ofResources: new Map(),
          keys: new Map([[encrypted, 'arn:aws:kms:us-east-1:111122223333:key/key']]),
          executionRoles: new Map([[encrypted, role]]),
        };
        const permissions = new Permissions(policies, accountWith(), () => undefined);
        return refusalOf(() => permissions.require(CRON.arn, service, operation, input));
      };
      await expectToFit(service, operation, refusal('none:None'));
      if (encrypted) {
        const error = refusal(`${service}:*`);
        expect(error.message).toContain('kms:');
        await expectToFit(service, operation, error);
      }
    },
  );
});

/** All names of errors in a fake's source: those of its service's model, and whatever is thrown as an AwsError. */
function namedIn(service: string): Set<string> {
  const folder = new URL(`../../../lab/aws/${service}/`, import.meta.url);
  const files = readdirSync(folder);
  const text = files.map((file) => readFileSync(new URL(file, folder), 'utf8')).join('\n');
  const names = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => String(name));
  const known = errorsOf(service);
  return new Set([...names(/'(\w+)'/g).filter((name) => known.includes(name)), ...names(/new AwsError\(\s*'(\w+)'/g)]);
}

test.each(services)('no error in the source of %s is without a request that provokes it', (service) => {
  const provoked = new Set(REFUSALS[service]?.map(([, code]) => code));
  expect(namedIn(service)).toEqual(provoked);
});
