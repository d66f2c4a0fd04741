import { describe, expect, it } from 'vitest';
import { StatesError } from '../../../lab/asl/index.ts';
import { inState, machine, run, transitions } from './support.ts';

/** A host whose task fails with each of these errors in turn, then succeeds. */
function failing(...errors: (string | null)[]) {
  let calls = 0;
  return {
    runTask: async () => {
      const error = errors[calls++];
      if (error !== undefined) throw new StatesError(error, `attempt ${calls}`);
      return { calls };
    },
  };
}

const task = (fields: object) => ({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', End: true, ...fields });
const times = (count: number, error = 'E') => Array.from({ length: count }, () => error);

describe('Retry', () => {
  it.each([
    ['doubles one second by default', { ErrorEquals: ['E'] }, 3, 1 + 2 + 4],
    [
      'uses IntervalSeconds and BackoffRate',
      { ErrorEquals: ['E'], IntervalSeconds: 3, BackoffRate: 1.5, MaxAttempts: 4 },
      4,
      3 + 4.5 + 6.75 + 10.125,
    ],
    [
      'stops growing at MaxDelaySeconds',
      { ErrorEquals: ['E'], IntervalSeconds: 2, MaxDelaySeconds: 5, MaxAttempts: 4 },
      4,
      2 + 4 + 5 + 5,
    ],
    ['keeps one rate with a BackoffRate of 1', { ErrorEquals: ['E'], BackoffRate: 1, MaxAttempts: 5 }, 5, 5],
    ['has no jitter with NONE', { ErrorEquals: ['E'], JitterStrategy: 'NONE' }, 1, 1],
    ['waits the same for States.ALL', { ErrorEquals: ['States.ALL'] }, 2, 3],
  ])('%s', async (_, retrier, failures, seconds) => {
    const result = await run(machine({ T: task({ Retry: [retrier] }) }), {}, failing(...times(failures)));
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: { calls: failures + 1 }, seconds });
    expect(transitions(result.history)).toBe(1 + failures);
  });

  it('spreads the delay over all of it with full jitter', async () => {
    const retrier = { ErrorEquals: ['E'], IntervalSeconds: 8, BackoffRate: 1, JitterStrategy: 'FULL' };
    const { seconds } = await run(
      machine({ T: task({ Retry: [retrier] }) }),
      {},
      { ...failing('E'), random: () => 0.25 },
    );
    expect(seconds).toBe(2);
  });

  it.each([
    ['after MaxAttempts', { ErrorEquals: ['E'], MaxAttempts: 2 }, 'attempt 3'],
    ['after three by default', { ErrorEquals: ['E'] }, 'attempt 4'],
    ['at once for MaxAttempts 0', { ErrorEquals: ['E'], MaxAttempts: 0 }, 'attempt 1'],
    ['at once for another error', { ErrorEquals: ['F'] }, 'attempt 1'],
  ])('gives up %s', async (_, retrier, cause) => {
    const result = await run(machine({ T: task({ Retry: [retrier] }) }), {}, failing(...times(9)));
    expect(result).toMatchObject({ status: 'FAILED', error: 'E', cause });
  });

  it('counts for each retrier apart', async () => {
    const Retry = [
      { ErrorEquals: ['E'], MaxAttempts: 1 },
      { ErrorEquals: ['F'], MaxAttempts: 1, IntervalSeconds: 10 },
    ];
    expect(await run(machine({ T: task({ Retry }) }), {}, failing('E', 'F'))).toMatchObject({
      status: 'SUCCEEDED',
      seconds: 11,
    });
    expect(await run(machine({ T: task({ Retry }) }), {}, failing('E', 'F', 'E'))).toMatchObject({
      error: 'E',
      cause: 'attempt 3',
    });
  });

  it('does not go on to a later retrier when the first that matches is used up', async () => {
    const Retry = [{ ErrorEquals: ['E'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }];
    expect(await run(machine({ T: task({ Retry }) }), {}, failing('E'))).toMatchObject({ status: 'FAILED' });
  });

  it('starts anew when the state is entered again', async () => {
    const states = {
      T: task({ Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1 }], End: undefined, Next: 'C' }),
      C: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.calls < 3 %}', Next: 'T' }], Default: 'D' },
      D: { Type: 'Succeed' },
    };
    const definition = JSON.parse(JSON.stringify(machine(states)));
    let calls = 0;
    const runTask = async () => {
      calls += 1;
      if (calls % 2 === 1) throw new StatesError('E', null);
      return { calls };
    };
    expect(await run(definition, {}, { runTask })).toMatchObject({
      status: 'SUCCEEDED',
      output: { calls: 4 },
      seconds: 2,
    });
  });

  it('tells the state how often it was retried', async () => {
    const seen: unknown[] = [];
    let calls = 0;
    const runTask = async (call: { arguments: unknown }) => {
      seen.push(call.arguments);
      if (calls++ < 2) throw new StatesError('E', null);
      return null;
    };
    await run(
      machine({ T: task({ Arguments: '{% $states.context.State.RetryCount %}', Retry: [{ ErrorEquals: ['E'] }] }) }),
      {},
      { runTask },
    );
    expect(seen).toEqual([0, 1, 2]);
  });

  it('evaluates failing expressions again', async () => {
    const result = await run(
      machine({
        T: task({
          Arguments: '{% $nobody %}',
          Retry: [{ ErrorEquals: ['States.QueryEvaluationError'], MaxAttempts: 2 }],
        }),
      }),
      {},
      failing(),
    );
    expect(result).toMatchObject({ error: 'States.QueryEvaluationError', seconds: 3 });
    expect(result.history.filter(({ kind }) => kind === 'evaluationFailed')).toHaveLength(3);
  });
});

