import { describe, expect, it } from 'vitest';
import { compilePattern, InvalidPatternError } from '../../../lab/eventbridge/pattern.ts';
import { UnsupportedError } from '../../../lab/kernel/aws-service.ts';
import { verdict } from '../../../lab/lab-match.ts';

const INVALID: Readonly<Record<string, readonly string[]>> = {
  'a pattern is an object with fields': ['[]', '"x"', 'null', '1', '{}', '{"a":{}}', '{"a":{"b":{}}}'],
  'a leaf is an array with values': [
    '{"a":"x"}',
    '{"a":1}',
    '{"a":null}',
    '{"a":[]}',
    '{"a":{"b":true}}',
    '{"a":[["x"]]}',
    '{"a":[[]]}',
  ],
  'an operator is known and alone': [
    '{"a":[{}]}',
    '{"a":[{"b":"x"}]}',
    '{"a":[{"Prefix":"x"}]}',
    '{"a":[{"prefix":"x","suffix":"y"}]}',
    '{"a":[{"prefix":"x","prefix":"y"}]}',
    '{"a":[{"toString":"x"}]}',
  ],
  'prefix takes a string': [
    '{"a":[{"prefix":1}]}',
    '{"a":[{"prefix":["x"]}]}',
    '{"a":[{"prefix":null}]}',
    '{"a":[{"prefix":{}}]}',
    '{"a":[{"prefix":{"suffix":"x"}}]}',
    '{"a":[{"prefix":{"equals-ignore-case":1}}]}',
    '{"a":[{"prefix":{"equals-ignore-case":["x"]}}]}',
  ],
  'suffix takes a string': [
    '{"a":[{"suffix":1}]}',
    '{"a":[{"suffix":["x"]}]}',
    '{"a":[{"suffix":{"equals-ignore-case":"x","y":"z"}}]}',
  ],
  'equals-ignore-case takes a string': ['{"a":[{"equals-ignore-case":1}]}', '{"a":[{"equals-ignore-case":["x"]}]}'],
  'exactly takes a string': ['{"a":[{"exactly":1}]}', '{"a":[{"exactly":["x"]}]}'],
  'wildcard takes a well-formed string': [
    '{"a":[{"wildcard":1}]}',
    '{"a":[{"wildcard":["x"]}]}',
    '{"a":[{"wildcard":"a**b"}]}',
    '{"a":[{"wildcard":"a\\\\b"}]}',
    '{"a":[{"wildcard":"a\\\\"}]}',
    '{"a":[{"wildcard":"***"}]}',
  ],
  'exists takes a boolean': [
    '{"a":[{"exists":"true"}]}',
    '{"a":[{"exists":1}]}',
    '{"a":[{"exists":null}]}',
    '{"a":[{"exists":[true]}]}',
  ],
  'numeric takes comparisons': [
    '[]',
    '["="]',
    '["=","5"]',
    '[5]',
    '["==",5]',
    '["=",5,"=",6]',
    '["<",5,">",0]',
    '[">",0,">",5]',
    '[">",0,"<"]',
    '[">",0,5]',
    '[">",0,"<",5,"<",6]',
    '["=",true]',
    '["=",null]',
    '"="',
    '["toString",5]',
  ].map((operand) => `{"a":[{"numeric":${operand}}]}`),
  'numeric takes numbers that float64 holds': [
    '["=",1e309]',
    '["<",2.0e422]',
    '["=",1e-325]',
    '["=",5e-324]',
    '[">",-5.0E-324]',
    '[">",0,"<",12345678901234567890]',
  ].map((operand) => `{"a":[{"numeric":${operand}}]}`),
  'a numeric range is not empty': ['[">",5,"<",5]', '[">=",5,"<=",5.0]', '[">",30,"<",1]'].map(
    (operand) => `{"a":[{"numeric":${operand}}]}`,
  ),
  'a bound alone is not the outermost float64 in its direction': [
    '["<",-1.7976931348623157e308]',
    '["<=",-17976931348623157e292]',
    '[">",1.7976931348623157E308]',
    '[">=",1.7976931348623157e+308]',
  ].map((operand) => `{"a":[{"numeric":${operand}}]}`),
  'cidr takes an address and fewer bits than it has': [
    '"foo"',
    '"10.0.0.0"',
    '"10.0.0.0/32"',
    '"10.0.0.0/33"',
    '"10.0.0.0/-1"',
    '"10.0.0.0/x"',
    '"10.0.0/8"',
    '"256.0.0.0/8"',
    '"/8"',
    '"10.0.0.0/8/8"',
    '"::/128"',
    '"1:2:3/16"',
    '"1::2::3/16"',
    '"::ffff:10.0.0.1/16"',
    '1',
    '["10.0.0.0/8"]',
  ].map((operand) => `{"a":[{"cidr":${operand}}]}`),
  'anything-but takes strings or numbers': [
    'null',
    'true',
    '[]',
    '[null]',
    '["x",1]',
    '[["x"]]',
    '[{"prefix":"x"}]',
    '{}',
    '12345678901234567890',
    '[1,1e400]',
  ].map((operand) => `{"a":[{"anything-but":${operand}}]}`),
  'anything-but takes few operators': [
    '{"exists":true}',
    '{"numeric":["=",1]}',
    '{"cidr":"10.0.0.0/8"}',
    '{"anything-but":"x"}',
    '{"prefix":"x","suffix":"y"}',
    '{"prefix":""}',
    '{"suffix":["x",""]}',
    '{"prefix":1}',
    '{"prefix":[]}',
    '{"prefix":{"equals-ignore-case":"x"}}',
    '{"equals-ignore-case":[1]}',
    '{"wildcard":"**"}',
    '{"wildcard":["x","a\\\\b"]}',
    '{"wildcard":null}',
  ].map((operand) => `{"a":[{"anything-but":${operand}}]}`),
  'an empty list of anything-but is not the first alternative': [
    ...['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].map((name) => `{"a":[{"anything-but":{"${name}":[]}}]}`),
    '{"a":[{"anything-but":{"suffix":[]}},"x"]}',
    '{"a":["x",{"anything-but":[]}]}',
  ],
  '$or takes two objects or more': [
    '{"$or":[]}',
    '{"$or":[{"a":["x"]}]}',
    '{"$or":[{"a":["x"]},{}]}',
    '{"$or":[{"a":["x"]},"y"]}',
    '{"$or":"x"}',
    '{"$or":[{"a":"x"},{"b":["y"]}]}',
  ],
  '$or has no reserved names inside': [
    '{"$or":[{"prefix":["x"]},{"b":["y"]}]}',
    '{"$or":[{"a":{"exists":["x"]}},{"b":["y"]}]}',
    '{"$or":[{"date-after":["x"]},{"b":["y"]}]}',
  ],
  'anything-but is poorer where $or is an ordinary name': ['{"wildcard":"x"}', '{"prefix":["x"]}'].map(
    (operand) => `{"$or":["x"],"a":[{"anything-but":${operand}}]}`,
  ),
};

describe.each(Object.entries(INVALID))('%s', (_sentence, patterns) => {
  it.each(patterns)('%s is invalid', (pattern) => {
    expect(verdict(`{"pattern":${pattern},"event":{}}`)).toMatch(/^error: .*found .*, expected /);
  });
});

describe('the message', () => {
  it.each([
    [
      { detail: { state: 'running' } },
      'detail.state: found "running", expected an object or an array with at least one value',
    ],
    [
      { detail: { n: [{ numeric: ['<', '5'] }] } },
      'detail.n.numeric: found "5", expected a number that a float64 can hold',
    ],
    [[], 'pattern: found [], expected an object'],
    [{ $or: [{ a: ['x'] }] }, '$or: found [{"a":["x"]}], expected an array of at least two objects'],
  ])('names the path, what was found and what was expected in %j', (pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(InvalidPatternError);
    expect(() => compilePattern(pattern)).toThrow(message);
  });
});

describe('limits', () => {
  const fields = (count: number): object =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, ['x']]));
  const either = { $or: [{ a: ['x'] }, { b: ['y'] }] };
  const combinations = (depth: number): object =>
    Object.fromEntries(Array.from({ length: depth }, (_, i) => [`f${i}`, either]));

  it('takes 256 fields and no more', () => {
    expect(() => compilePattern(fields(256))).not.toThrow();
    expect(() => compilePattern(fields(257))).toThrow(InvalidPatternError);
  });

  it('does not take more combinations of $or than the service', () => {
    expect(() => compilePattern(combinations(9))).not.toThrow();
    expect(() => compilePattern(combinations(10))).toThrow(UnsupportedError);
  });
});
