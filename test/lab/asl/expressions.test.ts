import { describe, expect, it } from 'vitest';
import type { Json } from '../../../lab/kernel/json.ts';
import { inState, only, output, run } from './support.ts';

describe('a template', () => {
  it.each<[string, unknown, Json]>([
    ['takes the whole string as the expression', '{%$states.input.n%}', 7],
    ['lets an expression span lines', '{% (\n$n := 1;\n$n + 1) %}', 2],
    ['leaves text with a space around the delimiters alone', ' {% 1 %} ', ' {% 1 %} '],
    ['does not interpolate', 'a {% 1 %} b', 'a {% 1 %} b'],
    [
      'leaves what JSONPath would read alone',
      { 'a.$': '$.n', b: '$states.input', c: "States.Format('{}', 1)" },
      { 'a.$': '$.n', b: '$states.input', c: "States.Format('{}', 1)" },
    ],
    ['evaluates at any depth', { a: [{ b: ['{% $states.input.n %}', 'x'] }] }, { a: [{ b: [7, 'x'] }] }],
    [
      'keeps null, false, 0 and empty values',
      { a: null, b: false, c: 0, d: [], e: {}, f: '' },
      { a: null, b: false, c: 0, d: [], e: {}, f: '' },
    ],
    ['keeps a null that an expression yields', { a: '{% null %}', b: ['{% null %}'] }, { a: null, b: [null] }],
  ])('%s', async (_, template, expected) => {
    expect(await run(output(template), { n: 7 })).toMatchObject({ status: 'SUCCEEDED', output: expected });
  });

  it.each([
    ['Output', '{% $states.input.x %}', 'Output'],
    ['a field', { v: '{% $states.input.x %}' }, 'Output/v'],
    ['a field of a field', { a: { b: '{% $states.input.x %}' } }, 'Output/a/b'],
    ['an item', { a: { b: [[1, '{% $states.input.x %}']] } }, 'Output/a/b[0][1]'],
  ])('names %s whose expression yields nothing', async (_, template, location) => {
    expect(await run(output(template))).toMatchObject({
      status: 'FAILED',
      error: 'States.QueryEvaluationError',
      cause: `${inState('S')}The JSONata expression '$states.input.x' specified for the field '${location}' returned nothing (undefined).`,
    });
  });
});

describe('$states', () => {
  it('holds the input and the context object', async () => {
    const { output: seen } = await run(output('{% $states %}'), [1]);
    expect(seen).toEqual({
      input: [1],
      context: {
        Execution: { Name: 'one', Input: {} },
        StateMachine: { Name: 'machine' },
        State: { Name: 'S', EnteredTime: '2026-01-15T03:00:00.000Z' },
      },
    });
  });
});

/** Answers of the service as recorded by floci (JsonataEvaluatorTest), of LocalStack (snapshots), or documented by AWS. */
describe('the functions of Step Functions', () => {
  it.each<[string, Json]>([
    ['$partition([1,2,3,4,5], 2)', [[1, 2], [3, 4], [5]]],
    ['$partition([1,2,3])', [[1, 2, 3]]],
    ['$partition([1,2,3,4,5], 2.9)', [[1, 2], [3, 4], [5]]],
    ['$range(0, 10, 2)', [0, 2, 4, 6, 8, 10]],
    ['$range(10, 0, -2)', [10, 8, 6, 4, 2, 0]],
    ['$range(1.7, 5, 1)', [1, 2, 3, 4, 5]],
    ['$range(-1.7, 2, 1)', [-1, 0, 1, 2]],
    ['$range(5, 1, -1.5)', [5, 4, 3, 2, 1]],
    ['$range(3, 3, 1)', 3],
    ['$count($range(1, 360145, 1))', 360145],
    ["$hash('Hello', 'MD5')", '8b1a9953c4611296a827abf8c47804d7'],
    ["$hash('Hello', 'SHA-1')", 'f7ff9e8b7bb2e09b70935a5d785e0cc5d9d0abf0'],
    ["$hash('Hello', 'SHA-256')", '185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969'],
    ["$substring($hash('Hello', 'SHA-384'), 0, 8)", '3519fe5a'],
    ["$substring($hash('Hello', 'SHA-512'), 0, 8)", '3615f80c'],
    ["$hash('ñ', 'MD5')", '94e9342ecbb1458b6043ecd3bfcbc192'],
    ['$random(42)', 0.7275636800328681],
    ['$random(0)', 0.730967787376657],
    ['$random(7.9)', 0.7306990420600421],
    ['$random() = $random()', false],
    ['$uuid() = $uuid()', false],
    ['$match($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/).index', 0],
    ['$parse(\'{"b":1,"a":[2]}\')', { b: 1, a: [2] }],
    ["$exists($parse('null'))", true],
    ['$map([\'{"a":1}\', \'{"a":2}\'], $parse).a', [1, 2]],
    ['$now()', '2026-01-15T03:00:00.000Z'],
    ["$now('[Y0001]/[M01] [H01]h', '+0100')", '2026/01 04h'],
    ['$millis()', 1768446000000],
    ["$toMillis('10:30', '[H01]:[m01]')", 1768473000000],
    ['$count($shuffle([1..5]))', 5],
  ])('%s', async (expression, expected) => {
    expect(await run(output(`{% ${expression} %}`))).toMatchObject({ status: 'SUCCEEDED', output: expected });
  });

  it.each([
    '$partition([], 2)',
    '$partition([1], 0)',
    '$partition([1], -0.5)',
    '$range(5, 1, 1)',
    '$range(1, 5, 0)',
    '$range(1, 5)',
    "$hash('a')",
    '$parse()',
  ])('%s is nothing', async (expression) => {
    expect((await run(output(`{% ${expression} %}`))).cause).toContain('returned nothing (undefined).');
  });

  it.each([
    ['$partition([1,2,3], -1)', '. D3137: Second argument must be zero or greater'],
    ['$partition(null, 2)', '. T0412: '],
    ['$partition([1], 2, 3)', '. T0410: Argument 3 of function "partition" does not match function signature'],
    ['$range(1)', '. T0410: Argument 2 of function "range" does not match function signature'],
    ['$range(1, 360146, 1)', ': Expression evaluation memory limit exceeded: Check for excessive memory usage'],
    ["$hash('Hello', 'md5')", '. D3137: '],
    ["$hash(42, 'MD5')", '. T0410: Argument 1 of function "hash" does not match function signature'],
    ["$uuid('seed')", '. T0410: Argument 1 of function "uuid" does not match function signature'],
    ['$random(1, 2)', '. T0410: Argument 2 of function "random" does not match function signature'],
    ['$parse(null)', '. T0410: Argument 1 of function "parse" does not match function signature'],
    ["$parse('nope')", '. D3137: Invalid JSON'],
    ["$eval('1')", '. T1006: Attempted to invoke a non-function'],
    ['$randomSeeded(1)', '. T1006: Attempted to invoke a non-function'],
    ["$error('boom')", '. D3137: boom'],
    ["1 + 'a'", '. T2002: The right side of the "+" operator must evaluate to a number'],
    ['$sqrt(-1)', '. D3060: The sqrt function cannot be applied to a negative number: -1'],
  ])('%s fails', async (expression, cause) => {
    const result = await run(output(`{% ${expression} %}`));
    expect(result.error).toBe('States.QueryEvaluationError');
    expect(result.cause).toContain(
      `${inState('S')}The JSONata expression '${expression}' specified for the field 'Output' threw an error during evaluation${cause}`,
    );
  });

  it('draw the same numbers in the same execution, whenever it runs', async () => {
    const once = () => run(output({ r: '{% $random() %}', u: '{% $uuid() %}', s: '{% $shuffle([1..9]) %}' }));
    expect((await once()).output).toEqual((await once()).output);
  });
});

