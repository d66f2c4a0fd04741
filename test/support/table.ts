import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Settings } from '../../lambda/core/settings.ts';
import { FakeDynamoDb } from '../../local/aws/dynamodb/index.ts';
import { clientConfig } from '../../local/aws/transport.ts';
import { VirtualClock } from '../../local/kernel/clock.ts';
import { type Answers, wiringWith } from './wiring.ts';

/** An attribute's value as the table of shared state holds them. */
interface Scalar {
  readonly S?: string;
  readonly N?: string;
}

/** The table of shared state, and wirings that reach it through real clients: each for a function of its own. */
export function openTable() {
  const database = new FakeDynamoDb({ clock: new VirtualClock() });
  database.createTable({ tableName: 'state', partitionKey: { name: 'id', type: 'S' } });
  const items = () => database.items('state') as unknown as Record<string, Scalar>[];
  return {
    open(settings: Partial<Settings> = {}, answers: Answers = {}) {
      const world = wiringWith(answers, settings);
      const dynamoDb = new DynamoDBClient(clientConfig(database, { arn: 'arn' }, 'us-east-1'));
      return { ...world, wiring: { ...world.wiring, clients: { ...world.wiring.clients, dynamoDb } } };
    },
    items,
    item: (id: string) => items().find((item) => item.id?.S === id),
    put: (item: object) => void database.call('PutItem', { TableName: 'state', Item: item as never }),
    remove: (id: string) => void database.call('DeleteItem', { TableName: 'state', Key: { id: { S: id } } }),
  };
}
