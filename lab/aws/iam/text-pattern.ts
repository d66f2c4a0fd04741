import { UnsupportedError } from '../../kernel/aws-service.ts';

/** Whether a text is what a policy means. A template has few such patterns, and they are asked for by the hundred thousand. */
export type Test = (found: string) => boolean;

const testsOfArns = new Map<string, Test>();

/** Wildcards stay within one of the six parts of an ARN; the last has the colons that are left. */
export function arnLike(pattern: string): Test {
  const known = testsOfArns.get(pattern);
  if (known) return known;
  const parts = partsOf(pattern).map(like);
  const test: Test = (found) => {
    if (pattern === '*') return true;
    const foundParts = partsOf(found);
    return foundParts.length === 6 && parts.length === 6 && parts.every((part, i) => part(foundParts[i] ?? ''));
  };
  testsOfArns.set(pattern, test);
  return test;
}

/** What was asked for last is asked for again, of the next statement. */
let last: { readonly arn: string; readonly parts: readonly string[] } = { arn: '', parts: [] };

function partsOf(arn: string): readonly string[] {
  if (last.arn === arn) return last.parts;
  const parts = arn.split(':');
  last = { arn, parts: parts.length < 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')] };
  return last.parts;
}

const tests = new Map<string, Test>();

/** `*` is any text, `?` any one character. */
export function like(pattern: string): Test {
  const known = tests.get(pattern);
  if (known) return known;
  const test = testOf(pattern);
  tests.set(pattern, test);
  return test;
}

function testOf(pattern: string): Test {
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
}
