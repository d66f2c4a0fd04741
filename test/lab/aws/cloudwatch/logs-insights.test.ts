import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mayWant, runQuery } from '../../../../lab/aws/cloudwatch/logs-insights.ts';

const word = fc.constantFrom('a', 'b', 'a b', 'ä', '\\');
const field = fc.constantFrom('kind', 'answer', 'inner.kind');
const comparison = fc
  .tuple(field, fc.constantFrom('=', '!='), word)
  .map(([name, operator, value]) => `${name} ${operator} "${value}"`);
const presence = field.map((name) => `ispresent(${name})`);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    comparison,
    presence,
    fc
      .tuple(tie('condition'), fc.constantFrom('and', 'or'), tie('condition'))
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
  ),
}));
const line = fc.record(
  { kind: word, answer: word, inner: fc.record({ kind: word }, { requiredKeys: [] }) },
  { requiredKeys: [] },
);

test('no line that a query wants is passed over for its text', () => {
  fc.assert(
    fc.property(condition, line, (wanted, each) => {
      const query = `filter ${wanted}\n| stats count(*) as lines`;
      const isFound = runQuery(query, [each]).length > 0;
      if (isFound) expect(mayWant(query)(JSON.stringify(each))).toBe(true);
    }),
  );
});

test.each([
  ['filter kind = "a" and ispresent(answer)', { kind: 'b', answer: 'c' }, false],
  ['filter kind = "a" or kind = "b"', { kind: 'c' }, false],
  ['filter kind = "a" or kind = "b"', { kind: 'b' }, true],
  ['filter @timestamp = "2026-01-01T00:00:00.000Z"', { kind: 'a' }, true],
  ['stats count(*) as lines by kind', { kind: 'a' }, true],
])('%s may want %j: %s', (query, each, expected) => {
  expect(mayWant(query)(JSON.stringify(each))).toBe(expected);
});
