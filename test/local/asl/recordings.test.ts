import { describe, expect, it } from 'vitest';
import { InvalidDefinitionError, parseDefinition, StatesError } from '../../../local/asl/index.ts';
import type { Json } from '../../../local/kernel/json.ts';
import { events, inState, machine, only, output, run } from './support.ts';

/*
 * What others measured in the service and wrote down in public, each under its source. The definitions are our own.
 */

const pass = (fields: object = {}) => ({ Type: 'Pass', End: true, ...fields });
const flow = (states: Record<string, object>) => ({ StartAt: Object.keys(states)[0], States: states });

/** The result of one expression, or the end of the cause that it fails with. */
async function result(expression: string, input: Json = {}): Promise<{ value: Json } | { fails: string | null }> {
  const { status, output: value, cause } = await run(output(`{% ${expression} %}`), input);
  const place = `${inState('S')}The JSONata expression '${expression}' specified for the field 'Output' `;
  return status === 'SUCCEEDED' ? { value } : { fails: cause?.replace(place, '') ?? null };
}

const threw = (cause: string) => ({ fails: `threw an error during evaluation. ${cause}` });
const nothing = { fails: 'returned nothing (undefined).' };
const signature = (position: number, name: string) =>
  threw(`T0410: Argument ${position} of function "${name}" does not match function signature`);

/** https://github.com/gabrielmoreira/tiny-asl-machine, tests/conformance/cases/.snapshots/aws */
describe('tiny-asl-machine recorded that', () => {
  const algorithms = 'must be one of SHA-1, SHA-384, SHA-256, SHA-512, MD5';
  it.each<[string, { value: Json } | { fails: string }, Json?]>([
    ['$partition([1,2,3,4,5], 2.6)', { value: [[1, 2], [3, 4], [5]] }],
    ['$partition([1,2,3], 0)', nothing],
    ["$partition([1,2,3], '2')", signature(2, 'partition')],
    ['$partition([1,2,3], null)', signature(2, 'partition')],
    ["$partition('x', 2)", threw('T0412: Argument 1 of function "partition" must be an array of undefined')],
    ['$partition([1,2,3])', { value: [[1, 2, 3]] }],
    ['$range(1.4, 5.6, 2.2)', { value: [1, 3, 5] }],
    ['$range(1, 10, 0.49)', nothing],
    ['$count($range(1, 1001, 1))', { value: 1001 }],
    ["$range('a', 5, 1)", signature(1, 'range')],
    ["$hash('✓', 'SHA-256')", { value: '1dabba21cdad44541f6b15796f8d22978fc7ea10c46aeceeeeb66c23b3ac7604' }],
    ["$hash('data', 'UNSUPPORTED')", threw(`D3137: Hash algorithm 'UNSUPPORTED' ${algorithms}`)],
    ["$hash('hello', 'sha-256')", threw(`D3137: Hash algorithm 'sha-256' ${algorithms}`)],
    ['$hash()', signature(1, 'hash')],
    ["$hash(123, 'SHA-256')", signature(1, 'hash')],
    ['$parse($states.input)', { value: { a: 1 } }, ' {"a":1} '],
    ['$parse($states.input)', threw('D3137: Invalid JSON'), '{bad json}'],
    ['$parse($states.input)', signature(1, 'parse'), { a: 1 }],
    ['$uuid(null)', signature(1, 'uuid')],
    ['$random(null)', signature(1, 'random')],
    ["$random('seed')", signature(1, 'random')],
  ])('%s is %j', async (expression, expected, input) => {
    expect(await result(expression, input)).toEqual(expected);
  });

  it.each([
    ['-1', 'TimeoutSeconds must be between 0 and 99999999 but was: -1'],
    ['1.6', 'The TimeoutSeconds field cannot be parsed as an integer: 1.6'],
  ])('a timeout of %s fails', async (value, cause) => {
    const task = { Type: 'Task', Resource: 'arn:aws:states:::aws-sdk:sts:getCallerIdentity', Arguments: {} };
    const definition = only({ ...task, TimeoutSeconds: `{% ${value} %}` });
    expect(await run(definition, {}, { runTask: async () => null })).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: `${inState('S')}${cause}`,
    });
  });

  it.each([
    [
      'a state that nothing leads to',
      machine({ A: pass(), B: pass() }),
      'found "B", expected a state that is reachable',
    ],
    [
      'no end',
      machine({ A: pass({ End: undefined, Next: 'B' }), B: pass({ End: undefined, Next: 'A' }) }),
      'expected a terminal state',
    ],
  ])('a definition with %s is invalid', (_, definition, message) => {
    const parse = () => parseDefinition(JSON.parse(JSON.stringify(definition)));
    expect(parse).toThrow(InvalidDefinitionError);
    expect(parse).toThrow(message);
  });

  it('an inline Map knows no source of its items', async () => {
    const ItemSelector = { source: '{% $states.context.Map.Item.Source %}' };
    const { cause } = await run(only({ Type: 'Map', Items: ['a'], ItemSelector, ItemProcessor: flow({ I: pass() }) }));
    expect(cause).toBe(
      `${inState('S')}The JSONata expression '$states.context.Map.Item.Source' specified for the field 'ItemSelector/source' returned nothing (undefined).`,
    );
  });

  it('an empty string is an Output', async () => {
    const definition = machine({
      C: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Output: '', Next: 'D' }], Default: 'D' },
      D: pass(),
    });
    expect((await run(definition, { n: 1 })).output).toBe('');
  });
});

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
});

