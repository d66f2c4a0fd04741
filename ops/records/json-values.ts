import { parseJson } from '../../lambda/core/json.ts';

/** The text of one JSON value of a file, and the line it begins on. */
export interface ValueText {
  readonly text: string;
  readonly line: number;
}

/** Members of an outermost object whose list is read element by element: a trail's files, LookupEvents, DescribeTasks, FilterLogEvents. */
const LISTS: readonly string[] = ['Records', 'Events', 'tasks', 'events'];
/** A name that is longer is none of them. */
const LONGEST_NAME = 8;
/** Longest value that is held at once, in characters. */
const LONGEST_VALUE = 128 * 1024 * 1024;
/** How far the first line is looked at to tell how a file is written. */
const FIRST_LINE = 1024 * 1024;

const [QUOTE, BACKSLASH, COLON, COMMA, NEWLINE] = [0x22, 0x5c, 0x3a, 0x2c, 0x0a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
/** White space, and what stands before each value in a JSON text sequence (RFC 7464). */
const isBlank = (code: number) => code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0x1e;

/** A file that cannot be read to its end. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}

/**
 * Splits a text into JSON values without holding more than one of them: one value a line, values one after the other, or the
 * elements of the outermost list. What cannot be a value is a value too, which does not parse.
 */
export async function* jsonValues(chunks: AsyncIterable<string>): AsyncGenerator<ValueText> {
  const source = chunks[Symbol.asyncIterator]();
  let begin = '';
  let isAll = false;
  while (!begin.trimStart().includes('\n') && begin.length < FIRST_LINE) {
    const next = await source.next();
    if (next.done) {
      isAll = true;
      break;
    }
    begin += next.value;
  }
  const [firstLine = ''] = begin.trimStart().split('\n', 1);
  let splitter = !isAll && isOneValueALine(firstLine) ? new LineSplitter() : new ValueSplitter();
  for (let next: IteratorResult<string> = { value: begin }; !next.done; next = await source.next()) {
    yield* splitter.push(next.value);
    if (!(splitter instanceof LineSplitter) || splitter.left === undefined) continue;
    const { left, line } = splitter;
    splitter = new ValueSplitter(line);
    yield* splitter.push(left);
  }
  yield* splitter.end();
}

/** A first line that begins a value and does not end it is of a text with line breaks inside of values. */
function isOneValueALine(firstLine: string): boolean {
  return !/^[[{]/.test(firstLine) || parseJson(firstLine) !== undefined;
}

/** Whether a value begins with a line and does not end with it: no complete value ends like that. */
function isOpen(line: string): boolean {
  const text = line.trim();
  return /^[[{]/.test(text) && /[[{,]$/.test(text);
}

class LineSplitter {
  line = 1;
  /** What is left to somebody else, from this line on, as it is no text of one value a line after all. */
  left: string | undefined;
  /** Parts of the line underway, put together once. */
  #held: string[] = [];
  #heldLength = 0;

  *push(chunk: string): Generator<ValueText> {
    this.#held.push(chunk);
    this.#heldLength += chunk.length;
    if (this.#heldLength > LONGEST_VALUE) throw tooLong(this.line);
    if (!chunk.includes('\n')) return;
    const text = this.#held.join('');
    let begin = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', begin)) {
      const line = text.slice(begin, end);
      if (isOpen(line)) {
        this.left = text.slice(begin);
        return;
      }
      if (line.trim() !== '') yield { text: line, line: this.line };
      this.line++;
      begin = end + 1;
    }
    this.#held = [text.slice(begin)];
    this.#heldLength = text.length - begin;
  }

  *end(): Generator<ValueText> {
    const text = this.#held.join('');
    if (text.trim() !== '') yield { text, line: this.line };
  }
}

class ValueSplitter {
  /** What values are elements of: of nothing, of the outermost list, or of a list of the outermost object. */
  #where: 'top' | 'array' | 'list' = 'top';
  /** What is between two values, in a value, or in what remains of an object when its list is over. */
  #state: 'between' | 'value' | 'remainder' = 'between';
  /** Text of the value underway, without that of this chunk. */
  #held: string[] = [];
  #heldLength = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** The last string at the first level of an outermost object, and the member that it names. */
  #name = '';
  #member = '';
  #line: number;
  #beginLine: number;

  constructor(line = 1) {
    this.#line = line;
    this.#beginLine = line;
  }

  *push(chunk: string): Generator<ValueText> {
    let begin = 0;
    for (let at = 0; at < chunk.length; at++) {
      const code = chunk.charCodeAt(at);
      if (this.#state === 'between') {
        if (!this.#begins(code)) {
          if (code === NEWLINE) this.#line++;
          continue;
        }
        this.#state = 'value';
        this.#beginLine = this.#line;
        this.#depth = 0;
        begin = at;
      }
      const wasValue = this.#state === 'value';
      const end = this.#step(code, chunk, at);
      if (end !== undefined && wasValue) yield this.#value(chunk.slice(begin, at + end));
      if (end === 0) at--;
      else if (code === NEWLINE) this.#line++;
    }
    if (this.#state !== 'value') return;
    this.#held.push(chunk.slice(begin));
    this.#heldLength += chunk.length - begin;
    if (this.#heldLength > LONGEST_VALUE) throw tooLong(this.#beginLine);
  }

  *end(): Generator<ValueText> {
    if (this.#state === 'value') yield this.#value('');
  }

  #value(rest: string): ValueText {
    const text = this.#held.join('') + rest;
    this.#drop();
    return { text, line: this.#beginLine };
  }

  #drop(): void {
    this.#held = [];
    this.#heldLength = 0;
  }

  /** Whether a value begins with this character. */
  #begins(code: number): boolean {
    if (isBlank(code) || code === COMMA) return false;
    if (code === OPEN_LIST && this.#where === 'top') {
      this.#where = 'array';
      return false;
    }
    if (code !== CLOSE_LIST || this.#where === 'top') return true;
    if (this.#where === 'list') {
      this.#state = 'remainder';
      this.#depth = 1;
      this.#member = '';
    }
    this.#where = 'top';
    return false;
  }

  /** One character of a value. Returns 1 where the value ends with it, 0 where it ends before it, undefined where it goes on. */
  #step(code: number, chunk: string, at: number): 0 | 1 | undefined {
    if (this.#isInString) return this.#stepInString(code, chunk, at);
    const isOutermost = this.#depth === 1 && this.#where === 'top';
    switch (code) {
      case QUOTE:
        this.#isInString = true;
        this.#name = '';
        return undefined;
      case COLON:
        if (isOutermost) this.#member = this.#name;
        return undefined;
      case OPEN_LIST:
        if (isOutermost && LISTS.includes(this.#member)) {
          this.#where = 'list';
          this.#state = 'between';
          this.#drop();
        } else this.#depth++;
        return undefined;
      case OPEN_OBJECT:
        this.#depth++;
        if (this.#depth === 1) this.#member = '';
        return undefined;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        if (this.#depth > 0) {
          this.#depth--;
          return this.#depth === 0 ? this.#over(1) : undefined;
        }
        return code === CLOSE_LIST && this.#where !== 'top' ? this.#over(0) : undefined;
      default:
        // Neither an object nor a list: it goes up to the next separator.
        return this.#depth === 0 && (code === NEWLINE || code === COMMA) ? this.#over(0) : undefined;
    }
  }

  #stepInString(code: number, chunk: string, at: number): 1 | undefined {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (code === BACKSLASH) this.#isEscaped = true;
    else if (code === QUOTE) {
      this.#isInString = false;
      return this.#depth === 0 ? this.#over(1) : undefined;
    }
    if (this.#depth === 1 && this.#name.length < LONGEST_NAME) this.#name += chunk[at];
    return undefined;
  }

  #over<T extends 0 | 1>(end: T): T {
    this.#state = 'between';
    return end;
  }
}

const tooLong = (line: number) =>
  new UnreadableError(`found a value of more than ${LONGEST_VALUE} characters at line ${line}, expected shorter ones`);
