import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { ITEMS } from './items.ts';

/** Whether people hold all permits. They do while the item exists, whatever it holds. */
export function makePauseSwitch({
  environment,
  clients,
  ...ports
}: HandlerDependencies<'dynamoDb'>): () => Promise<boolean> {
  const TableName = environment.variable('tableName');
  return async () => {
    const command = new GetItemCommand({ TableName, Key: { id: { S: ITEMS.pause.id } }, ConsistentRead: true });
    const { Item } = await retrying(ports, () => clients.dynamoDb.send(command));
    return Item !== undefined;
  };
}
