import { type JsonText, Members, NumberText, parseJsonText } from '../eventbridge/json-text.ts';
import type { Json } from '../kernel/json.ts';

const TEXTS = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/gs;

/**
 * JSON as `$parse` reads it: strings may have single quotes, a name may come once in an object, and a number must fit a
 * float64. Throws a `SyntaxError`. Measured in the service: https://github.com/iwamot/sfnx (docs/design.md)
 */
export function parseJson(text: string): Json {
  const source = text.replace(TEXTS, (quoted) => (quoted.startsWith("'") ? doubleQuoted(quoted) : quoted));
  check(parseJsonText(source));
  return JSON.parse(source) as Json;
}

function doubleQuoted(quoted: string): string {
  const inner = quoted.slice(1, -1).replace(/\\.|"/gs, (part) => (part === '"' ? '\\"' : part === "\\'" ? "'" : part));
  return `"${inner}"`;
}

function check(value: JsonText): void {
  if (value instanceof NumberText) {
    if (!Number.isFinite(Number(value.text))) throw new SyntaxError(`${value.text} is beyond a float64`);
  } else if (value instanceof Members) {
    const names = value.entries.map(([name]) => name);
    if (new Set(names).size < names.length) throw new SyntaxError('a name comes twice in an object');
    for (const [, member] of value.entries) check(member);
  } else if (Array.isArray(value)) value.forEach(check);
}