describe('Catch', () => {
  const caught = (Catch: object[], more: object = {}) =>
    machine({
      T: task({ Catch, ...more }),
      H: { Type: 'Pass', Output: { input: '{% $states.input %}', v: '{% $exists($v) ? $v : null %}' }, End: true },
    });

  it('hands the error on when it has no Output', async () => {
    const { output } = await run(caught([{ ErrorEquals: ['E'], Next: 'H' }]), {}, failing('E'));
    expect(output).toEqual({ input: { Error: 'E', Cause: 'attempt 1' }, v: null });
  });

  it('evaluates its Assign and Output, which see the error and the input', async () => {
    const catcher = {
      ErrorEquals: ['States.ALL'],
      Assign: { v: '{% $states.errorOutput.Error %}' },
      Output: '{% [$states.input.n, $states.errorOutput.Cause] %}',
      Next: 'H',
    };
    const { output } = await run(caught([catcher], { Assign: { v: 'other' } }), { n: 1 }, failing('E'));
    expect(output).toEqual({ input: [1, 'attempt 1'], v: 'E' });
  });

  it('comes after the retries', async () => {
    const definition = caught([{ ErrorEquals: ['States.ALL'], Next: 'H' }], {
      Retry: [{ ErrorEquals: ['E'], MaxAttempts: 2 }],
    });
    expect(await run(definition, {}, failing(...times(3)))).toMatchObject({
      output: { input: { Error: 'E', Cause: 'attempt 3' } },
      seconds: 3,
    });
  });

  it('takes the first that matches', async () => {
    const definition = caught([
      { ErrorEquals: ['F'], Output: 1, Next: 'H' },
      { ErrorEquals: ['G', 'E'], Output: 2, Next: 'H' },
      { ErrorEquals: ['States.ALL'], Output: 3, Next: 'H' },
    ]);
    expect((await run(definition, {}, failing('E'))).output).toMatchObject({ input: 2 });
  });

  it.each([
    ['States.ALL', 'E', true],
    ['States.ALL', 'States.Timeout', true],
    ['States.ALL', 'States.QueryEvaluationError', true],
    ['States.ALL', 'States.Runtime', false],
    ['States.Runtime', 'States.Runtime', false],
    ['States.DataLimitExceeded', 'States.DataLimitExceeded', true],
    ['States.TaskFailed', 'E', true],
    ['States.TaskFailed', 'States.Timeout', false],
    ['States.TaskFailed', 'States.QueryEvaluationError', false],
    ['States.Timeout', 'States.Timeout', true],
    ['States.Timeout', 'E', false],
    ['E', 'e', false],
  ])('of %s and the error %s: %s', async (name, error, isCaught) => {
    const result = await run(caught([{ ErrorEquals: [name], Next: 'H' }]), {}, failing(error));
    expect(result.status).toBe(isCaught ? 'SUCCEEDED' : 'FAILED');
  });

  it('catches what an Arguments or an Output cannot yield', async () => {
    const Catch = [
      { ErrorEquals: ['States.QueryEvaluationError'], Output: '{% $states.errorOutput.Cause %}', Next: 'H' },
    ];
    for (const field of ['Arguments', 'Output']) {
      const { output } = await run(caught(Catch, { [field]: { v: '{% $nobody %}' } }), {}, failing());
      expect(output).toMatchObject({
        input: `${inState('T')}The JSONata expression '$nobody' specified for the field '${field}/v' returned nothing (undefined).`,
      });
    }
  });

  it('does not catch what fails in itself', async () => {
    const Catch = [
      { ErrorEquals: ['F'], Next: 'H' },
      { ErrorEquals: ['States.ALL'], Output: { v: '{% $nobody %}' }, Next: 'H' },
    ];
    const result = await run(caught(Catch), {}, failing('E'));
    expect(result).toMatchObject({
      status: 'FAILED',
      error: 'States.QueryEvaluationError',
      cause: `${inState('T')}The JSONata expression '$nobody' specified for the field 'Catch[1]/Output/v' returned nothing (undefined).`,
    });
  });
});
