import { type AttributeValue, BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import DataLoader from 'dataloader';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { NotProcessedError, retrying } from '../runtime/sdk-retry.ts';

export type Item = Readonly<Record<string, AttributeValue>>;

/** Reads an item by its id, as it was last written; undefined where there is none. */
export type ReadItem = (id: string) => Promise<Item | undefined>;

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MOST_KEYS = 100;

/** Reads items of the state table. Those that are asked for at once come in one request. */
export function makeItemReader({ environment, clients, ...ports }: HandlerDependencies<'dynamoDb'>): ReadItem {
  const TableName = environment.variable('tableName');

  async function readAll(ids: readonly string[]): Promise<(Item | undefined)[]> {
    const found = new Map<string | undefined, Item>();
    // A request must not name a key twice.
    let Keys: Record<string, AttributeValue>[] = [...new Set(ids)].map((id) => ({ id: { S: id } }));
    await retrying(ports, async () => {
      const command = new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } });
      const { Responses, UnprocessedKeys } = await clients.dynamoDb.send(command);
      for (const item of Responses?.[TableName] ?? []) found.set(item.id?.S, item);
      Keys = UnprocessedKeys?.[TableName]?.Keys ?? [];
      if (Keys.length > 0) throw new NotProcessedError();
    });
    return ids.map((id) => found.get(id));
  }

  const loader = new DataLoader(readAll, { cache: false, maxBatchSize: MOST_KEYS, batchScheduleFn: queueMicrotask });
  return (id) => loader.load(id);
}
