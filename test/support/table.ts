import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { onTestFinished } from 'vitest';
import { FakeDynamoDb } from '../../lab/aws/dynamodb/fake-dynamodb.ts';
import { clientConfig } from '../../lab/aws/sdk/transport.ts';
import type { Settings } from '../../lambda/core/settings.ts';
import { type Answers, dependenciesWith } from './dependencies.ts';
import { Dynalite } from './dynalite.ts';

/** An attribute's value as the table of shared state holds them. */
interface Scalar {
  readonly S?: string;
  readonly N?: string;
}

/** The table of shared state in the lab's DynamoDB, and handler dependencies that reach it through real clients: each for a function of its own. */
export const openTable = () => openTableIn(new FakeDynamoDb());

/** The same in a DynamoDB that others wrote, which answers later and in whatever order it is done. */
function openTableInDynalite() {
  const database = new Dynalite();
  onTestFinished(() => database.close());
  return openTableIn(database);
}

/** What depends on conditional writes is tested in both: `describe.each(TABLES)('…, in %s', (_, openTable) => …)`. */
export const TABLES = [
  ['the lab’s DynamoDB', openTable],
  ['dynalite', openTableInDynalite],
] as const;

function openTableIn(database: FakeDynamoDb | Dynalite) {
  database.createTable({ tableName: 'state', partitionKey: { name: 'id', type: 'S' } });
  /** By their ids: a table has no order. */
  async function items() {
    const all = (await database.items('state')) as unknown as Record<string, Scalar>[];
    return all.toSorted((a, b) => String(a.id?.S).localeCompare(String(b.id?.S)));
  }
  return {
    open(settings: Partial<Settings> = {}, answers: Answers = {}) {
      const world = dependenciesWith(answers, settings);
      const dynamoDb = new DynamoDBClient(clientConfig(database, { arn: 'arn' }, 'us-east-1'));
      return {
        ...world,
        dependencies: { ...world.dependencies, clients: { ...world.dependencies.clients, dynamoDb } },
      };
    },
    items,
    item: async (id: string) => (await items()).find((item) => item.id?.S === id),
    put: async (item: object) => void (await database.call('PutItem', { TableName: 'state', Item: item as never })),
    remove: async (id: string) =>
      void (await database.call('DeleteItem', { TableName: 'state', Key: { id: { S: id } } })),
  };
}
