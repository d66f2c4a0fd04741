import { UnsupportedError } from '../../kernel/aws-service.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { validation } from './errors.ts';
import type { Table } from './table.ts';
import { type Item, itemSize } from './values.ts';
import { commit, planDelete, planPut, type Write } from './writes.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MOST_KEYS = 100;
const MOST_BYTES_READ = 16 * 1024 * 1024;
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const MOST_WRITES = 25;

/** Where a batch finds the tables that it names. */
interface Tables {
  table(name: string): Table;
}

/** What each table is asked for; refused where it is nothing, or too much in all. */
function asked(input: JsonObject, operation: string, most: number, listOf: (batch: Json) => Json | undefined) {
  const tables = Object.entries((input.RequestItems ?? {}) as JsonObject).map(([name, batch]) => ({
    name,
    list: (listOf(batch) ?? []) as JsonObject[],
  }));
  const count = tables.reduce((sum, { list }) => sum + list.length, 0);
  if (tables.length === 0 || tables.some(({ list }) => list.length === 0))
    throw validation(`${operation} must ask each table for at least one item`);
  if (count > most) throw validation(`Too many items requested for the ${operation} call`);
  return tables;
}

/** Keys alone: whatever else a batch may say is refused loudly, not passed over. */
function keysOf(batch: Json): Json | undefined {
  const { Keys, ConsistentRead: _, ...others } = batch as JsonObject;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new UnsupportedError(`dynamodb BatchGetItem with ${other}`);
  return Keys;
}

/** The one thing that a request to write asks for. */
function planned(table: Table, request: JsonObject): Write {
  const [first, ...others] = Object.entries(request) as [string, JsonObject][];
  if (!first || others.length > 0) throw validation('A write request must hold either a put or a delete');
  const [kind, content] = first;
  return kind === 'PutRequest' ? planPut(table, content) : planDelete(table, content);
}

function requireDistinct(table: Table, keys: readonly Item[]): void {
  const texts = keys.map((key) => JSON.stringify(table.keyOf(key)));
  if (new Set(texts).size < texts.length) throw validation('Provided list of item keys contains duplicates');
}

/** In the order of the keys, where the real one has none. What is beyond the size of an answer is not processed. */
export function batchGetItem(input: JsonObject, database: Tables): JsonObject {
  const Responses: Record<string, Item[]> = {};
  const UnprocessedKeys: JsonObject = {};
  let bytes = 0;
  for (const { name, list } of asked(input, 'BatchGetItem', MOST_KEYS, keysOf)) {
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
export function batchWriteItem(input: JsonObject, database: Tables): JsonObject {
  const writes: Write[] = [];
  for (const { name, list } of asked(input, 'BatchWriteItem', MOST_WRITES, (batch) => batch)) {
    const table = database.table(name);
    const ofTable = list.map((request) => planned(table, request));
    requireDistinct(
      table,
      ofTable.map(({ key }) => key),
    );
    writes.push(...ofTable);
  }
  writes.forEach(commit);
  return { UnprocessedItems: {} };
}
