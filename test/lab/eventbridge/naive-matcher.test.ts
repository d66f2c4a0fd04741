import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verdict } from '../../../lab/lab-match.ts';
import { alternative, LITERALS, leaf, leafAndValue, spelling, string } from './generated-leaves.ts';
import { type Node, naiveMatches, toText } from './naive-matcher.ts';

const SEED = 20_260_115;
const CASES = 6_000;

const absence = fc.oneof(
  fc.constant([{ exists: false }]),
  alternative.map((other) => [other, { exists: false }]),
);

const NAMES = ['a', 'b', 'a.b', 'b.a'] as const;
const name = fc.constantFrom(...NAMES);
const field = fc.letrec<{ field: unknown; fields: object }>((tie) => ({
  field: fc.oneof({ maxDepth: 2 }, { weight: 2, arbitrary: leaf }, tie('fields')),
  // A path written in two ways is one field, and the later value counts: those are cases of their own, by hand.
  fields: fc.dictionary(fc.constantFrom('a', 'b'), tie('field'), { minKeys: 1, maxKeys: 2 }),
}));
const dotted = fc.tuple(fc.constantFrom('a.b', 'b.a', 'a', 'b'), leaf).map(([path, values]) => ({ [path]: values }));

/** Each member has a field that no other has, as the engine loses members that repeat an alternative of another. */
const either = (names: readonly [string, string]) =>
  fc
    .tuple(leaf, leaf, fc.option(field.fields, { nil: {} }))
    .map(([one, other, more]) => ({ $or: [{ [names[0]]: one, ...more }, { [names[1]]: other }] }));
const nested = fc
  .tuple(either(['p', 'q']), either(['r', 's']))
  .map(([outer, inner]) => ({ $or: [...outer.$or, { d: inner }] }));

const pattern = fc.oneof(
  field.fields,
  dotted,
  fc.tuple(field.fields, absence).map(([fields, n]) => ({ ...fields, n })),
  fc.tuple(absence, either(['p', 'q'])).map(([n, or]) => ({ n, ...or })),
  either(['p', 'q']),
  nested,
);

const scalar: fc.Arbitrary<Node> = fc
  .oneof(
    string.map((text) => JSON.stringify(text)),
    spelling,
    fc.constantFrom(...LITERALS),
  )
  .map((text) => ({ kind: 'scalar', text }));
const { value } = fc.letrec<{ value: Node; object: Node; array: Node }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, { weight: 2, arbitrary: scalar }, tie('object'), tie('array')),
  object: fc
    .array(fc.tuple(name, tie('value')), { minLength: 1, maxLength: 3 })
    .map((members) => ({ kind: 'object' as const, members })),
  array: fc.array(tie('value'), { maxLength: 3 }).map((items) => ({ kind: 'array' as const, items })),
}));
/** Absence inside of elements of arrays has rules of the engine's own, which are cases by hand. */
const flat = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 2 }).map((items): Node => ({ kind: 'array', items })),
  fc.constant<Node>({ kind: 'object', members: [['a', { kind: 'scalar', text: '1' }]] }),
);

/** Most fields that patterns name are there, or few cases would match. */
const often = (...names: readonly string[]) => fc.tuple(...names.map((each) => fc.tuple(fc.constant(each), value)));
const event: fc.Arbitrary<Node> = fc
  .tuple(
    often('a', 'b'),
    fc.oneof(often('p', 's'), often('q'), often('d', 'p')),
    fc.array(fc.tuple(fc.constantFrom(...NAMES, 'd.r', 'd.s'), value), { maxLength: 3 }),
    fc.array(fc.tuple(fc.constant('n'), flat), { maxLength: 1 }),
  )
  .map((parts) => ({ kind: 'object', members: parts.flat() as [string, Node][] }));

const wholes = fc.tuple(pattern, event);
const leaves = leafAndValue.map(([values, text]): [unknown, Node] => [
  { a: values },
  { kind: 'object', members: [['a', { kind: 'scalar', text }]] },
]);

describe(`the naive matcher, on ${CASES} generated cases of seed ${SEED}`, () => {
  it.each([
    ['patterns and events', wholes],
    ['values close to what a leaf asks for', leaves],
  ])('says what lab:match says of %s', (_what, cases) => {
    let matched = 0;
    const check = fc.property(cases, ([somePattern, someEvent]) => {
      const line = `{"pattern":${JSON.stringify(somePattern)},"event":${toText(someEvent)}}`;
      const answer = verdict(line);
      // What the documentation does not say in numbers is tried in `wildcard-complexity.test.ts`.
      fc.pre(!answer.includes('too complex'));
      const expected = naiveMatches(somePattern, someEvent);
      if (expected) matched += 1;
      expect(`${line} ${answer}`).toBe(`${line} ${expected}`);
    });
    fc.assert(check, { seed: SEED, numRuns: CASES });
    // Neither answer is a lucky constant.
    expect(matched / CASES).toBeGreaterThan(0.1);
    expect(matched / CASES).toBeLessThan(0.9);
  });
});
