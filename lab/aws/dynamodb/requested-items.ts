import type { Json, JsonObject } from '../../kernel/json.ts';

/** What a batch reads of a table, or writes to it. */
type Batch =
  | { readonly Keys?: readonly Json[] }
  | readonly { readonly PutRequest?: Put; readonly DeleteRequest?: Delete }[];
interface Put {
  readonly Item?: Json;
}
interface Delete {
  readonly Key?: Json;
}

/** The items that a request names, by table, each by its key or whole; a request that names none is about its table. */
export function requestedItems({ TableName, Key, Item, RequestItems }: JsonObject): [table: string, items: Json[]][] {
  if (RequestItems === undefined) return [[String(TableName), [Key ?? Item].filter((item) => item !== undefined)]];
  return Object.entries(RequestItems as unknown as Record<string, Batch>).map(([table, batch]) => {
    const items =
      'map' in batch
        ? batch.map(({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key)
        : (batch.Keys ?? []);
    return [table, items.filter((item) => item !== undefined)];
  });
}

/** How many items DynamoDB bills a request for: those of a batch, or one. */
export const billedItems = (input: JsonObject): number =>
  input.RequestItems === undefined ? 1 : requestedItems(input).reduce((sum, [, items]) => sum + items.length, 0);
