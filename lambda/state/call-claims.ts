import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Claim } from '../core/rerun/claim.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { ITEMS } from './items.ts';

/** Names that are taken: a name is a call's identity, and a call has one request. */
export interface CallClaims {
  /** Takes a name for a request; returns whose it is, by the first claim that ever was. */
  claim(name: string, claim: Claim): Promise<Claim>;
}

export function makeCallClaims({ environment, clients, ...ports }: HandlerDependencies<'dynamoDb'>): CallClaims {
  const TableName = environment.variable('tableName');
  return {
    async claim(name, claim) {
      const expiresAt = Math.ceil(ports.clock.now() / 1000) + ITEMS.call.retentionSeconds;
      const command = new PutItemCommand({
        TableName,
        Item: {
          id: { S: ITEMS.call.id(name) },
          digest: { S: claim.digest },
          atMs: { N: String(claim.atMs) },
          expiresAt: { N: String(expiresAt) },
        },
        ConditionExpression: 'attribute_not_exists(id)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      try {
        await retrying(ports, () => clients.dynamoDb.send(command));
        return claim;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return { digest: error.Item?.digest?.S ?? '', atMs: Number(error.Item?.atMs?.N ?? 0) };
      }
    },
  };
}
