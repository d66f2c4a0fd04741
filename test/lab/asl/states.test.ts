import { describe, expect, it } from 'vitest';
import { inState, machine, only, run } from './support.ts';

const done = { Type: 'Succeed' };

describe('Pass', () => {
  it.each([
    ['hands its input on when it has no Output', {}, { a: 1 }],
    [
      'outputs what its Output says',
      { Output: { b: '{% $states.input.a + 1 %}', c: ['x', null] } },
      { b: 2, c: ['x', null] },
    ],
    ['may output any JSON value', { Output: '{% $states.input.a %}' }, 1],
    ['may output null', { Output: null }, null],
  ])('%s', async (_, fields, expected) => {
    expect(await run(only({ Type: 'Pass', ...fields }), { a: 1 })).toMatchObject({
      status: 'SUCCEEDED',
      output: expected,
    });
  });
});

describe('Succeed', () => {
  it('ends the execution with its Output', async () => {
    const { output } = await run(machine({ S: { Type: 'Succeed', Output: '{% $states.input.a %}' } }), { a: [1] });
    expect(output).toEqual([1]);
  });
});

describe('Fail', () => {
  it.each([
    ['names neither error nor cause if the definition does not', {}, null, null],
    ['reports literal texts', { Error: 'E', Cause: 'because' }, 'E', 'because'],
    [
      'evaluates both',
      { Error: "{% 'E' & $states.input.n %}", Cause: '{% $string($states.input) %}' },
      'E7',
      '{"n":7}',
    ],
    [
      'fails with the evaluation when that is undefined',
      { Error: '{% $states.input.missing %}' },
      'States.QueryEvaluationError',
      `${inState('S')}The JSONata expression '$states.input.missing' specified for the field 'Error' returned nothing (undefined).`,
    ],
    [
      'fails with the evaluation when that is no text',
      { Error: 'E', Cause: '{% 1 %}' },
      'States.QueryEvaluationError',
      `${inState('S')}The JSONata expression '1' specified for the field 'Cause' returned an unexpected result type. Expected 'string', but was 'number' for value: 1`,
    ],
  ])('%s', async (_, fields, error, cause) => {
    expect(await run(machine({ S: { Type: 'Fail', ...fields } }), { n: 7 })).toMatchObject({
      status: 'FAILED',
      output: null,
      error,
      cause,
    });
  });
});

describe('Wait', () => {
  it.each([
    ['waits the seconds it says', { Seconds: 90 }, 90],
    ['waits not at all for 0', { Seconds: 0 }, 0],
    ['evaluates Seconds', { Seconds: '{% $states.input.n * 2 %}' }, 14],
    ['waits until a timestamp', { Timestamp: '2026-01-15T03:01:00Z' }, 60],
    ['understands an offset and a fraction', { Timestamp: '2026-01-15T04:00:01.5+01:00' }, 1.5],
    ['does not wait for the past', { Timestamp: '2020-01-01T00:00:00Z' }, 0],
    ['evaluates Timestamp', { Timestamp: '{% $fromMillis($millis() + 5000) %}' }, 5],
  ])('%s', async (_, fields, seconds) => {
    const result = await run(only({ Type: 'Wait', ...fields }), { n: 7 });
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: { n: 7 }, seconds });
  });

  const DAY = 86_400;
  it.each([
    ['24,855 days', { Seconds: `{% 24855 * ${DAY} %}` }, 24_855 * DAY],
    ['2^31 - 1 seconds', { Seconds: '{% 2147483647 %}' }, 2_147_483_647],
    ['as long until a timestamp', { Timestamp: '2094-02-02T06:14:07Z' }, 2_147_483_647],
    ['as long until an evaluated timestamp', { Timestamp: "{% '2094-02-02T07:14:07+01:00' %}" }, 2_147_483_647],
  ])('may last %s', async (_, fields, seconds) => {
    expect(await run(only({ Type: 'Wait', ...fields }))).toMatchObject({ status: 'SUCCEEDED', seconds });
  });

  it.each([
    ['24,856 days', { Seconds: `{% 24856 * ${DAY} %}` }],
    ['2^31 seconds', { Seconds: '{% 2147483648 %}' }],
    ['more seconds than any number of them', { Seconds: '{% 1e30 %}' }],
    ['a second more until a timestamp', { Timestamp: '2094-02-02T06:14:08Z' }],
    ['a moment more until an evaluated timestamp', { Timestamp: "{% '2094-02-02T06:14:07.001Z' %}" }],
    ['thousands of years', { Timestamp: '9999-12-31T23:59:59Z' }],
  ])('fails at once, and for good, where it would last %s', async (_, fields) => {
    const branch = { StartAt: 'W', States: { W: { Type: 'Wait', ...fields, End: true } } };
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'D' }];
    const result = await run(machine({ S: { Type: 'Parallel', Branches: [branch], Catch, Next: 'D' }, D: done }));
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Runtime', seconds: 0 });
    expect(result.cause).toContain(`${inState('W', 4)}The state cannot wait for more than 2147483647 seconds`);
  });

  it.each([
    ['undefined', { Seconds: '{% $states.input.x %}' }, 'returned nothing (undefined).'],
    ['text', { Seconds: "{% '5' %}" }, `Expected 'number', but was 'string' for value: "5"`],
    ['a fraction', { Seconds: '{% 1.5 %}' }, 'The Seconds field cannot be parsed as an integer: 1.5'],
    ['negative', { Seconds: '{% -1 %}' }, 'Seconds must be at least 0 but was: -1'],
    ['no timestamp', { Timestamp: "{% 'tomorrow' %}" }, 'string: tomorrow'],
    ['a number for a timestamp', { Timestamp: '{% 1 %}' }, "Expected 'string', but was 'number' for value: 1"],
  ])('fails on an evaluated time that is %s', async (_, fields, cause) => {
    const result = await run(only({ Type: 'Wait', ...fields }));
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError', seconds: 0 });
    expect(result.cause).toContain(inState('S'));
    expect(result.cause).toContain(cause);
  });
});

