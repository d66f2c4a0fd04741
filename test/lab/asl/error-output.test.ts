import { describe, expect, it } from 'vitest';
import { MAX_DATA_BYTES, StatesError } from '../../../lab/asl/index.ts';
import { runAsl } from '../../../lab/lab-asl.ts';
import { machine, run } from './support.ts';

const LIMIT = 'States.DataLimitExceeded';
const tooMuch = 'x'.repeat(MAX_DATA_BYTES);
const tooMuchLater = `{% $pad('', ${MAX_DATA_BYTES}, 'x') %}`;
const pass = (fields: object = {}) => ({ Type: 'Pass', End: true, ...fields });
const flow = (state: object) => ({ StartAt: 'I', States: { I: state } });
const task = (fields: object = {}) => ({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', ...fields });
const handled = (state: object, handling: object) =>
  machine({ S: { ...state, ...handling, Next: 'D' }, D: pass({ Output: '{% $states.input %}' }) });
const caught = (state: object, name: string) => handled(state, { Catch: [{ ErrorEquals: [name], Next: 'D' }] });

const returning = (result: string) => ({ runTask: async () => result });
const failing = { runTask: () => Promise.reject(new StatesError(LIMIT, 'too much')) };

/** https://github.com/iwamot/sfnx (docs/design.md), against the documentation; a Retry goes by the same names. */
describe('sfnx measured that too large a result of a task', () => {
  const names = ['States.ALL', 'States.TaskFailed', LIMIT];
  it.each(names)('is for a Catch of %s', async (name) => {
    const { output } = await run(caught(task(), name), {}, returning(tooMuch));
    expect(output).toMatchObject({ Error: LIMIT, Cause: expect.stringContaining("The state/task 'lambda' returned") });
  });

  it.each(names)('is for a Retry of %s', async (name) => {
    let calls = 0;
    const runTask = async () => (calls++ === 0 ? tooMuch : 'small');
    const result = await run(handled(task(), { Retry: [{ ErrorEquals: [name] }] }), {}, { runTask });
    expect(result).toMatchObject({ output: 'small', seconds: 1 });
  });

  it('is no other error', async () => {
    const { error } = await run(caught(task(), 'States.Timeout'), {}, returning(tooMuch));
    expect(error).toBe(LIMIT);
  });
});

it.each(['States.ALL', 'States.TaskFailed'])('a Catch of %s takes the limit that a resource reports', async (name) => {
  expect((await run(caught(task(), name), {}, failing)).output).toEqual({ Error: LIMIT, Cause: 'too much' });
});

/** What nobody measured is as documented. */
describe.each(['States.ALL', 'States.TaskFailed'])('as documented, no Catch or Retry of %s takes', (name) => {
  it.each<[string, object, string?]>([
    ['too large arguments of a task', task({ Arguments: tooMuchLater })],
    ['too large an output of a task', task({ Output: tooMuchLater })],
    ['too large arguments of branches', { Type: 'Parallel', Arguments: tooMuchLater, Branches: [flow(pass())] }],
    ['too large an output of branches', { Type: 'Parallel', Output: tooMuchLater, Branches: [flow(pass())] }],
    ['too large an output within a branch', { Type: 'Parallel', Branches: [flow(pass({ Output: tooMuchLater }))] }],
    ['too large an output within an iteration', { Type: 'Map', ItemProcessor: flow(pass({ Output: tooMuchLater })) }],
    ['the limit of a task within a branch', { Type: 'Parallel', Branches: [flow(task({ End: true }))] }, tooMuch],
    ['the limit of a task within an iteration', { Type: 'Map', ItemProcessor: flow(task({ End: true })) }, tooMuch],
  ])('%s', async (_, state, result = 'small') => {
    const byCatch = await run(caught(state, name), [1], returning(result));
    const byRetry = await run(handled(state, { Retry: [{ ErrorEquals: [name] }] }), [1], returning(result));
    expect(byCatch).toMatchObject({ status: 'FAILED', error: LIMIT });
    expect(byRetry).toMatchObject({ status: 'FAILED', error: LIMIT, seconds: 0 });
    expect((await run(caught(state, LIMIT), [1], returning(result))).output).toMatchObject({ Error: LIMIT });
  });
});

describe('an error output has Error and Cause', () => {
  it.each<[string, object, object]>([
    ['of an error that has both', { Error: 'E', Cause: 'why' }, { Error: 'E', Cause: 'why' }],
    ['of an error without a cause', { Error: 'E' }, { Error: 'E', Cause: '' }],
    ['of a cause without an error', { Cause: 'why' }, { Error: '', Cause: 'why' }],
    ['of neither', {}, { Error: '', Cause: '' }],
  ])('%s', async (_, fields, expected) => {
    const state = { Type: 'Parallel', Branches: [flow({ Type: 'Fail', ...fields })] };
    expect((await run(caught(state, 'States.ALL'))).output).toEqual(expected);
    const read = { ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput %}', Next: 'D' };
    expect((await run(handled(state, { Catch: [read] }))).output).toEqual(expected);
  });

  it('where a task timed out', async () => {
    const runTask = () => new Promise<never>(() => {});
    const { output } = await run(caught(task({ TimeoutSeconds: 5 }), 'States.Timeout'), {}, { runTask });
    expect(output).toEqual({ Error: 'States.Timeout', Cause: '' });
  });

  it('where an iteration failed that is tolerated', async () => {
    const state = { Type: 'Map', ToleratedFailureCount: 1, ItemProcessor: flow({ Type: 'Fail' }) };
    expect((await run(handled(state, {}), [1])).output).toEqual([{ Status: 'FAILED', Error: '', Cause: '' }]);
  });

  it('that expressions can put together', async () => {
    const Output = "{% $states.errorOutput.Error & '/' & $states.errorOutput.Cause %}";
    const Catch = [{ ErrorEquals: ['States.ALL'], Output, Next: 'D' }];
    const definition = handled({ Type: 'Map', ItemProcessor: flow({ Type: 'Fail' }) }, { Catch });
    expect(await runAsl(JSON.parse(JSON.stringify(definition)), [1])).toMatchObject({ output: '/' });
  });

  it('which the result of an execution that fails has not', async () => {
    expect(await run(machine({ F: { Type: 'Fail' } }))).toMatchObject({ status: 'FAILED', error: null, cause: null });
  });
});
