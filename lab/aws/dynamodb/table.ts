import type { Json } from '../../kernel/json.ts';
import { invalid, validation } from './errors.ts';
import { type AttributeValue, type Item, readItem, typeOf } from './values.ts';

export interface KeyAttribute {
  readonly name: string;
  readonly type: 'S' | 'N' | 'B';
}

export interface TableOptions {
  readonly tableName: string;
  readonly partitionKey: KeyAttribute;
}

const MAX_PARTITION_KEY_BYTES = 2048;

/** The items of one table, by their partition key. */
export class Table {
  readonly name: string;
  readonly partitionKey: KeyAttribute;
  /** Attributes other than the key, as JSON: as objects they take half as much again, and whoever asks gets a copy. */
  readonly #items = new Map<string, string>();

  constructor({ tableName, partitionKey }: TableOptions) {
    this.name = tableName;
    this.partitionKey = partitionKey;
  }

  forget(): void {
    this.#items.clear();
  }

  get size(): number {
    return this.#items.size;
  }

  items(): Item[] {
    return Array.from(this.#items, ([id, text]) => this.#item(id, text));
  }

  #item(id: string, text: string): Item {
    const { name, type } = this.partitionKey;
    return { [name]: { [type]: id } as AttributeValue, ...(JSON.parse(text) as Item) };
  }

  /** The key as a caller gave it: exactly the attribute of the schema. */
  readKey(json: Json | undefined): Item {
    const key = readItem(json);
    const value = key[this.partitionKey.name];
    if (!value || typeOf(value) !== this.partitionKey.type || Object.keys(key).length !== 1) {
      throw validation('The provided key element does not match the schema');
    }
    this.#checkKeySize(key);
    return key;
  }

  /** Checks that an item to store has a key of the right type. */
  checkItem(item: Item): void {
    const { name, type } = this.partitionKey;
    const value = item[name];
    if (!value) throw invalid(`Missing the key ${name} in the item`);
    const actual = typeOf(value);
    if (actual !== type) throw invalid(`Type mismatch for key ${name} expected: ${type} actual: ${actual}`);
    this.#checkKeySize(item);
  }

  keyOf(item: Item): Item {
    return { [this.partitionKey.name]: item[this.partitionKey.name] as AttributeValue };
  }

  get(key: Item): Item | undefined {
    const id = this.#id(key);
    const text = this.#items.get(id);
    return text === undefined ? undefined : this.#item(id, text);
  }

  put(item: Item): void {
    const { [this.partitionKey.name]: _, ...attributes } = item;
    this.#items.set(this.#id(item), JSON.stringify(attributes));
  }

  delete(key: Item): void {
    this.#items.delete(this.#id(key));
  }

  /** What the key attribute holds; keys are text, canonical numbers or base64, so one text names one key. */
  #id(item: Item): string {
    return String(Object.values(item[this.partitionKey.name] ?? {})[0]);
  }

  #checkKeySize(item: Item): void {
    const id = this.#id(item);
    if (id === '') {
      const rule = 'The AttributeValue for a key attribute cannot contain an empty string value';
      throw validation(`One or more parameter values are not valid. ${rule}. Key: ${this.partitionKey.name}`);
    }
    if (Buffer.byteLength(id) > MAX_PARTITION_KEY_BYTES) {
      throw invalid('Size of hashkey has exceeded the maximum size limit of2048 bytes');
    }
  }
}
