import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { TokenKey } from '../core/identity.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { makeItemReader } from './item-reader.ts';
import { ITEMS } from './items.ts';

const KEY_BYTES = 32;

/** The key of our tokens: whoever needs it first makes it, everybody else finds that one. */
export function makeTokenKey(dependencies: HandlerDependencies<'dynamoDb'>) {
  const { environment, clients, ...ports } = dependencies;
  const readItem = makeItemReader(dependencies);
  const TableName = environment.variable('tableName');
  const id = { S: ITEMS.tokenKey.id };
  let known: TokenKey | undefined;

  async function make(): Promise<TokenKey> {
    const bytes = Array.from({ length: KEY_BYTES }, () => Math.floor(ports.random() * 256));
    const key = Buffer.from(bytes).toString('hex');
    const command = new PutItemCommand({
      TableName,
      Item: { id, key: { S: key } },
      ConditionExpression: 'attribute_not_exists(#key)',
      ExpressionAttributeNames: { '#key': 'key' },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      await retrying(ports, () => clients.dynamoDb.send(command));
      return key;
    } catch (error) {
      // Without a key there is no token that nobody can guess: the attempt is made again.
      const first = error instanceof ConditionalCheckFailedException ? error.Item?.key?.S : undefined;
      if (first === undefined) throw error;
      return first;
    }
  }

  return async (): Promise<TokenKey> => {
    known ??= (await readItem(id.S))?.key?.S ?? (await make());
    return known;
  };
}
