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

function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') isInString = !isInString;
    else if (character === '\\' && isInString) at += 1;
    // Brackets within strings open nothing.
    else if (isInString) continue;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}
