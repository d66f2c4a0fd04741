import type { Json, JsonObject } from '../../kernel/json.ts';
import { ExpressionError, validation } from './errors.ts';
import type { Path } from './paths.ts';
import { TokenStream } from './tokens.ts';
import { type AttributeValue, readValue } from './values.ts';

interface Parsed<Tree> {
  readonly tree: Tree;
  readonly aliases: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
}

export type Parser<Tree> = (source: string) => Parsed<Tree>;

/** So many kept expressions are more than a program has that names no attributes after the time. */
const MOST_KEPT = 500;

/** A parser that keeps what it parsed: a program sends the same few expressions over and over. */
export function parser<Tree>(read: (tokens: TokenStream) => Tree): Parser<Tree> {
  const cache = new Map<string, Parsed<Tree>>();
  return (source) => {
    const known = cache.get(source);
    if (known) return known;
    if (source === '') throw new ExpressionError('The expression can not be empty;');
    const tokens = new TokenStream(source);
    const tree = read(tokens);
    if (!tokens.atEnd()) throw tokens.unexpected();
    const parsed = { tree, aliases: tokens.aliases, values: tokens.values };
    if (cache.size >= MOST_KEPT) cache.clear();
    cache.set(source, parsed);
    return parsed;
  };
}

/** What `#names` and `:values` stand for in one request. */
export class Scope {
  readonly #names: Readonly<Record<string, string>>;
  readonly #values: Readonly<Record<string, AttributeValue>>;

  constructor(names: Readonly<Record<string, string>>, values: Readonly<Record<string, AttributeValue>>) {
    this.#names = names;
    this.#values = values;
  }

  path(path: Path): Path {
    return path.map((step) => (typeof step === 'string' ? (this.#names[step] ?? step) : step));
  }

  value(name: string): AttributeValue {
    return this.#values[name] as AttributeValue;
  }
}

type Trees<Parsers> = { [P in keyof Parsers]: Parsers[P] extends Parser<infer Tree> ? Tree | undefined : never };

/** Reads a request's expressions. Every name and value must be defined, and every one defined must be used. */
export function readExpressions<Parsers extends Readonly<Record<string, Parser<unknown>>>>(
  input: JsonObject,
  parsers: Parsers,
): { trees: Trees<Parsers>; scope: Scope } {
  const sources = Object.keys(parsers).filter((parameter) => input[parameter] !== undefined);
  const names = readMap(input, 'ExpressionAttributeNames', '#', String);
  const values = readMap(input, 'ExpressionAttributeValues', ':', readValue);
  if (sources.length === 0 && input.ExpressionAttributeNames !== undefined) {
    throw validation('ExpressionAttributeNames can only be specified when using expressions');
  }
  if (sources.every((parameter) => parameter === 'ProjectionExpression') && Object.keys(values).length > 0) {
    const absent = Object.keys(parsers).filter((parameter) => parameter !== 'ProjectionExpression');
    const are = absent.length > 1 ? 'are' : 'is';
    const rule = 'ExpressionAttributeValues can only be specified when using expressions';
    throw validation(`${rule}: ${absent.join(' and ')} ${are} null`);
  }
  const unused = { names: new Set(Object.keys(names)), values: new Set(Object.keys(values)) };
  const trees: Record<string, unknown> = {};
  for (const parameter of sources) {
    within(parameter, () => {
      const parsed = (parsers[parameter] as Parser<unknown>)(String(input[parameter]));
      for (const name of parsed.aliases) {
        const rule = 'An expression attribute name used in the document path is not defined';
        if (!Object.hasOwn(names, name)) throw new ExpressionError(`${rule}; attribute name: ${name}`);
        unused.names.delete(name);
      }
      for (const value of parsed.values) {
        const rule = 'An expression attribute value used in expression is not defined';
        if (!Object.hasOwn(values, value)) throw new ExpressionError(`${rule}; attribute value: ${value}`);
        unused.values.delete(value);
      }
      trees[parameter] = parsed.tree;
    });
  }
  for (const [parameter, left] of [
    ['ExpressionAttributeNames', unused.names],
    ['ExpressionAttributeValues', unused.values],
  ] as const) {
    const rule = `Value provided in ${parameter} unused in expressions`;
    if (left.size > 0) throw validation(`${rule}: keys: {${[...left].join(', ')}}`);
  }
  return { trees: trees as Trees<Parsers>, scope: new Scope(names, values) };
}

/** Says in which parameter an expression is wrong, as the service does. */
export function within<T>(parameter: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ExpressionError ? validation(`Invalid ${parameter}: ${error.message}`) : error;
  }
}

function readMap<T>(input: JsonObject, parameter: string, mark: string, read: (json: Json) => T): Record<string, T> {
  const given = input[parameter];
  if (given === undefined) return {};
  const entries = Object.entries(given as JsonObject);
  if (entries.length === 0) throw validation(`${parameter} must not be empty`);
  for (const [key] of entries) {
    const isKey = key.startsWith(mark) && /^.\w+$/.test(key);
    if (!isKey) throw validation(`${parameter} contains invalid key: Syntax error; key: "${key}"`);
  }
  return Object.fromEntries(entries.map(([key, json]) => [key, read(json)]));
}

export const projectionParser = parser((tokens) => tokens.list(() => tokens.expectPath()));
