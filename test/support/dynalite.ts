import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import dynalite from 'dynalite';
import type { Item } from '../../lab/aws/dynamodb/fake-dynamodb.ts';
import type { TableOptions } from '../../lab/aws/dynamodb/table.ts';
import { AwsError, type FakeService } from '../../lab/kernel/aws-service.ts';
import type { JsonObject } from '../../lab/kernel/json.ts';

/**
 * DynamoDB as others wrote it: https://github.com/architect/dynalite, in memory and on the loopback interface.
 * It takes the place of the lab's own, whose answers are then held against its.
 */
export class Dynalite implements FakeService {
  readonly name = 'dynamodb';
  readonly #server: Server = dynalite({ createTableMs: 0 });
  readonly #tables = new Map<unknown, TableOptions>();
  #ready = new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));

  /** Whatever is asked from now on waits until the table is there. */
  createTable(table: TableOptions): void {
    this.#tables.set(table.tableName, table);
    this.#ready = this.#ready.then(() => this.#create(table));
  }

  async items(TableName: string): Promise<Item[]> {
    const { Items } = await this.call('Scan', { TableName, ConsistentRead: true });
    return Items as unknown as Item[];
  }

  async call(operation: string, input: JsonObject): Promise<JsonObject> {
    await this.#ready;
    const { status, body } = await this.#ask(operation, input);
    if (status === 200) return body;
    const code = String(body.__type).replace(/^.*#/, '');
    throw new AwsError(code, String(body.message), { status, members: await this.#oldItem(code, input) });
  }

  close(): Promise<void> {
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }

  /** dynalite does not know ReturnValuesOnConditionCheckFailure: what it holds is read right after the refusal. */
  async #oldItem(code: string, input: JsonObject): Promise<JsonObject> {
    const isWanted = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
    if (code !== 'ConditionalCheckFailedException' || !isWanted) return {};
    const { TableName = null, Key, Item } = input;
    const table = this.#tables.get(TableName);
    const key = Object.entries((Key ?? Item) as JsonObject).filter(([name]) => name === table?.partitionKey.name);
    return (await this.#ask('GetItem', { TableName, Key: Object.fromEntries(key), ConsistentRead: true })).body;
  }

  async #create({ tableName: TableName, partitionKey }: TableOptions): Promise<void> {
    const { name: AttributeName, type: AttributeType } = partitionKey;
    await this.#ask('CreateTable', {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName, AttributeType }],
      KeySchema: [{ AttributeName, KeyType: 'HASH' }],
    });
    const isActive = async () => {
      const { body } = await this.#ask('DescribeTable', { TableName });
      return (body.Table as JsonObject).TableStatus === 'ACTIVE';
    };
    while (!(await isActive())) await setTimeout(5);
  }

  async #ask(operation: string, input: JsonObject): Promise<{ status: number; body: JsonObject }> {
    const credential = 'AWS4-HMAC-SHA256 Credential=LAB/20260115/us-east-1/dynamodb/aws4_request';
    const response = await fetch(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'x-amz-date': '20260115T030000Z',
        authorization: `${credential}, SignedHeaders=host, Signature=lab`,
      },
      body: JSON.stringify(input),
    });
    return { status: response.status, body: (await response.json()) as JsonObject };
  }
}
