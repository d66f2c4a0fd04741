import { describe, expect, it } from 'vitest';
import { InvalidDefinitionError, parseDefinition } from '../../../lab/asl/index.ts';
import type { Json } from '../../../lab/kernel/json.ts';
import { flow, nothing, pass, result, signature, threw } from './recorded.ts';
import { inState, machine, only, run } from './support.ts';

/*
 * What others measured in the service and wrote down in public, each under its source. The definitions are our own.
 */

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

  it.each<[string, object]>([
    [
      'a Parallel',
      { Type: 'Parallel', Branches: [flow({ I: pass({ QueryLanguage: 'JSONata', Output: '{% 1 + 1 %}' }) })] },
    ],
    ['a Map', { Type: 'Map', ItemProcessor: flow({ I: pass({ QueryLanguage: 'JSONata', Output: '{% 1 + 1 %}' }) }) }],
  ])('%s that reads nothing itself runs in a machine of JSONPath', async (_, state) => {
    const definition = { StartAt: 'S', States: { S: { End: true, ...state } } };
    expect((await run(definition, [0])).output).toEqual([2]);
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