describe('Choice', () => {
  const choose = (choices: object[], more: object = {}) =>
    machine({
      C: { Type: 'Choice', Choices: choices, ...more },
      A: {
        Type: 'Pass',
        Output: { went: 'A', got: '{% $states.input %}', v: '{% $exists($v) ? $v : 0 %}' },
        End: true,
      },
      B: {
        Type: 'Pass',
        Output: { went: 'B', got: '{% $states.input %}', v: '{% $exists($v) ? $v : 0 %}' },
        End: true,
      },
    });

  it.each([
    [
      'takes the first rule that holds',
      [
        { Condition: '{% false %}', Next: 'A' },
        { Condition: '{% true %}', Next: 'B' },
        { Condition: '{% true %}', Next: 'A' },
      ],
      {},
      { went: 'B' },
    ],
    ['takes a literal condition', [{ Condition: true, Next: 'A' }], { Default: 'B' }, { went: 'A' }],
    ['takes the default when none holds', [{ Condition: false, Next: 'A' }], { Default: 'B' }, { went: 'B' }],
    [
      'does not evaluate rules after the one that holds',
      [
        { Condition: '{% true %}', Next: 'A' },
        { Condition: '{% $error() %}', Next: 'B' },
      ],
      {},
      { went: 'A' },
    ],
    [
      'uses the Assign and Output of the rule',
      [{ Condition: '{% true %}', Next: 'A', Assign: { v: 1 }, Output: 'rule' }],
      { Default: 'B', Assign: { v: 2 }, Output: 'default' },
      { went: 'A', got: 'rule', v: 1 },
    ],
    [
      'uses its own Assign and Output for the default only',
      [{ Condition: '{% true %}', Next: 'A' }],
      { Default: 'B', Assign: { v: 2 }, Output: 'default' },
      { went: 'A', got: {}, v: 0 },
    ],
    [
      'uses its own Assign and Output for the default',
      [{ Condition: '{% false %}', Next: 'A' }],
      { Default: 'B', Assign: { v: 2 }, Output: 'default' },
      { went: 'B', got: 'default', v: 2 },
    ],
  ])('%s', async (_, choices, more, expected) => {
    expect((await run(choose(choices, more))).output).toMatchObject(expected);
  });

  it.each([
    [
      'undefined',
      '{% $states.input.x %}',
      "'$states.input.x' specified for the field 'Choices[1]/Condition' returned nothing (undefined).",
    ],
    [
      'no boolean',
      "{% 'yes' %}",
      `'Choices[1]/Condition' returned an unexpected result type. Expected 'boolean', but was 'string' for value: "yes"`,
    ],
    ['null', '{% null %}', `Expected 'boolean', but was 'null' for value: null`],
  ])('fails on a condition that is %s instead of taking the default', async (_, condition, cause) => {
    const result = await run(
      choose(
        [
          { Condition: false, Next: 'A' },
          { Condition: condition, Next: 'A' },
        ],
        { Default: 'B' },
      ),
    );
    expect(result.error).toBe('States.QueryEvaluationError');
    expect(result.cause).toContain(cause);
  });

  it('fails as the service does when nothing holds and there is no default', async () => {
    const rules = ['A', 'B'].map((Next) => ({ Condition: false, Next }));
    expect(await run(choose(rules))).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: `${inState('C')}Failed to transition out of the state. The state does not point to a next state.`,
    });
  });
});

describe('an execution', () => {
  it('times out as a whole', async () => {
    const definition = machine({ W: { Type: 'Wait', Seconds: 100, Next: 'D' }, D: done }, { TimeoutSeconds: 10 });
    expect(await run(definition)).toMatchObject({
      status: 'TIMED_OUT',
      output: null,
      error: null,
      cause: null,
      seconds: 10,
    });
  });

  it('does not time out when it ends before', async () => {
    const definition = machine({ W: { Type: 'Wait', Seconds: 9, Next: 'D' }, D: done }, { TimeoutSeconds: 10 });
    expect(await run(definition)).toMatchObject({ status: 'SUCCEEDED', seconds: 9 });
  });
});
