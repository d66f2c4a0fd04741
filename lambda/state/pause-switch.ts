import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { PAUSE_ITEM } from './core/contract.ts';
import type { Wiring } from './ports.ts';
import { retrying } from './retrying.ts';

/** Whether people hold all turns: an item in the table of shared state says so, whatever else is in it. */
export function makePauseSwitch({ environment, clients, ...ports }: Wiring<'dynamoDb'>): () => Promise<boolean> {
  const TableName = environment.variable('tableName');
  return async () => {
    const command = new GetItemCommand({ TableName, Key: { id: { S: PAUSE_ITEM } }, ConsistentRead: true });
    const { Item } = await retrying(ports, () => clients.dynamoDb.send(command));
    return Item !== undefined;
  };
}
