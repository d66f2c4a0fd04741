import { UnsupportedError } from '../../kernel/aws-service.ts';

/** Whether a text is what a policy means. */
export type Test = (found: string) => boolean;

/** `*` is any text, `?` any one character. */
export const like = remembered((pattern) => {
  if (pattern.includes('${')) {
    return () => {
      throw new UnsupportedError(`the policy variable in ${pattern}`);
    };
  }
  if (!/[*?]/.test(pattern)) return (found) => found === pattern;
  const source = pattern
    .replace(/[.+^$()|[\]{}\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, 's');
  return (found) => expression.test(found);
});

/** What was asked for last is asked for again, of the next statement. */
let last: { readonly arn: string; readonly parts: readonly string[] } = { arn: '', parts: [] };

/** Wildcards stay within one of the six parts of an ARN; the last has the colons that are left. */
export const arnLike = remembered((pattern) => {
  const parts = partsOf(pattern).map(like);
  return (found) => {
    if (pattern === '*') return true;
    const foundParts = partsOf(found);
    return foundParts.length === 6 && parts.length === 6 && parts.every((part, i) => part(foundParts[i] ?? ''));
  };
});

function partsOf(arn: string): readonly string[] {
  if (last.arn === arn) return last.parts;
  const parts = arn.split(':');
  last = { arn, parts: parts.length < 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')] };
  return last.parts;
}

/** A template has few patterns, and they are asked for by the hundred thousand. */
function remembered(testOf: (pattern: string) => Test): (pattern: string) => Test {
  const tests = new Map<string, Test>();
  return (pattern) => {
    const known = tests.get(pattern);
    if (known) return known;
    const test = testOf(pattern);
    tests.set(pattern, test);
    return test;
  };
}
