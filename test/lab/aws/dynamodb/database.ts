import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { FakeDynamoDb } from '../../../../lab/aws/dynamodb/fake-dynamodb.ts';
import { clientConfig } from '../../../../lab/aws/sdk/transport.ts';

export type Item = Record<string, AttributeValue>;

export const TABLE = 'single';
export const KEY = { pk: { S: 'k' } };

/** A fresh database with one table, behind a real client. */
export function openDatabase() {
  const database = new FakeDynamoDb();
  database.createTable({ tableName: TABLE, partitionKey: { name: 'pk', type: 'S' } });
  const client = new DynamoDBClient({ ...clientConfig(database, { arn: 'arn' }, 'us-east-1') });
  return {
    database,
    client,
    put: (item: Item) => client.send(new PutItemCommand({ TableName: TABLE, Item: item })),
    get: async (key: Item = KEY, table = TABLE) =>
      (await client.send(new GetItemCommand({ TableName: table, Key: key }))).Item,
    update: (input: Partial<UpdateItemCommandInput>) =>
      client.send(new UpdateItemCommand({ TableName: TABLE, Key: KEY, ...input })),
  };
}
