/** Nothing that AWS writes is nested a tenth as deep. What is would end whatever walks through it by an exhausted stack. */
const MAX_DEPTH = 200;

/** What a text holds, or undefined where it is no JSON, or JSON that nobody can walk through. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Every record goes through here. A character looked up by its code takes a third of the time. */
const CODES = {
  quote: 0x22,
  backslash: 0x5c,
  openBracket: 0x5b,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
};

/** What opens no more than so many brackets cannot be nested any deeper: most texts need no closer look, which takes longer than reading them. */
function opensFew(text: string): boolean {
  let left = MAX_DEPTH;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      left -= 1;
      if (left < 0) return false;
    }
  }
  return true;
}

function isTooDeep(text: string): boolean {
  if (opensFew(text)) return false;
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === CODES.quote) isInString = !isInString;
    else if (isInString) {
      // Brackets within strings open nothing.
      if (code === CODES.backslash) at += 1;
    } else if (code === CODES.openBracket || code === CODES.openBrace) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (code === CODES.closeBracket || code === CODES.closeBrace) depth -= 1;
  }
  return false;
}
