import { BlockList, isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonText } from '../../../lab/eventbridge/json-text.ts';
import { compilePattern, InvalidPatternError } from '../../../lab/eventbridge/pattern.ts';
import { UnsupportedError } from '../../../lab/kernel/aws-service.ts';
import type { Json, JsonObject } from '../../../lab/kernel/json.ts';

const RUNS = { numRuns: 1000, seed: 20260115 };

const matches = (pattern: unknown, event: JsonObject): boolean => compilePattern(pattern).matches(event);
const matchesOne = (alternative: unknown, value: Json): boolean => matches({ a: [alternative] }, { a: value });

/** Few names and values, so that patterns and events meet. */
const name = fc.constantFrom('a', 'b', 'c');
const scalar = fc.constantFrom<Json[]>('x', 'y', 'xy', '', '10.0.0.1', 0, 1, 2.5, true, null);
const event = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, scalar, tie('object'), fc.array(tie('value'), { maxLength: 3 })),
  object: fc.dictionary(name, tie('value'), { maxKeys: 3 }),
})).object;

const alternative = fc.oneof(
  scalar,
  fc.constantFrom(
    { prefix: 'x' },
    { suffix: 'y' },
    { wildcard: 'x*' },
    { 'equals-ignore-case': 'XY' },
    { 'anything-but': ['x', 'y'] },
    { 'anything-but': 1 },
    { numeric: ['>', 0, '<', 3] },
    { cidr: '10.0.0.0/8' },
    { exists: true },
  ),
);
const leaf = fc.array(alternative, { minLength: 1, maxLength: 2 });
const pattern = fc.letrec<{ field: Json; object: JsonObject }>((tie) => ({
  field: fc.oneof({ maxDepth: 3 }, leaf as fc.Arbitrary<Json>, tie('object')),
  object: fc.dictionary(name, tie('field'), { minKeys: 1, maxKeys: 3 }),
})).object;

/** Every way to take one object (or array) out of each array, its scalars staying. */
function* choices(value: Json): Generator<Json> {
  if (Array.isArray(value)) {
    const isScalar = (item: Json): boolean => typeof item !== 'object' || item === null;
    const scalars = value.filter(isScalar);
    const others = value.filter((item) => !isScalar(item));
    if (others.length === 0) yield scalars;
    for (const other of others) for (const chosen of choices(other)) yield [...scalars, chosen];
  } else if (typeof value === 'object' && value !== null) {
    const [first, ...rest] = Object.entries(value);
    if (!first) yield {};
    else
      for (const head of choices(first[1]))
        for (const tail of choices(Object.fromEntries(rest))) yield { [first[0]]: head, ...(tail as JsonObject) };
  } else yield value;
}

describe('arrays', () => {
  it('match where the event matches with one element taken out of each array', () => {
    const check = fc.property(pattern, event, (somePattern, someEvent) => {
      const compiled = compilePattern(somePattern);
      const expected = [...choices(someEvent)].some((choice) => compiled.matches(choice as JsonObject));
      expect(compiled.matches(someEvent)).toBe(expected);
    });
    fc.assert(check, RUNS);
  });
});

describe('patterns', () => {
  it('compile or are refused with an error that says why, whatever they are', () => {
    const operand = fc.jsonValue({ maxDepth: 3 });
    const operator = fc.constantFrom(
      'prefix',
      'suffix',
      'wildcard',
      'anything-but',
      'exists',
      'numeric',
      'cidr',
      '$or',
      'exactly',
    );
    const expression = fc.dictionary(operator, operand, { maxKeys: 2 });
    const anything = fc.oneof(operand, fc.record({ a: fc.array(fc.oneof(expression, operand), { maxLength: 2 }) }));
    const check = fc.property(anything, event, (somePattern, someEvent) => {
      try {
        expect(matches(somePattern, someEvent)).toBeTypeOf('boolean');
      } catch (error) {
        if (error instanceof UnsupportedError) return;
        expect(error).toBeInstanceOf(InvalidPatternError);
      }
    });
    fc.assert(check, RUNS);
  });

  it('mean the same with their paths written as dotted names', () => {
    const flatten = (value: Json, path: string): [string, Json][] =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(value).flatMap(([step, member]) => flatten(member, path === '' ? step : `${path}.${step}`))
        : [[path, value]];
    const check = fc.property(pattern, event, (somePattern, someEvent) => {
      const dotted = Object.fromEntries(flatten(somePattern, ''));
      expect(matches(dotted, someEvent)).toBe(matches(somePattern, someEvent));
    });
    fc.assert(check, RUNS);
  });

  it('under $or match where one of them does', () => {
    const check = fc.property(pattern, pattern, event, (one, other, someEvent) => {
      // Different first fields: alternatives that two members share can hide the second one.
      const either = compilePattern({
        $or: [
          { ...one, p: ['1'] },
          { ...other, q: ['1'] },
        ],
      });
      const withBoth = { ...someEvent, p: '1', q: '1' };
      expect(either.matches(withBoth)).toBe(matches(one, someEvent) || matches(other, someEvent));
    });
    fc.assert(check, RUNS);
  });

  it('judge parsed events and the text of events alike', () => {
    const check = fc.property(pattern, event, (somePattern, someEvent) => {
      const text = parseJsonText(JSON.stringify({ somePattern, someEvent })) as { get(key: string): unknown };
      const fromText = compilePattern(text.get('somePattern')).matches(text.get('someEvent') as JsonObject);
      expect(fromText).toBe(matches(somePattern, someEvent));
    });
    fc.assert(check, RUNS);
  });
});

