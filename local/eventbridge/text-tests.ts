/** Says yes or no to one value of an event in its JSON spelling: strings with their quotes, everything else bare. */
export type TextTest = (text: string) => boolean;

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

/** The whole string. */
export const equals =
  (value: string): TextTest =>
  (text) =>
    text === `"${value}"`;

export const startsWith =
  (prefix: string): TextTest =>
  (text) =>
    text.startsWith(`"${prefix}`);

export const endsWith =
  (suffix: string): TextTest =>
  (text) =>
    text.endsWith(`${suffix}"`);

const matching =
  (expression: RegExp): TextTest =>
  (text) =>
    expression.test(text);

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
  const first = `"${pieces[0]}`;
  const last = `${pieces.at(-1)}"`;
  if (pieces.length === 1) return equals(pieces[0] as string);
  const middle = pieces.slice(1, -1);
  return (text) => {
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
