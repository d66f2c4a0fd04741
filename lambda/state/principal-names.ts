import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { makeItemReader } from './item-reader.ts';
import { ITEMS } from './items.ts';

/** ARNs of roles and users by their unique ids. An id is never given to another one. */
export interface PrincipalNames {
  get(principalId: string): Promise<string | undefined>;
  put(principalId: string, arn: string): Promise<void>;
}

export function makePrincipalNames(dependencies: HandlerDependencies<'dynamoDb'>): PrincipalNames {
  const { environment, clients, ...ports } = dependencies;
  const readItem = makeItemReader(dependencies);
  const TableName = environment.variable('tableName');
  return {
    get: async (principalId) => (await readItem(ITEMS.principal.id(principalId)))?.arn?.S,
    async put(principalId, arn) {
      const expiresAt = Math.ceil(ports.clock.now() / 1000) + ITEMS.principal.retentionSeconds;
      const command = new PutItemCommand({
        TableName,
        Item: {
          id: { S: ITEMS.principal.id(principalId) },
          arn: { S: arn },
          expiresAt: { N: String(expiresAt) },
        },
      });
      await retrying(ports, () => clients.dynamoDb.send(command));
    },
  };
}
