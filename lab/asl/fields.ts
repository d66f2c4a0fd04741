import { UnsupportedError } from '../kernel/aws-service.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { InvalidDefinitionError } from './errors.ts';
import { isExpression, type Place, parseTemplate, type Template } from './template.ts';

export interface Range {
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
}

/** The longest time, in seconds, that Amazon States Language lets a field name. */
export const SECONDS: Range = { min: 0, max: 99_999_999, integer: true };
export const POSITIVE_SECONDS: Range = { ...SECONDS, min: 1 };
export const COUNT: Range = { min: 0, max: Number.POSITIVE_INFINITY, integer: true };

type ParseItem<T> = (item: unknown, path: string, index: number, all: readonly unknown[]) => T;

/** The fields of one JSON object of a definition. Whoever reads them calls `end`, so that none is silently ignored. */
export class Fields {
  readonly path: string;
  readonly #left: Map<string, unknown>;

  constructor(value: unknown, path: string) {
    if (!isJsonObject(value)) throw invalid(path, value, 'an object');
    this.path = path;
    this.#left = new Map(Object.entries(value));
  }

  has(name: string): boolean {
    return this.#left.has(name);
  }

  names(): string[] {
    return [...this.#left.keys()];
  }

  peek(name: string): unknown {
    return this.#left.get(name);
  }

  take(name: string): unknown {
    const value = this.#left.get(name);
    this.#left.delete(name);
    return value;
  }

  invalid(name: string, found: unknown, expected: string): InvalidDefinitionError {
    return invalid(`${this.path}.${name}`, found, expected);
  }

  string(name: string): string {
    const value = this.take(name);
    if (typeof value !== 'string') throw this.invalid(name, value, 'a string');
    return value;
  }

  optionalString(name: string): string | undefined {
    return this.has(name) ? this.string(name) : undefined;
  }

  oneOf<T extends string>(name: string, values: readonly T[], otherwise: T): T {
    if (!this.has(name)) return otherwise;
    const found = this.take(name);
    const value = values.find((candidate) => candidate === found);
    if (value === undefined) throw this.invalid(name, found, values.join(' or '));
    return value;
  }

  number(name: string, range: Range, otherwise: number): number;
  number(name: string, range: Range, otherwise: undefined): number | undefined;
  number(name: string, range: Range, otherwise: number | undefined): number | undefined {
    if (!this.has(name)) return otherwise;
    const value = this.take(name);
    if (!isWithin(value, range)) throw this.invalid(name, value, describe(range));
    return value;
  }

  list<T>(name: string, parse: ParseItem<T>, minimum = 1): T[] {
    const value = this.take(name);
    if (!Array.isArray(value) || value.length < minimum) {
      throw this.invalid(name, value, minimum > 0 ? 'a non-empty array' : 'an array');
    }
    return value.map((item, index) => parse(item, `${this.path}.${name}[${index}]`, index, value));
  }

  optionalList<T>(name: string, parse: ParseItem<T>): T[] {
    return this.has(name) ? this.list(name, parse, 0) : [];
  }

  /** A field whose value may hold expressions at any depth. `within`: the location of this object inside its state. */
  template(name: string, parts: Place['parts'] = [], within = ''): Template | undefined {
    if (!this.has(name)) return undefined;
    return parseTemplate(this.take(name), { path: `${this.path}.${name}`, location: within + name, parts });
  }

  /** A field that holds a string, a number, … or an expression for one. */
  scalar(name: string, isValid: (value: unknown) => boolean, expected: string, within = ''): Template | undefined {
    if (!this.has(name)) return undefined;
    const value = this.take(name);
    if (!isExpression(value) && !isValid(value)) throw this.invalid(name, value, `${expected} or a JSONata expression`);
    return parseTemplate(value, { path: `${this.path}.${name}`, location: within + name });
  }

  scalarNumber(name: string, range: Range): Template | undefined {
    return this.scalar(name, (value) => isWithin(value, range), describe(range));
  }

  /** Refuses, as something the lab does not have, fields that the service would accept. */
  unsupported(...names: string[]): void {
    for (const name of names) {
      if (this.has(name)) throw new UnsupportedError(`${this.path}.${name} is not supported by the lab`);
    }
  }

  end(): void {
    const [name, value] = [...this.#left][0] ?? [];
    if (name !== undefined) throw this.invalid(name, value, 'no such field here');
  }
}

export function invalid(path: string, found: unknown, expected: string): InvalidDefinitionError {
  return new InvalidDefinitionError(path, found === undefined ? 'nothing' : JSON.stringify(found as Json), expected);
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isWithin(value: unknown, { min, max, integer = false }: Range): value is number {
  return typeof value === 'number' && value >= min && value <= max && (!integer || Number.isInteger(value));
}

export const bounds = ({ min, max }: Range): string =>
  max === Number.POSITIVE_INFINITY ? `at least ${min}` : `between ${min} and ${max}`;

export const describe = (range: Range): string => `${range.integer ? 'an integer' : 'a number'} ${bounds(range)}`;
