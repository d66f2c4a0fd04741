import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import dynalite from 'dynalite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeDynamoDb } from '../../../../local/aws/dynamodb/index.ts';
import type { TableOptions } from '../../../../local/aws/dynamodb/table.ts';
import { AwsError } from '../../../../local/aws/service.ts';
import type { JsonObject } from '../../../../local/kernel/json.ts';
import { report } from '../../../../local/report.ts';
import { readScenario } from '../../../../local/scenario.ts';
import { eventful, scenarioOf } from '../scenarios.ts';

/** What was asked of the lab's DynamoDB, and what it answered. */
interface Exchange {
  readonly operation: string;
  readonly input: JsonObject;
  readonly answer: JsonObject;
}

/** https://github.com/architect/dynalite: DynamoDB on LevelDB, in memory here. */
let server: Server;
beforeEach(async () => {
  server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => void server.close(resolve)));

async function ask(operation: string, input: JsonObject): Promise<JsonObject> {
  const credential = 'AWS4-HMAC-SHA256 Credential=LAB/20260115/us-east-1/dynamodb/aws4_request';
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'x-amz-date': '20260115T030000Z',
      authorization: `${credential}, SignedHeaders=host, Signature=lab`,
    },
    body: JSON.stringify(input),
  });
  const body = (await response.json()) as JsonObject;
  return response.ok ? body : { error: String(body.__type).replace(/^.*#/, '') };
}

/** dynalite does not know ReturnValuesOnConditionCheckFailure: what it has is asked for after the refusal. */
async function askWithOldItem({ operation, input }: Exchange, tables: readonly TableOptions[]): Promise<JsonObject> {
  const answer = await ask(operation, input);
  if (answer.error === undefined || input.ReturnValuesOnConditionCheckFailure !== 'ALL_OLD') return answer;
  const table = tables.find(({ tableName }) => tableName === input.TableName);
  const names = [table?.partitionKey.name, table?.sortKey?.name];
  const item = (input.Key ?? input.Item) as JsonObject;
  const Key = Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)));
  return { ...answer, ...(await ask('GetItem', { TableName: input.TableName as string, Key, ConsistentRead: true })) };
}

/** Plays a scenario and writes down all that was asked of the lab's DynamoDB. */
async function listen(scenario: JsonObject): Promise<{ tables: TableOptions[]; exchanges: Exchange[] }> {
  const tables: TableOptions[] = [];
  const exchanges: Exchange[] = [];
  const { call, createTable } = FakeDynamoDb.prototype;
  vi.spyOn(FakeDynamoDb.prototype, 'createTable').mockImplementation(function (this: FakeDynamoDb, options) {
    tables.push(options);
    createTable.call(this, options);
  });
  vi.spyOn(FakeDynamoDb.prototype, 'call').mockImplementation(function (this: FakeDynamoDb, operation, input) {
    const heard = { operation, input: structuredClone(input) };
    try {
      const answer = call.call(this, operation, input);
      exchanges.push({ ...heard, answer: structuredClone(answer) });
      return answer;
    } catch (error) {
      if (error instanceof AwsError) exchanges.push({ ...heard, answer: { error: error.code, ...error.members } });
      throw error;
    }
  });
  await report(readScenario(JSON.stringify(scenario), 'test.json'));
  vi.restoreAllMocks();
  return { tables, exchanges };
}

const describeTable = ({ tableName, partitionKey, sortKey }: TableOptions): JsonObject => {
  const keys = [{ ...partitionKey, KeyType: 'HASH' }, ...(sortKey ? [{ ...sortKey, KeyType: 'RANGE' }] : [])];
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
    KeySchema: keys.map(({ name, KeyType }) => ({ AttributeName: name, KeyType })),
  };
};

async function create(table: TableOptions): Promise<void> {
  await ask('CreateTable', describeTable(table));
  const isActive = async () => {
    const { Table } = await ask('DescribeTable', { TableName: table.tableName });
    return (Table as JsonObject).TableStatus === 'ACTIVE';
  };
  while (!(await isActive())) await setTimeout(5);
}

describe('all that a whole run asks of DynamoDB', () => {
  it.each([
    ['with faults', scenarioOf('faults.json')],
    ['with failed starts and a sweep', eventful()],
  ])('dynalite answers as the lab does: %s', async (_, scenario) => {
    const { tables, exchanges } = await listen(scenario);
    for (const table of tables) await create(table);
    const answers: JsonObject[] = [];
    for (const exchange of exchanges) answers.push(await askWithOldItem(exchange, tables));
    expect(answers).toEqual(exchanges.map(({ answer }) => answer));
    // Neither all accepted nor all refused: the conditions were put to the test.
    expect(answers.filter(({ error }) => error === 'ConditionalCheckFailedException').length).toBeGreaterThan(10);
    expect(answers.filter(({ error }) => error === undefined).length).toBeGreaterThan(100);
  });
});
