/** Says yes or no to one value of an event in its JSON spelling: strings with their quotes, everything else bare. */
export type TextTest = (text: string) => boolean;

/** As the engine reads texts, byte by byte: half of a surrogate pair has no UTF-8 form, Java writes a question mark. */
const asBytes = (text: string): string => (text.isWellFormed() ? text : text.replace(/\p{Surrogate}/gu, '?'));

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/**
 * Either case of each UTF-16 unit by itself, as Java's `String.valueOf(char)` folds it: ß is matched by SS too. Half of a
 * surrogate pair has no UTF-8 form, Java writes a question mark (EqualsIgnoreCaseParser.java).
 */
function anyCase(text: string): string {
  return text
    .split('')
    .map((unit) => (/[\uD800-\uDFFF]/.test(unit) ? '?' : unit))
    .map((unit) => `(?:${escapeRegExp(unit.toLowerCase())}|${escapeRegExp(unit.toUpperCase())})`)
    .join('');
}

/** The whole string. The engine compares it as such, not by its bytes (ByteMachine.attemptAddShortcutTransitionMatch). */
export const equals =
  (value: string): TextTest =>
  (text) =>
    text === `"${value}"`;

/** None of these strings. They are read by their bytes. */
export const isNoneOf = (values: readonly string[]): TextTest => {
  const texts = new Set(values.map((value) => asBytes(`"${value}"`)));
  return (text) => !texts.has(asBytes(text));
};

export const startsWith = (prefix: string): TextTest => {
  const start = asBytes(`"${prefix}`);
  return (text) => asBytes(text).startsWith(start);
};

export const endsWith = (suffix: string): TextTest => {
  const end = asBytes(`${suffix}"`);
  return (text) => asBytes(text).endsWith(end);
};

const matching =
  (expression: RegExp): TextTest =>
  (text) =>
    expression.test(asBytes(text));

export const equalsIgnoringCase = (value: string): TextTest => matching(RegExp(`^"${anyCase(value)}"$`));

export const startsWithIgnoringCase = (prefix: string): TextTest => matching(RegExp(`^"${anyCase(prefix)}`));

export const endsWithIgnoringCase = (suffix: string): TextTest => matching(RegExp(`${anyCase(suffix)}"$`));

/** The literal pieces between the stars of a wildcard, at least one. */
export type Pieces = readonly string[];

/** `*` stands for any text; `\*` and `\\` for themselves. `undefined` for a malformed wildcard (WildcardParser.java). */
export function piecesOf(wildcard: string): Pieces | undefined {
  if (!/^(?:[^*\\]|\\[*\\]|\*(?!\*))*$/.test(wildcard)) return undefined;
  const pieces = [''];
  for (const [token] of wildcard.matchAll(/\\.|\*|[^*\\]+/gs)) {
    if (token === '*') pieces.push('');
    else pieces[pieces.length - 1] += token.startsWith('\\') ? token.slice(1) : token;
  }
  return pieces;
}

/** The pieces in their order, with any text between them. */
export function wildcard(pieces: Pieces): TextTest {
  const first = asBytes(`"${pieces[0]}`);
  const last = asBytes(`${pieces.at(-1)}"`);
  if (pieces.length === 1) return (text) => asBytes(text) === `${first}"`;
  const middle = pieces.slice(1, -1).map(asBytes);
  return (value) => {
    const text = asBytes(value);
    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let from = first.length;
    for (const piece of middle) {
      const at = text.indexOf(piece, from);
      if (at < 0) return false;
      from = at + piece.length;
    }
    return from <= end;
  };
}
