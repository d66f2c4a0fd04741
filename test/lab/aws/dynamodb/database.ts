import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { FakeDynamoDb } from '../../../../lab/aws/dynamodb/fake-dynamodb.ts';
import { clientConfig } from '../../../../lab/aws/sdk/transport.ts';
import { VirtualClock } from '../../../../lab/kernel/clock.ts';

export type Item = Record<string, AttributeValue>;

export const TABLE = 'single';
export const SORTED = 'sorted';
export const KEY = { pk: { S: 'k' } };

/** A fresh database with one table of each kind, behind a real client. */
export function openDatabase() {
  const clock = new VirtualClock();
  const database = new FakeDynamoDb({ clock });
  database.createTable({ tableName: TABLE, partitionKey: { name: 'pk', type: 'S' }, timeToLiveAttribute: 'expires' });
  database.createTable({
    tableName: SORTED,
    partitionKey: { name: 'pk', type: 'S' },
    sortKey: { name: 'sk', type: 'N' },
  });
  const client = new DynamoDBClient({ ...clientConfig(database, { arn: 'arn' }, 'us-east-1') });
  return {
    clock,
    database,
    client,
    put: (item: Item, table = TABLE) => client.send(new PutItemCommand({ TableName: table, Item: item })),
    get: async (key: Item = KEY, table = TABLE) =>
      (await client.send(new GetItemCommand({ TableName: table, Key: key }))).Item,
    update: (input: Partial<UpdateItemCommandInput>) =>
      client.send(new UpdateItemCommand({ TableName: TABLE, Key: KEY, ...input })),
    query: (input: Partial<QueryCommandInput>) => client.send(new QueryCommand({ TableName: SORTED, ...input })),
  };
}
