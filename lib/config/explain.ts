import type * as z from 'zod';
import { suggestion } from './suggestion.ts';

/** What people call the types of JSON. */
const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a text',
};

/** One line for each thing that is wrong: its key, what was found, what was expected. */
export function explain(issue: z.core.$ZodIssue, value: unknown, root: string, knownKeys: readonly string[]): string[] {
  const key = [root, ...issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))].join(
    '',
  );
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (unknown) =>
        `- ${key}.${unknown}: found an unknown key, expected one that the README lists${suggestion(unknown, knownKeys)}`,
    );
  }
  const found = issue.path.reduce<unknown>((inner, part) => (inner as Record<PropertyKey, unknown>)?.[part], value);
  const meant = issue.code === 'invalid_value' ? suggestion(found, issue.values.map(String)) : '';
  return [
    `- ${key}: found ${found === undefined ? 'nothing' : JSON.stringify(found)}, expected ${expected(issue)}${meant}`,
  ];
}

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'too_small':
      return bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'invalid_format':
      return issue.format === 'email' ? 'an e-mail address' : issue.message;
    default:
      return issue.message.replace(/^Invalid (input|option): expected /, '');
  }
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'array' || origin === 'set') return `${relation} ${limit} of them`;
  return origin === 'string' ? `${relation} ${limit} characters` : `${TYPES[origin] ?? origin}, ${relation} ${limit}`;
}
