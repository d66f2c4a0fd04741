import type { Json, JsonObject } from '../../kernel/json.ts';
import { validation } from './errors.ts';
import type { FakeDynamoDb } from './fake-dynamodb.ts';
import type { Table } from './table.ts';
import { type Item, itemSize } from './values.ts';
import { commit, planDelete, planPut, type Write } from './writes.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MOST_KEYS = 100;
const MOST_BYTES_READ = 16 * 1024 * 1024;
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const MOST_WRITES = 25;

const DUPLICATES = 'Provided list of item keys contains duplicates';

/** What each table is asked for; refused where it is too much. */
function asked(input: JsonObject, operation: string, most: number, listOf: (batch: Json) => Json | undefined) {
  const tables = Object.entries((input.RequestItems ?? {}) as JsonObject).map(([name, batch]) => ({
    name,
    list: (listOf(batch) ?? []) as JsonObject[],
  }));
  const count = tables.reduce((sum, { list }) => sum + list.length, 0);
  if (count === 0) throw validation(`The batch ${operation} must ask for at least one item`);
  if (count > most) throw validation(`Too many items requested for the ${operation} call`);
  return tables;
}

function requireDistinct(table: Table, keys: readonly Item[]): void {
  const texts = keys.map((key) => JSON.stringify(table.keyOf(key)));
  if (new Set(texts).size < texts.length) throw validation(DUPLICATES);
}

/** In the order of the keys, where the real one has none. What is beyond the size of an answer is not processed. */
export function batchGetItem(input: JsonObject, database: FakeDynamoDb): JsonObject {
  const Responses: Record<string, Item[]> = {};
  const UnprocessedKeys: JsonObject = {};
  let bytes = 0;
  for (const { name, list } of asked(input, 'BatchGetItem', MOST_KEYS, (batch) => (batch as JsonObject).Keys)) {
    const table = database.table(name);
    const keys = list.map((key) => table.readKey(key));
    requireDistinct(table, keys);
    const found: Item[] = [];
    const left: Item[] = [];
    for (const key of keys) {
      const item = table.get(key);
      bytes += item ? itemSize(item) : 0;
      if (bytes > MOST_BYTES_READ) left.push(key);
      else if (item) found.push(item);
    }
    Responses[name] = found;
    if (left.length > 0) {
      UnprocessedKeys[name] = { ...((input.RequestItems as JsonObject)[name] as JsonObject), Keys: left };
    }
  }
  return { Responses, UnprocessedKeys };
}

/** All of it or, where something of it cannot be, nothing. */
export function batchWriteItem(input: JsonObject, database: FakeDynamoDb): JsonObject {
  const writes: Write[] = [];
  for (const { name, list } of asked(input, 'BatchWriteItem', MOST_WRITES, (batch) => batch)) {
    const table = database.table(name);
    const planned = list.map(({ PutRequest, DeleteRequest }) =>
      PutRequest
        ? planPut(table, { Item: (PutRequest as JsonObject).Item ?? null })
        : planDelete(table, { Key: (DeleteRequest as JsonObject | undefined)?.Key ?? null }),
    );
    requireDistinct(
      table,
      planned.map(({ key }) => key),
    );
    writes.push(...planned);
  }
  writes.forEach(commit);
  return { UnprocessedItems: {} };
}
