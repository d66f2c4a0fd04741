import type { Pieces } from './text-tests.ts';

const STAR = 'star';

/** A byte of a wildcard: the engine does not share states at the first byte of a letter that has two cases. */
interface Byte {
  readonly value: number;
  readonly isFirst: boolean;
  readonly isCased: boolean;
}

const quote: Byte = { value: 0x22, isFirst: true, isCased: false };

/** The engine looks at three bytes of a character at most, so none beyond U+FFFF has another case. */
const isCased = (character: string): boolean =>
  character.length === 1 && character.toLowerCase() !== character.toUpperCase();

const bytesOf = (piece: string): Byte[] =>
  [...piece].flatMap((character) =>
    [...Buffer.from(character)].map((value, at) => ({ value, isFirst: at === 0, isCased: isCased(character) })),
  );

/** How far a value is read. */
class Position {
  /** Whether one text alone leads here: then every wildcard that begins with it goes on from here. */
  readonly isCertain: boolean;
  /** The alternatives that may still match. */
  readonly ids = new Set<string>();
  readonly #next = new Map<number, Set<Position>>();
  #star: Position | undefined;

  constructor(isCertain: boolean) {
    this.isCertain = isCertain;
  }

  get star(): Position | undefined {
    return this.#star;
  }

  get bytes(): Iterable<number> {
    return this.#next.keys();
  }

  link(byte: number, next: Position): void {
    this.#next.set(byte, (this.#next.get(byte) ?? new Set()).add(next));
  }

  /** A star leads to a position that every byte leads back to. */
  addStar(): Position {
    const star = new Position(false);
    star.#star = star;
    this.#star = star;
    return star;
  }

  after(byte: number | undefined): Position[] {
    const literal = byte === undefined ? [] : [...(this.#next.get(byte) ?? [])];
    return this.#star ? [...literal, this.#star] : literal;
  }

  /** Where another wildcard has gone from here, if the engine goes on from there (ByteMachine.canReuseNextByteState). */
  shared({ value, isFirst, isCased }: Byte): Position | undefined {
    const converges = isFirst && (isCased || (this.#star !== undefined && this.#star !== this));
    return [...(this.#next.get(value) ?? [])].find((next) => next.isCertain || !converges);
  }
}

/** The engine's automaton for the wildcards of one field, made as ByteMachine.addMatchValue makes it. */
export class WildcardAutomaton {
  readonly #start = new Position(true);
  readonly #matches = new Map<string, Position>();

  /** `id`: of the alternative that the wildcard belongs to. A list of `anything-but` is one alternative. */
  add(id: string, pieces: Pieces): void {
    const tokens = pieces.flatMap((piece, at) => (at === 0 ? [quote, ...bytesOf(piece)] : [STAR, ...bytesOf(piece)]));
    let here = this.#start;
    let beforeStar: Position | undefined;
    let isShared = true;
    for (const token of tokens as readonly (Byte | typeof STAR)[]) {
      const known: Position | undefined = isShared ? (token === STAR ? here.star : here.shared(token)) : undefined;
      isShared = known !== undefined;
      const next = known ?? (token === STAR ? here.addStar() : new Position(here.isCertain));
      if (token !== STAR) this.#link(here, beforeStar, token, next);
      next.ids.add(id);
      beforeStar = token === STAR ? here : undefined;
      here = next;
    }
    const match = this.#matches.get(id) ?? new Position(false);
    this.#matches.set(id, match);
    match.ids.add(id);
    this.#link(here, beforeStar, quote, match);
  }

  /** A star may stand for nothing. */
  #link(here: Position, beforeStar: Position | undefined, { value }: Byte, next: Position): void {
    here.link(value, next);
    beforeStar?.link(value, next);
  }

  /**
   * The most beginnings of wildcards that one value can match at the same time, counted for each alternative they may
   * lead to; any number above `limit` where there are more (MachineComplexityEvaluator.evaluate).
   */
  complexity(limit: number): number {
    const numbers = new Map<Position, number>();
    const numberOf = (position: Position): number => {
      const number = numbers.get(position) ?? numbers.size;
      numbers.set(position, number);
      return number;
    };
    const seen = new Set<string>();
    const pending: ReadonlySet<Position>[] = [new Set([this.#start])];
    let most = 0;
    for (let reached = pending.pop(); reached && most <= limit; reached = pending.pop()) {
      const bytes = new Set([...reached].flatMap((position) => [...position.bytes]));
      for (const byte of [undefined, ...bytes]) {
        const next = new Set([...reached].flatMap((position) => position.after(byte)));
        const key = [...next].map(numberOf).sort().join();
        if (next.size === 0 || seen.has(key)) continue;
        seen.add(key);
        pending.push(next);
        most = Math.max(most, weigh(next));
      }
    }
    return most;
  }
}

/** A text that matches `foo` matches `foo*` too, though no byte has led there yet. */
function weigh(positions: ReadonlySet<Position>): number {
  let sum = 0;
  for (const { ids, star } of positions) {
    sum += ids.size;
    if (star && !positions.has(star)) sum += star.ids.size;
  }
  return sum;
}
