import { type AttributeValue, ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import type { ItemFamily } from './items.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;

/** Keeps an item that only the first of all who try can make; returns the attributes that are kept, that one's. */
export type PutFirst = (key: string, attributes: Attributes) => Promise<Attributes>;

export function makePutFirst(
  { environment, clients, ...ports }: HandlerDependencies<'dynamoDb'>,
  { id, retentionSeconds }: ItemFamily,
): PutFirst {
  const TableName = environment.variable('tableName');
  return async (key, attributes) => {
    const expiresAt = Math.ceil(ports.clock.now() / 1000) + retentionSeconds;
    const command = new PutItemCommand({
      TableName,
      Item: { id: { S: id(key) }, ...attributes, expiresAt: { N: String(expiresAt) } },
      ConditionExpression: 'attribute_not_exists(id)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      await retrying(ports, () => clients.dynamoDb.send(command));
      return attributes;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return error.Item ?? {};
    }
  };
}