describe('operators', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'B', '*', '\\', '"', 'é', '\n') });

  it('prefix, suffix and exact strings agree with JavaScript', () => {
    const clean = text.map((each) => each.replaceAll('"', ''));
    const check = fc.property(clean, clean, (part, value) => {
      expect(matchesOne({ prefix: part }, value)).toBe(value.startsWith(part));
      expect(matchesOne({ suffix: part }, value)).toBe(value.endsWith(part));
      expect(matchesOne(part, value)).toBe(part === value);
      expect(matchesOne({ wildcard: part.replaceAll(/[\\*]/g, '\\$&') }, value)).toBe(part === value);
    });
    fc.assert(check, RUNS);
  });

  it('anything-but is the opposite, for every scalar', () => {
    const affixes = ['prefix', 'suffix', 'wildcard', 'equals-ignore-case'] as const;
    const operand = fc.string({ unit: fc.constantFrom('x', 'Y'), minLength: 1, maxLength: 2 });
    const check = fc.property(fc.constantFrom(...affixes), operand, scalar, (operator, part, value) => {
      expect(matchesOne({ 'anything-but': { [operator]: part } }, value)).toBe(
        !matchesOne({ [operator]: part }, value),
      );
      expect(matchesOne({ 'anything-but': part }, value)).toBe(value !== part);
    });
    fc.assert(check, RUNS);
  });

  it('wildcard agrees with a regular expression', () => {
    const glob = fc.array(fc.constantFrom('a', 'b', 'ab', '.'), { maxLength: 4 }).map((pieces) => pieces.join('*'));
    const value = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    const check = fc.property(glob, value, (somePattern, someValue) => {
      const expression = new RegExp(`^${somePattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
      expect(matchesOne({ wildcard: somePattern }, someValue)).toBe(expression.test(someValue));
    });
    fc.assert(check, RUNS);
  });

  it('numeric agrees with JavaScript, and equality with every spelling', () => {
    // Java spells some of the smallest numbers otherwise than JavaScript.
    const double = fc
      .double({ noNaN: true, min: -1e308, max: 1e308 })
      .filter((it) => it === 0 || Math.abs(it) > 1e-307);
    const number = fc.oneof(fc.integer({ min: -5, max: 5 }), double);
    const check = fc.property(number, number, fc.integer({ min: -3, max: 3 }), (bound, value, shift) => {
      expect(matchesOne({ numeric: ['<', bound] }, value)).toBe(value < bound);
      expect(matchesOne({ numeric: ['>=', bound] }, value)).toBe(value >= bound);
      expect(matchesOne({ numeric: ['=', bound] }, value)).toBe(value === bound);
      const [digits = '', exponent = '0'] = value.toExponential().split('e');
      const zeros = '0'.repeat(Math.abs(shift));
      const spelled = `{"a":${digits}${digits.includes('.') ? '' : '.0'}${zeros}E${exponent}}`;
      expect(compilePattern({ a: [value] }).matches(parseJsonText(spelled) as never)).toBe(true);
    });
    fc.assert(check, RUNS);
  });

  it('cidr agrees with Node, for addresses of one family', () => {
    const sameFamily = fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(fc.ipV6(), fc.ipV6()));
    const pair = sameFamily.filter((addresses) =>
      addresses.every((address) => isIPv4(address) || !address.includes('.')),
    );
    const check = fc.property(pair, fc.nat(127), fc.boolean(), ([network, other], bits, same) => {
      const family = isIPv4(network) ? 'ipv4' : 'ipv6';
      const mask = isIPv4(network) ? bits % 32 : bits;
      const address = same ? network : other;
      const list = new BlockList();
      list.addSubnet(network, mask, family);
      expect(matchesOne({ cidr: `${network}/${mask}` }, address)).toBe(list.check(address, family));
    });
    fc.assert(check, RUNS);
  });
});

describe('parseJsonText', () => {
  it('loses nothing that JSON.parse keeps', () => {
    const check = fc.property(fc.json(), fc.nat(2), (json, indent) => {
      const source = JSON.stringify(JSON.parse(json), null, indent);
      expect(JSON.parse(JSON.stringify(parseJsonText(source)))).toEqual(JSON.parse(source));
    });
    fc.assert(check, RUNS);
  });
});
