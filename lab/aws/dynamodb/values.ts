import { isObject, type Json } from '../../kernel/json.ts';
import { invalid, validation } from './errors.ts';
import { canonicalNumber, compareNumbers, numberSize } from './numbers.ts';

export type AttributeValue =
  | { S: string }
  | { N: string }
  | { B: string }
  | { BOOL: boolean }
  | { NULL: boolean }
  | { M: Item }
  | { L: AttributeValue[] }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: string[] };

export type Item = { [name: string]: AttributeValue };

type KeysOf<Union> = Union extends unknown ? keyof Union : never;
export type Type = KeysOf<AttributeValue>;

export const typeOf = (value: AttributeValue): Type => Object.keys(value)[0] as Type;

const text = (json: Json): string => {
  if (typeof json !== 'string') throw validation('Supplied AttributeValue holds a member of the wrong type');
  return json;
};

function set(json: Json, read: (member: Json) => string): string[] {
  if (!Array.isArray(json) || json.length === 0) throw invalid('An AttributeValue may not contain an empty set');
  const members = json.map(read);
  if (new Set(members).size < members.length) {
    throw invalid(`Input collection [${members.join(', ')}] contains duplicates.`);
  }
  return members;
}

const READERS: { readonly [T in Type]: (content: Json) => AttributeValue } = {
  S: (content) => ({ S: text(content) }),
  N: (content) => ({ N: canonicalNumber(text(content)) }),
  B: (content) => ({ B: text(content) }),
  BOOL: (content) => ({ BOOL: content === true }),
  NULL: (content) => {
    if (content !== true) throw invalid('Null attribute value types must have the value of true');
    return { NULL: true };
  },
  M: (content) => ({ M: readItem(content) }),
  L: (content) => ({ L: (content as Json[]).map(readValue) }),
  SS: (content) => ({ SS: set(content, text) }),
  NS: (content) => ({ NS: set(content, (member) => canonicalNumber(text(member))) }),
  BS: (content) => ({ BS: set(content, text) }),
};

/** Checks a value from outside and copies it: what is stored is never shared with a caller. */
export function readValue(json: Json): AttributeValue {
  const [type, ...others] = isObject(json) ? Object.keys(json) : [];
  const must = 'must contain exactly one of the supported datatypes';
  if (type === undefined || !(type in READERS)) throw validation(`Supplied AttributeValue is empty, ${must}`);
  if (others.length > 0) throw validation(`Supplied AttributeValue has more than one datatypes set, ${must}`);
  return READERS[type as Type]((json as { [key: string]: Json })[type] as Json);
}

export function readItem(json: Json | undefined): Item {
  if (!isObject(json)) throw validation('Expected a map of attribute values');
  const item: Item = {};
  for (const [name, value] of Object.entries(json)) item[name] = readValue(value);
  return item;
}

/** Sets are equal whatever their order; everything else was brought to one spelling when it was read. */
export function equal(a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  if (a === undefined || b === undefined || typeOf(a) !== typeOf(b)) return false;
  if ('M' in a && 'M' in b) {
    const names = Object.keys(a.M);
    return names.length === Object.keys(b.M).length && names.every((name) => equal(a.M[name], b.M[name]));
  }
  if ('L' in a && 'L' in b) return a.L.length === b.L.length && a.L.every((member, i) => equal(member, b.L[i]));
  const [x, y] = [membersOf(a), membersOf(b)];
  if (x && y) return x.length === y.length && x.every((member) => y.includes(member));
  return Object.values(a)[0] === Object.values(b)[0];
}

/** The members of a set; undefined for every other type. */
export function membersOf(value: AttributeValue): string[] | undefined {
  if ('SS' in value) return value.SS;
  if ('NS' in value) return value.NS;
  return 'BS' in value ? value.BS : undefined;
}

/** Negative, zero or positive; undefined where the two cannot be ordered. Text is ordered by its UTF-8 bytes. */
export function order(a: AttributeValue | undefined, b: AttributeValue | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  if ('N' in a && 'N' in b) return compareNumbers(a.N, b.N);
  if ('S' in a && 'S' in b) return Buffer.compare(Buffer.from(a.S), Buffer.from(b.S));
  if ('B' in a && 'B' in b) return Buffer.compare(Buffer.from(a.B, 'base64'), Buffer.from(b.B, 'base64'));
  return undefined;
}

const total = <T>(members: readonly T[], size: (member: T) => number): number =>
  members.reduce((sum, member) => sum + size(member), 0);

const binarySize = (base64: string): number => Buffer.byteLength(base64, 'base64');

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
export function itemSize(item: Item): number {
  return total(Object.entries(item), ([name, value]) => Buffer.byteLength(name) + valueSize(value));
}

function valueSize(value: AttributeValue): number {
  if ('S' in value) return Buffer.byteLength(value.S);
  if ('N' in value) return numberSize(value.N);
  if ('B' in value) return binarySize(value.B);
  if ('M' in value) return 3 + Object.keys(value.M).length + itemSize(value.M);
  if ('L' in value) return 3 + value.L.length + total(value.L, valueSize);
  if ('SS' in value) return total(value.SS, (member) => Buffer.byteLength(member));
  if ('NS' in value) return total(value.NS, numberSize);
  return 'BS' in value ? total(value.BS, binarySize) : 1;
}
