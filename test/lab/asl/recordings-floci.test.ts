import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../lab/asl/index.ts';
import { flow, pass, result } from './recorded.ts';
import { events, inState, machine, only, output, run } from './support.ts';

/** The length of a text of two to that power. */
const doubled = (power: number) => `$length($reduce([1..${power}], function($text, $step){ $text & $text }, 'x'))`;

/** https://github.com/floci-io/floci, its issues and tests of Step Functions: what they say was measured */
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

  it('a Map or Parallel fails once more when its Catch fails', async () => {
    const Catch = [{ ErrorEquals: ['States.ALL'], Output: '{% $nobody %}', Next: 'D' }];
    const definition = machine({
      P: { Type: 'Parallel', Branches: [flow({ F: { Type: 'Fail', Error: 'Boom' } })], Catch, Next: 'D' },
      D: pass(),
    });
    const { error, cause, history } = await run(definition);
    expect(error).toBe('States.QueryEvaluationError');
    expect(cause).toContain("specified for the field 'Catch[0]/Output' returned nothing (undefined).");
    // ExecutionStarted, ParallelStateEntered, ParallelStateStarted, FailStateEntered, ParallelStateFailed,
    // EvaluationFailed, ParallelStateFailed, ExecutionFailed
    expect(events(history)).toBe(8);
  });

  // https://github.com/floci-io/floci/pull/1588, and as documented
  it('the states of an iteration do not know of its item', async () => {
    const processor = flow({ I: pass({ Output: '{% $exists($states.context.Map) %}' }) });
    expect((await run(only({ Type: 'Map', Items: ['a'], ItemProcessor: processor }))).output).toEqual([false]);
  });

  it.each([
    ['order', 'order'],
    ['order.lines[0]', 'order'],
    ['-order', 'order'],
    ['$states.input.a ? 1 : order', 'order'],
    ["order & 'x'", 'order'],
    ['1 in order', 'order'],
    ['$count(order[a])', 'order'],
    ['order(1)', 'order'],
    ['order ~> $string()', 'order'],
    ['[1..order]', 'order'],
    ['(1; order)', 'order'],
    ['[order].a', 'order'],
    ['{order: 1}', 'order'],
    ['($x := order; $x)', 'order'],
    ['$map($states.input.a, function($v){ order })', 'order'],
    ['$', '$'],
    ['$.order', '$'],
    ['$map($states.input.a, function($v){ $ })', '$'],
    ['$$', '$$'],
    ['$$.order', '$$'],
  ])('%s is invalid for its %s', (expression, name) => {
    expect(() => parseDefinition(output(`{% ${expression} %}`))).toThrow(`no reference to ${name} at the top level`);
  });

  it.each([
    '$states.input.order',
    '$states.input.lines[order > 3]',
    '$states.input.lines[0][order]',
    '$states.input.lines[$ > 1]',
    '$states.input.lines^(order)',
    "$states.input.lines{'k': order}",
    '$states.input.lines.(order)',
    '$states.input.lines.$order',
    "$states.input ~> |order|{'b': 1}|",
    '**.order',
    "{'k': 1}.order",
    '$order',
    'function($v){ $v.order }',
  ])('%s is valid', (expression) => {
    expect(() => parseDefinition(output(`{% ${expression} %}`))).not.toThrow();
  });

  it.each([
    ['$count([1..873782])', '$sum([1..873783])'],
    [doubled(22), doubled(23)],
  ])('%s has room, %s has not', async (small, large) => {
    expect(await result(small)).toEqual({ value: expect.any(Number) });
    const fails =
      'threw an error during evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage';
    expect(await result(large)).toEqual({ fails });
  });

  it('of a timeout only the history knows the error', async () => {
    const definition = machine({ W: { Type: 'Wait', Seconds: 25, End: true } }, { TimeoutSeconds: 3 });
    expect(await run(definition)).toMatchObject({ status: 'TIMED_OUT', error: null, cause: null, seconds: 3 });
  });

  it('only the machine itself needs an end', () => {
    const endless = flow({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } });
    expect(() => parseDefinition(only({ Type: 'Map', ItemProcessor: endless }))).not.toThrow();
    expect(() => parseDefinition({ QueryLanguage: 'JSONata', ...endless })).toThrow('expected a terminal state');
  });

  it('MaxConcurrency has no upper bound', async () => {
    const definition = only({ Type: 'Map', MaxConcurrency: 2 ** 63, ItemProcessor: flow({ I: pass() }) });
    expect((await run(definition, [1])).output).toEqual([1]);
  });
});
