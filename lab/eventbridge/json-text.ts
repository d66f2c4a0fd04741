import { UnsupportedError } from '../kernel/aws-service.ts';

/** A JSON number as it was written. The rule engine compares some numbers by their spelling (see `numbers.ts`). */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): number {
    return Number(this.text);
  }
}

/** A JSON object with every member it was written with, in order, duplicate names included. */
export class Members {
  readonly entries: readonly (readonly [string, JsonText])[];

  constructor(entries: readonly (readonly [string, JsonText])[]) {
    this.entries = entries;
  }

  /** The last member of this name: what `JSON.parse` would keep. */
  get(name: string): JsonText | undefined {
    return this.entries.findLast(([key]) => key === name)?.[1];
  }

  toJSON(): unknown {
    return Object.fromEntries(this.entries);
  }
}

/** JSON with nothing lost. */
export type JsonText = null | boolean | string | NumberText | Members | JsonText[];

/** What Jackson, the rule engine's parser, reads at most (StreamReadConstraints). */
const MAX_DEPTH = 1000;

const TOKENS = /[{}[\]]|"(?:[^"\\]|\\.)*"|[^\s{}[\]:,"]+/g;

const LITERALS: Readonly<Record<string, JsonText>> = { null: null, true: true, false: false };

/**
 * Parses JSON and keeps what `JSON.parse` drops and AWS's rule engine, which reads a stream of tokens, sees: duplicate
 * names and how numbers are spelled. Throws a `SyntaxError` as `JSON.parse` does.
 */
export function parseJsonText(source: string): JsonText {
  JSON.parse(source); // the judge of syntax: what follows may take well-formed text for granted
  const tokens = source.match(TOKENS) ?? [];
  let position = 0;

  const scalar = (token: string): JsonText => {
    if (token.startsWith('"')) return JSON.parse(token) as string;
    return token in LITERALS ? (LITERALS[token] as JsonText) : new NumberText(token);
  };
  const value = (depth: number): JsonText => {
    const token = tokens[position++] as string;
    if (token !== '{' && token !== '[') return scalar(token);
    if (depth === MAX_DEPTH) throw new UnsupportedError(`JSON nested deeper than ${MAX_DEPTH} levels`);
    if (token === '[') {
      const elements: JsonText[] = [];
      while (tokens[position] !== ']') elements.push(value(depth + 1));
      position++;
      return elements;
    }
    const entries: [string, JsonText][] = [];
    while (tokens[position] !== '}') {
      const name = JSON.parse(tokens[position++] as string) as string;
      entries.push([name, value(depth + 1)]);
    }
    position++;
    return new Members(entries);
  };
  return value(0);
}

/** The same for JSON that is parsed already: duplicate names are gone, numbers have JavaScript's spelling. */
export function toJsonText(value: unknown): JsonText {
  if (value instanceof Members || value instanceof NumberText) return value;
  if (Array.isArray(value)) return value.map(toJsonText);
  if (typeof value === 'number') return new NumberText(String(value));
  if (typeof value === 'object' && value !== null) {
    return new Members(Object.entries(value).map(([key, member]) => [key, toJsonText(member)] as const));
  }
  return value as null | boolean | string;
}