/** https://github.com/floci-io/floci, AslExecutorParallelCutTest and StepFunctionsJsonataIntegrationTest */
describe('floci measured that', () => {
  it('an ItemSelector fails before its iteration starts', async () => {
    const ItemSelector = { v: '{% $states.context.Map.Item.Value.v %}' };
    const definition = only({ Type: 'Map', Items: [1], ItemSelector, ItemProcessor: flow({ I: pass() }) });
    // ExecutionStarted, MapStateEntered, MapStateStarted, EvaluationFailed, MapStateFailed, ExecutionFailed
    expect(events((await run(definition)).history)).toBe(6);
  });

  it('a Fail state whose Cause is nothing fails for that', async () => {
    const definition = machine({ F: { Type: 'Fail', Error: 'Boom', Cause: '{% $states.input.missing %}' } });
    expect(await run(definition)).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: `${inState('F')}The JSONata expression '$states.input.missing' specified for the field 'Cause' returned nothing (undefined).`,
    });
  });
});

/** https://github.com/localstack/localstack, tests/aws/services/stepfunctions/v2/scenarios and outputdecl */
describe('LocalStack recorded that', () => {
  const start = (items: string) =>
    machine({
      A: { Type: 'Pass', Assign: { items }, Next: 'M' },
      M: { Type: 'Map', Items: '{% $items %}', MaxConcurrency: 1, ItemProcessor: flow({ I: pass() }), End: true },
    });
  it.each([
    ["{% {'foo': 'bar'} %}", `Expected 'array', but was 'object' for value: {"foo":"bar"}`],
    ['{% null %}', "Expected 'array', but was 'null' for value: null"],
  ])('Items of %s fail', async (items, ending) => {
    expect((await run(start(items))).cause).toBe(
      `${inState('M', 4)}The JSONata expression '$items' specified for the field 'Items' returned an unexpected result type. ${ending}`,
    );
  });

  it('Items that are a function fail', async () => {
    const definition = only({
      Type: 'Map',
      Items: '{% $fn := function($x){$x} %}',
      ItemProcessor: flow({ I: pass() }),
    });
    expect((await run(definition)).cause).toBe(
      `${inState('S')}The JSONata expression '$fn := function($x){$x}' specified for the field 'Items' returned an unsupported result type.`,
    );
  });

  it('text that looks like JSONPath or an intrinsic function is text', async () => {
    const template = {
      a: ' {% states.input %} ',
      b: '$.no.such.path',
      'c.$': '$',
      d: "States.Format('{}', 1)",
      e: '$$',
    };
    expect((await run(output(template))).output).toEqual(template);
  });
});