describe('a result', () => {
  it.each<[string, string, Json]>([
    ['of one value is that value', '[{"a":1}].a', 1],
    ['forced to be an array stays one', '[1][]', [1]],
    ['of a filter with one match is the match', '[1,2][$ = 1]', 1],
    ['that JSON cannot hold is the name of it', '[1/0, -1/0, 0/0]', ['Infinity', '-Infinity', 'NaN']],
    ['drops fields that are undefined', "{'a': $x, 'b': 1}", { b: 1 }],
  ])('%s', async (_, expression, expected) => {
    expect((await run(output(`{% ${expression} %}`))).output).toEqual(expected);
  });

  it.each(['$sum', 'function($x) { $x }', "{'f': $sum}", '[$sum]', '/a/'])(
    'cannot be or hold a function: %s',
    async (expression) => {
      const result = await run(output(`{% ${expression} %}`));
      expect(result).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
      expect(result.cause).toContain('returned an unsupported result type.');
    },
  );

  it('is no JSONata sequence any more in the next state', async () => {
    const { output: seen } = await run({
      QueryLanguage: 'JSONata',
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Output: { v: "{% [{'a': 1}][].{'b': a} %}", w: '{% [1][] %}' }, Next: 'B' },
        B: { Type: 'Pass', Output: { w: '{% $states.input.w %}', count: '{% $count($states.input.w) %}' }, End: true },
      },
    });
    expect(seen).toEqual({ w: [1], count: 1 });
  });
});

describe('the depth of an evaluation', () => {
  const recursion = (n: number) => `($f := function($x){ $x <= 0 ? 0 : 1 + $f($x-1) }; $f(${n}))`;
  it.each<[string, number]>([
    [`1${'+1'.repeat(99)}`, 100],
    [`${'('.repeat(99)}1${')'.repeat(99)}`, 1],
    [recursion(31), 31],
  ])('reaches as far as in the service: %#', async (expression, expected) => {
    expect((await run(output(`{% ${expression} %}`))).output).toBe(expected);
  });

  it.each([`1${'+1'.repeat(100)}`, `${'('.repeat(100)}1${')'.repeat(100)}`, recursion(32)])(
    'goes no further than in the service: %#',
    async (expression) => {
      const { cause } = await run(output(`{% ${expression} %}`));
      expect(cause).toContain(
        ': Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive',
      );
    },
  );
});

describe('executions', () => {
  it('do not see what others evaluated, though they share compiled expressions', async () => {
    const definition = only({ Type: 'Pass', Output: '{% ($seen := $exists($kept); $kept := 1; $seen) %}' });
    const results = await Promise.all([run(definition), run(definition)]);
    expect(results.map((result) => result.output)).toEqual([false, false]);
  });
});
