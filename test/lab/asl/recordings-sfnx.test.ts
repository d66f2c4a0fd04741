import { describe, expect, it } from 'vitest';
import { parseDefinition, StatesError } from '../../../lab/asl/index.ts';
import type { Json } from '../../../lab/kernel/json.ts';
import { flow, nothing, pass, result, threw } from './recorded.ts';
import { machine, only, output, run } from './support.ts';

/** https://github.com/iwamot/sfnx, docs/design.md and src/sfnx/testing.py: what is marked as measured */
describe('sfnx measured that', () => {
  it.each<[string, { value: Json } | { fails: string }, Json?]>([
    ['1 / 0', { value: 'Infinity' }],
    ['1 / 0 > 5', { value: true }],
    ['$boolean([0])', { value: false }],
    ['$boolean([[]])', { value: false }],
    ["$x != ''", { value: false }],
    ['$partition([])', { value: [[]] }],
    ['$partition([], 2)', nothing],
    ['$partition([1,2,3], 1.5)', { value: [[1], [2], [3]] }],
    ['$parse($states.input)', { value: { a: "it's" } }, "{'a': 'it\\'s'}"],
    ['$parse($states.input)', { value: ['say "hi"'] }, '[\'say "hi"\']'],
    ['$parse($states.input)', threw('D3137: Invalid JSON'), 'NaN'],
    ['$parse($states.input)', threw('D3137: Invalid JSON'), '1e400'],
    ['$parse($states.input)', threw('D3137: Invalid JSON'), '[{"a":1,"a":2}]'],
    ["$base64encode('日本 a')", { value: '5pel5pysIGE=' }],
    ["$base64decode('5pel5pysIGE=')", { value: '日本 a' }],
    ["$base64decode('YWJ')", { value: 'ab' }],
    ["$decodeUrlComponent('a+b%2Bc%20d')", { value: 'a b+c d' }],
    ["$decodeUrlComponent('%E6')", { value: '\uFFFD' }],
    ["$decodeUrlComponent('%E6%97%A5')", { value: '日' }],
    ["$formatNumber(0.125, '0.00')", { value: '0.12' }],
    ["$formatNumber(2.675, '#,##0.00')", { value: '2.68' }],
    ["$formatNumber(1234.5678, '#,##0.00')", { value: '1,234.57' }],
    ["$formatNumber(0.12345, '0.00%')", { value: '12.34%' }],
    ['$round(2.5)', { value: 2 }],
    ['$round(2.675, 2)', { value: 2.68 }],
    ['$round(25, -1)', { value: 20 }],
    ["$toMillis('2026-01-15T03:00:00')", { value: 1768446000000 }],
    ['$toMillis($now()) = $millis()', { value: true }],
    ["$fromMillis('x')", nothing],
    ["$fromMillis(0, '[H01]:[m01]', 'utc')", { value: '00:00' }],
    ["$number('1e400')", threw('D3030: Unable to cast value to a number: "1e400"')],
    ["$split('a.b', '.')", { value: ['a', 'b'] }],
    ["$trim('  a  b\\t\\nc ')", { value: 'a b c' }],
    ["$replace('ab', 'a', '$0')", { value: '$0b' }],
    ["$replace('aaa', 'a', 'b', 2.5)", { value: 'bba' }],
    ["$substring('hello', -10, 2)", { value: 'he' }],
    ['$sum([])', { value: 0 }],
    ['$max([])', nothing],
    ["$join([], ',')", { value: '' }],
    ["$keys({'a': 1})", { value: 'a' }],
    ['$keys({})', nothing],
    ['[3..1]', { value: [] }],
    ["$pad('x', 6.5, 'ab')", { value: 'xababa' }],
  ])('%s is %j', async (expression, expected, input) => {
    expect(await result(expression, input)).toEqual(expected);
  });

  it.each(["$base64decode('!!')", "$decodeUrlComponent('%zz')", "$replace('a', '', 'b')", '$sqrt(-1)', '(1 / 0) + 1'])(
    '%s fails',
    async (expression) => {
      expect(await result(expression)).toEqual({ fails: expect.stringContaining('threw an error during evaluation') });
    },
  );

  it.each([
    ['{% $states.input.a ?? 1 %}', 'no ??'],
    ["{% $states.input.a ?: 'x' %}", 'no ?:'],
    ['{% 1', 'a %} at the end'],
  ])('%s is invalid', (template, message) => {
    expect(() => parseDefinition(output(template))).toThrow(message);
  });

  it('a variable does not begin with _', () => {
    expect(() => parseDefinition(only({ Type: 'Pass', Assign: { _a: 1 } }))).toThrow('Unicode identifier');
  });

  it('a variable hides the function of its name', async () => {
    const definition = machine({
      A: { Type: 'Pass', Assign: { count: 1 }, Next: 'B' },
      B: pass({ Output: '{% $count([1]) %}' }),
    });
    expect((await run(definition)).cause).toContain('T1006: Attempted to invoke a non-function');
  });

  it('a branch may assign what the flow around it assigns only later', async () => {
    const definition = machine({
      P: { Type: 'Parallel', Branches: [flow({ I: pass({ Assign: { v: 1 } }) })], Next: 'A' },
      A: { Type: 'Pass', Assign: { v: 2 }, Next: 'B' },
      B: pass({ Output: '{% $v %}' }),
    });
    expect((await run(definition)).output).toBe(2);
  });

  it('a branch may not assign what is assigned on the way back to it', () => {
    const definition = machine({
      P: { Type: 'Parallel', Branches: [flow({ I: pass({ Assign: { v: 1 } }) })], Next: 'C' },
      C: { Type: 'Choice', Choices: [{ Condition: true, Assign: { v: 2 }, Next: 'P' }], Default: 'D' },
      D: pass(),
    });
    expect(() => parseDefinition(definition)).toThrow('not assigned on the way here');
  });

  it.each([
    ["{% '2026-01-15t03:00:05z' %}", 5],
    ["{% '2026-01-15T03:01Z' %}", 60],
    ["{% '2026-01-15T04:00:01.500000000+01:00' %}", 1.5],
  ])('an evaluated Timestamp may be %s', async (Timestamp, seconds) => {
    expect(await run(only({ Type: 'Wait', Timestamp }))).toMatchObject({ status: 'SUCCEEDED', seconds });
  });

  it.each(['2026-02-30T00:00:00Z', '2026-01-15 03:00:00Z', '2026-01-15T03:00:00', '2026-01-15T25:00:00Z'])(
    'an evaluated Timestamp may not be %s',
    async (text) => {
      const { error } = await run(only({ Type: 'Wait', Timestamp: `{% '${text}' %}` }));
      expect(error).toBe('States.QueryEvaluationError');
    },
  );

  it('a Catch reads how often the state was retried', async () => {
    const RetryCount = '{% $states.context.State.RetryCount %}';
    const definition = machine({
      T: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Retry: [{ ErrorEquals: ['E'], MaxAttempts: 2 }],
        Catch: [{ ErrorEquals: ['States.ALL'], Assign: { count: RetryCount }, Next: 'D' }],
        End: true,
      },
      D: pass({ Output: '{% $count %}' }),
    });
    const runTask = async () => {
      throw new StatesError('E', null);
    };
    expect((await run(definition, {}, { runTask })).output).toBe(2);
  });

  it.each<[string, string]>([
    ['2/3', '0.666666666666666'],
    ['-2/3', '-0.666666666666667'],
    ['0.1 + 0.2', '0.3'],
    ['0.00000015', '1.5e-7'],
    ['0.000001', '0.000001'],
    ['1234567890123456.7', '1.23456789012345e+15'],
    ['1e20', '100000000000000000000'],
    ['1e21', '1e+21'],
    ["{'v': [2/3, -2/3]}", '{"v":[0.666666666666666,-0.666666666666667]}'],
    ["['\\u0001', 'a\\nb', 'é']", '["\u0001","a\\nb","é"]'],
    ["['\\\\u0001']", '["\\\\u0001"]'],
  ])('the text of %s is %s', async (expression, text) => {
    expect(await result(`$string(${expression})`)).toEqual({ value: text });
    expect(await result(`'' & (${expression}) & $nothing`)).toEqual({ value: text });
  });

  it.each(['100000000', '0.0'])('an expression may yield %s for Seconds', async (seconds) => {
    const result = await run(only({ Type: 'Wait', Seconds: `{% ${seconds} %}` }));
    expect(result).toMatchObject({ status: 'SUCCEEDED', seconds: Number(seconds) });
  });

  it.each(['Retry', 'Catch'])('%s of States.TaskFailed is not for an expression that fails', async (field) => {
    const entry = { ErrorEquals: ['States.TaskFailed'], ...(field === 'Catch' ? { Next: 'D' } : {}) };
    const definition = machine({
      M: { Type: 'Map', Items: '{% $nobody %}', ItemProcessor: flow({ I: pass() }), [field]: [entry], Next: 'D' },
      D: pass(),
    });
    expect(await run(definition)).toMatchObject({ error: 'States.QueryEvaluationError', seconds: 0 });
  });

  it('$states has no other fields, as far as they are named', async () => {
    expect(() => parseDefinition(output('{% $states.foo %}'))).toThrow(
      'no $states.foo, which this field does not have',
    );
    expect((await run(output(["{% $states['foo'] %}", '{% $exists(($states).foo) %}']))).status).toBe('SUCCEEDED');
  });
});
