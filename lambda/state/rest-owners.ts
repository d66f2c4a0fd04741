import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Occasion } from '../core/identity.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { ITEMS } from './items.ts';

/**
 * Takes what is left of a call for an execution; returns the one that sees to it, which is the first that asked. Two may come upon
 * the same answer, each by another record. Both derive the same tokens, which ECS forgets after an hour, and room may take longer.
 */
export type RestOwners = (occasion: Occasion, execution: string) => Promise<string>;

export function makeRestOwners({ environment, clients, ...ports }: HandlerDependencies<'dynamoDb'>): RestOwners {
  const TableName = environment.variable('tableName');
  return async ({ callId, occasion }, execution) => {
    const command = new PutItemCommand({
      TableName,
      Item: {
        id: { S: ITEMS.rest.id(`${callId}#${occasion}`) },
        execution: { S: execution },
        expiresAt: { N: String(Math.ceil(ports.clock.now() / 1000) + ITEMS.rest.retentionSeconds) },
      },
      ConditionExpression: 'attribute_not_exists(id)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      await retrying(ports, () => clients.dynamoDb.send(command));
      return execution;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return error.Item?.execution?.S ?? execution;
    }
  };
}
