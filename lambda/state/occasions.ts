import { ConditionalCheckFailedException, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { occasionOf } from '../core/rerun/occasion.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { ITEMS } from './items.ts';

/** The calls that were made under one id, hours apart. Says when the one of an instant was first made: for everybody the same. */
export type Occasions = (callId: string, atMs: number) => Promise<number>;

/** Kept as a list that only grows: whoever comes later finds what the first one found. */
export function makeOccasions({ environment, clients, ...ports }: HandlerDependencies<'dynamoDb'>): Occasions {
  const TableName = environment.variable('tableName');
  return async (callId, atMs) => {
    const command = new UpdateItemCommand({
      TableName,
      Key: { id: { S: ITEMS.occasion.id(callId) } },
      UpdateExpression: 'SET calls = list_append(if_not_exists(calls, :none), :new), expiresAt = :expiresAt',
      ConditionExpression: 'NOT contains(calls, :at)',
      ExpressionAttributeValues: {
        ':none': { L: [] },
        ':new': { L: [{ N: String(atMs) }] },
        ':at': { N: String(atMs) },
        ':expiresAt': { N: String(Math.ceil(ports.clock.now() / 1000) + ITEMS.occasion.retentionSeconds) },
      },
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    const calls = await retrying(ports, async () => {
      try {
        return (await clients.dynamoDb.send(command)).Attributes?.calls;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return error.Item?.calls;
        throw error;
      }
    });
    return occasionOf(
      (calls?.L ?? []).map(({ N }) => Number(N)),
      atMs,
    );
  };
}
