import type { Json } from '../../kernel/json.ts';
import { invalid, validation } from './errors.ts';
import { type AttributeValue, type Item, order, readItem, typeOf } from './values.ts';

export interface KeyAttribute {
  readonly name: string;
  readonly type: 'S' | 'N' | 'B';
}

export interface TableOptions {
  readonly tableName: string;
  readonly partitionKey: KeyAttribute;
  readonly sortKey?: KeyAttribute;
  /**
   * Removes nothing: the service deletes expired items days late, and until then every read shows them.
   * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
   */
  readonly timeToLiveAttribute?: string;
}

const MAX_PARTITION_KEY_BYTES = 2048;
const MAX_SORT_KEY_BYTES = 1024;

/** The items of one table, by key. Items are never changed in place. */
export class Table {
  readonly name: string;
  readonly partitionKey: KeyAttribute;
  readonly sortKey: KeyAttribute | undefined;
  readonly keyNames: readonly string[];
  readonly #items = new Map<string, Item>();
  /** Kept in the order of the sort key, for queries. */
  readonly #partitions = new Map<string, Item[]>();

  constructor({ tableName, partitionKey, sortKey }: TableOptions) {
    this.name = tableName;
    this.partitionKey = partitionKey;
    this.sortKey = sortKey;
    this.keyNames = sortKey ? [partitionKey.name, sortKey.name] : [partitionKey.name];
  }

  items(): Item[] {
    return [...this.#items.values()];
  }

  /** The key as a caller gave it: exactly the attributes of the schema. */
  readKey(json: Json | undefined): Item {
    const key = readItem(json);
    const matches = (attribute: KeyAttribute | undefined) =>
      !attribute || (key[attribute.name] && typeOf(key[attribute.name] as AttributeValue) === attribute.type);
    const complete = matches(this.partitionKey) && matches(this.sortKey);
    if (!complete || Object.keys(key).length !== this.keyNames.length) {
      throw validation('The provided key element does not match the schema');
    }
    this.#checkKeySize(key);
    return key;
  }

  /** Checks that an item to store has a key of the right types. */
  checkItem(item: Item): void {
    for (const { name, type } of [this.partitionKey, ...(this.sortKey ? [this.sortKey] : [])]) {
      const value = item[name];
      if (!value) throw invalid(`Missing the key ${name} in the item`);
      const actual = typeOf(value);
      if (actual !== type) throw invalid(`Type mismatch for key ${name} expected: ${type} actual: ${actual}`);
    }
    this.#checkKeySize(item);
  }

  keyOf(item: Item): Item {
    return Object.fromEntries(this.keyNames.map((name) => [name, item[name] as AttributeValue]));
  }

  get(key: Item): Item | undefined {
    return this.#items.get(this.#id(key));
  }

  put(item: Item): void {
    this.delete(item);
    this.#items.set(this.#id(item), item);
    if (!this.sortKey) return;
    const partition = this.#partition(item);
    partition.splice(this.#position(partition, item), 0, item);
  }

  delete(key: Item): void {
    const existed = this.#items.delete(this.#id(key));
    if (!existed || !this.sortKey) return;
    const partition = this.#partition(key);
    partition.splice(this.#position(partition, key), 1);
  }

  /** The items under one partition key, in order, and where in it a key is or would be. */
  partition(key: Item): { items: readonly Item[]; position: (key: Item) => number } {
    const only = this.#items.get(text(key[this.partitionKey.name]));
    const items = this.sortKey ? (this.#partitions.get(text(key[this.partitionKey.name])) ?? []) : only ? [only] : [];
    return { items, position: (start) => this.#position(items, start) };
  }

  #partition(key: Item): Item[] {
    const id = text(key[this.partitionKey.name]);
    const partition = this.#partitions.get(id) ?? [];
    this.#partitions.set(id, partition);
    return partition;
  }

  #position(items: readonly Item[], key: Item): number {
    const name = this.sortKey?.name;
    if (name === undefined) return 0;
    let [low, high] = [0, items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((order(items[middle]?.[name], key[name]) ?? 0) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #id(key: Item): string {
    const partition = text(key[this.partitionKey.name]);
    return this.sortKey ? `${partition.length}:${partition}${text(key[this.sortKey.name])}` : partition;
  }

  #checkKeySize(item: Item): void {
    for (const name of this.keyNames) {
      if (text(item[name]) !== '') continue;
      const rule = 'The AttributeValue for a key attribute cannot contain an empty string value';
      throw validation(`One or more parameter values are not valid. ${rule}. Key: ${name}`);
    }
    if (Buffer.byteLength(text(item[this.partitionKey.name])) > MAX_PARTITION_KEY_BYTES) {
      throw invalid('Size of hashkey has exceeded the maximum size limit of2048 bytes');
    }
    if (this.sortKey && Buffer.byteLength(text(item[this.sortKey.name])) > MAX_SORT_KEY_BYTES) {
      throw invalid('Aggregated size of all range keys has exceeded the size limit of 1024 bytes');
    }
  }
}

/** What a key attribute holds; keys are text, canonical numbers or base64, so one text names one key. */
const text = (value: AttributeValue | undefined): string => (value ? String(Object.values(value)[0]) : '');
