import { ExpressionError } from './errors.ts';
import type { Path } from './paths.ts';
import { RESERVED_WORDS } from './reserved-words.ts';

interface Token {
  readonly kind: 'word' | 'alias' | 'value' | 'index' | 'symbol' | 'end';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN =
  /\s*(?:(?<word>[A-Za-z_]\w*)|(?<alias>#\w+)|(?<value>:\w+)|(?<index>\d+)|(?<symbol><>|<=|>=|[=<>()[\],.+-])|(?<end>$))/y;

/** The tokens of one expression. It remembers which `#names` and `:values` the expression uses. */
export class TokenStream {
  readonly aliases = new Set<string>();
  readonly values = new Set<string>();
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #position = 0;

  constructor(source: string) {
    this.#source = source;
    TOKEN.lastIndex = 0;
    for (;;) {
      const from = TOKEN.lastIndex;
      const match = TOKEN.exec(source);
      const found = Object.entries(match?.groups ?? {}).find(([, text]) => text !== undefined);
      if (!found) throw this.#syntaxError(source.slice(from).trim().charAt(0), source.slice(Math.max(0, from - 10)));
      const [kind, text] = found as [Token['kind'], string];
      this.#tokens.push({ kind, text, start: TOKEN.lastIndex - text.length, end: TOKEN.lastIndex });
      if (kind === 'end') return;
    }
  }

  get position(): number {
    return this.#position;
  }

  /** Whether the token `ahead` is this symbol or keyword; keywords match in any case. */
  at(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return (token.kind === 'symbol' || token.kind === 'word') && token.text.toUpperCase() === text;
  }

  atEnd(): boolean {
    return this.#peek().kind === 'end';
  }

  take(text: string): boolean {
    const found = this.at(text);
    if (found) this.#position += 1;
    return found;
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.unexpected();
  }

  /** The name of the function that begins here, if one does. */
  takeFunction(): string | undefined {
    if (this.#peek().kind !== 'word' || !this.at('(', 1)) return undefined;
    const name = this.#peek().text;
    this.#position += 2;
    return name;
  }

  takeValue(): string | undefined {
    const { kind, text } = this.#peek();
    if (kind !== 'value') return undefined;
    this.#position += 1;
    this.values.add(text);
    return text;
  }

  expectValue(): string {
    const value = this.takeValue();
    if (value === undefined) throw this.unexpected();
    return value;
  }

  /** A document path; its aliases are still spelled `#name`, which no attribute's own name in a path can be. */
  expectPath(): Path {
    const path: (string | number)[] = [this.#expectName()];
    for (;;) {
      if (this.take('.')) path.push(this.#expectName());
      else if (this.take('[')) {
        const { kind, text } = this.#peek();
        if (kind !== 'index') throw this.unexpected();
        this.#position += 1;
        path.push(Number(text));
        this.expect(']');
      } else return path;
    }
  }

  /** One or more, separated by commas. */
  list<T>(read: () => T): T[] {
    const members = [read()];
    while (this.take(',')) members.push(read());
    return members;
  }

  unexpected(): ExpressionError {
    const token = this.#peek();
    const from = this.#tokens[Math.max(0, this.#position - 1)] ?? token;
    const to = this.#tokens[this.#position + 1] ?? token;
    return this.#syntaxError(token.kind === 'end' ? '<EOF>' : token.text, this.#source.slice(from.start, to.end));
  }

  #expectName(): string {
    const { kind, text } = this.#peek();
    if (kind === 'alias') this.aliases.add(text);
    else if (kind !== 'word') throw this.unexpected();
    else if (RESERVED_WORDS.has(text.toUpperCase())) {
      throw new ExpressionError(`Attribute name is a reserved keyword; reserved keyword: ${text}`);
    }
    this.#position += 1;
    return text;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#position + ahead, this.#tokens.length - 1)] as Token;
  }

  #syntaxError(token: string, near: string): ExpressionError {
    return new ExpressionError(`Syntax error; token: "${token}", near: "${near}"`);
  }
}
