import { describe, expect, it } from 'vitest';
import { InvalidDefinitionError, parseDefinition } from '../../../lab/asl/index.ts';
import type { Json } from '../../../lab/kernel/json.ts';
import { flow, nothing, pass, result, threw } from './recorded.ts';
import { events, inState, machine, only, output, run } from './support.ts';

/** https://github.com/localstack/localstack, tests/aws/services/stepfunctions/v2: the snapshots, which are recordings */
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

  it.each<Json>([null, true, 1, 'text', { foo: 'bar' }])(
    'a Map without Items does not iterate over %j',
    async (input) => {
      const definition = machine({
        M: { Type: 'Map', ItemProcessor: flow({ I: pass() }), Catch: [{ ErrorEquals: ['E'], Next: 'D' }], End: true },
        D: pass(),
      });
      const { error, cause, history } = await run(definition, input);
      expect(error).toBe('States.QueryEvaluationError');
      expect(cause).toBe(`${inState('M')}Map state input must be an array but was: ${JSON.stringify(input)}`);
      // ExecutionStarted, MapStateEntered, EvaluationFailed, MapStateFailed, ExecutionFailed
      expect(events(history)).toBe(5);
    },
  );

  it.each<[string, Json]>([
    ['{% [] %}', []],
    ['{% [null] %}', [null]],
    ["{% [1, 'a', true, null, {'b': [2]}] %}", [1, 'a', true, null, { b: [2] }]],
  ])('Items of %s are iterated over', async (items, expected) => {
    expect(await run(start(items))).toMatchObject({ status: 'SUCCEEDED', output: expected });
  });

  it.each([
    '2016-03-14 01:59:00Z',
    '2016-03-14T01:59:00',
    '2016-14-03T01:59:00Z',
    '2016-03-14T25:59:00Z',
    '2016-03-14',
  ])('an evaluated Timestamp of %s cannot be parsed', async (text) => {
    expect(await run(only({ Type: 'Wait', Timestamp: '{% $states.input %}' }), text)).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: `${inState('S')}The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${text}`,
    });
  });

  it.each(['2016-03-14T01:59:00', '2016-03-14 01:59:00Z', '2016-14-03T01:59:00Z', '2016-03-14T25:59:00Z', 'no time'])(
    'a written Timestamp of %s is invalid',
    (Timestamp) => {
      expect(() => parseDefinition(only({ Type: 'Wait', Timestamp }))).toThrow(InvalidDefinitionError);
    },
  );

  it.each<[string, { value: Json } | { fails: string }, Json?]>([
    ['$partition($states.input, 1)', { value: [[0]] }, [0]],
    ['$partition($states.input, 3)', { value: [[1, 2, 3], [4]] }, [1, 2, 3, 4]],
    ['$partition($states.input, 2)', nothing, []],
    ['$string($parse($states.input))', { value: '0' }, '-0'],
    ['$parse($states.input)', { value: 1.1 }, '1.1'],
    ['$parse($states.input)', { value: true }, 'true'],
    ['$parse($states.input)', { value: 'HelloWorld' }, '"HelloWorld"'],
    ['$parse($states.input)', { value: [1, 2, null] }, '[1, 2, null]'],
    ['$randomSeeded($states.input)', threw('T1006: Attempted to invoke a non-function'), 1],
    ['$contains($states.input, /^[a-z]+$/)', { value: true }, 'abc'],
    ['$contains($states.input, /^[a-z]+$/)', { value: false }, 'ab1'],
  ])('%s is %j', async (expression, expected, input) => {
    expect(await result(expression, input)).toEqual(expected);
  });

  it('a state of a machine of JSONata is none of JSONPath', () => {
    const parse = () => parseDefinition(only({ Type: 'Pass', QueryLanguage: 'JSONPath' }));
    expect(parse).toThrow('found "JSONPath", expected JSONata, as it is set for the whole state machine');
  });

  it('a Fail state without Error or Cause reports none', async () => {
    const Cause = '{% $states.input.why %}';
    expect(await run(machine({ F: { Type: 'Fail', Cause } }), { why: 'so' })).toMatchObject({
      error: null,
      cause: 'so',
    });
  });
});
