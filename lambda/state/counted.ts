import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { ITEMS } from './items.ts';

/**
 * Whether something was not counted before: events are delivered more than once. What was counted by this very message may
 * have been lost with the function that did it, so it counts as new.
 */
export function makeCounted({ environment, clients, ...ports }: HandlerDependencies<'dynamoDb'>) {
  const TableName = environment.variable('tableName');
  return async function isNew(name: string, messageId = ''): Promise<boolean> {
    const expiresAt = Math.ceil(ports.clock.now() / 1000) + ITEMS.counted.retentionSeconds;
    const command = new PutItemCommand({
      TableName,
      Item: {
        id: { S: ITEMS.counted.id(name) },
        expiresAt: { N: String(expiresAt) },
        ...(messageId && { countedBy: { S: messageId } }),
      },
      ConditionExpression: `attribute_not_exists(id)${messageId && ' OR countedBy = :messageId'}`,
      ...(messageId && { ExpressionAttributeValues: { ':messageId': { S: messageId } } }),
    });
    try {
      await retrying(ports, () => clients.dynamoDb.send(command));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };
}
