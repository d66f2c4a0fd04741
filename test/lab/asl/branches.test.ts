import { describe, expect, it } from 'vitest';
import { events, inState, machine, run } from './support.ts';

const flow = (states: Record<string, object>) => ({ StartAt: Object.keys(states)[0], States: states });
const pass = (name: string, Output?: unknown) =>
  flow({ [name]: { Type: 'Pass', ...(Output === undefined ? {} : { Output }), End: true } });
const waits = (name: string, Seconds: unknown) => flow({ [name]: { Type: 'Wait', Seconds, End: true } });
const fails = (name: string) => flow({ [name]: { Type: 'Fail', Error: 'Boom', Cause: 'why' } });

describe('Parallel', () => {
  const parallel = (branches: object[], more: object = {}) =>
    machine({ P: { Type: 'Parallel', Branches: branches, End: true, ...more } });

  it.each([
    ['gives every branch its input and collects their outputs in order', {}, [{ n: 1 }, 'b']],
    ['gives the branches its Arguments instead', { Arguments: { m: '{% $states.input.n + 1 %}' } }, [{ m: 2 }, 'b']],
    ['transforms the result', { Output: '{% $states.result[1] & $states.input.n %}' }, 'b1'],
  ])('%s', async (_, more, expected) => {
    expect((await run(parallel([pass('A'), pass('B', 'b')], more), { n: 1 })).output).toEqual(expected);
  });

  it('runs its branches at the same time', async () => {
    expect((await run(parallel([waits('A', 30), waits('B', 20)]))).seconds).toBe(30);
  });

  it('fails as its first branch does, at once', async () => {
    const slow = flow({ W: { Type: 'Wait', Seconds: 5, Next: 'F' }, F: { Type: 'Fail', Error: 'Boom', Cause: 'why' } });
    const result = await run(parallel([waits('A', 100), slow]));
    expect(result).toMatchObject({ status: 'FAILED', error: 'Boom', cause: 'why', seconds: 5 });
  });

  it('cuts the other branches: they run no more tasks', async () => {
    const calls: string[] = [];
    const task = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', End: true };
    const later = flow({ W: { Type: 'Wait', Seconds: 10, Next: 'T' }, T: task });
    const definition = machine({
      P: {
        Type: 'Parallel',
        Branches: [fails('F'), later],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'W2' }],
        End: true,
      },
      W2: { Type: 'Wait', Seconds: 60, End: true },
    });
    const runTask = async () => {
      calls.push('called');
      return null;
    };
    expect(await run(definition, {}, { runTask })).toMatchObject({ status: 'SUCCEEDED', seconds: 60 });
    expect(calls).toEqual([]);
  });

  it('names the state of the branch that failed, and its event', async () => {
    const { cause } = await run(parallel([pass('A', '{% $nobody %}')]));
    expect(cause).toContain(inState('A', 4));
  });

  it('is retried as a whole', async () => {
    const slow = flow({ W: { Type: 'Wait', Seconds: 5, Next: 'F' }, F: { Type: 'Fail', Error: 'Boom' } });
    const result = await run(parallel([slow], { Retry: [{ ErrorEquals: ['Boom'], MaxAttempts: 2 }] }));
    expect(result).toMatchObject({ status: 'FAILED', error: 'Boom', seconds: 5 + 1 + 5 + 2 + 5 });
  });

  it('ends a branch in a Succeed state without ending the others', async () => {
    const stops = flow({ S: { Type: 'Succeed', Output: 'early' } });
    expect(await run(parallel([stops, waits('W', 3)]), 0)).toMatchObject({ output: ['early', 0], seconds: 3 });
  });
});

describe('Map', () => {
  const map = (more: object, processor: object = pass('I')) =>
    machine({ M: { Type: 'Map', ItemProcessor: processor, End: true, ...more } });

  it.each([
    ['iterates over its input', {}, [1, 2], [1, 2]],
    ['iterates over Items', { Items: '{% $states.input.list %}' }, { list: ['a', 'b'] }, ['a', 'b']],
    ['takes Items with expressions in them', { Items: [1, '{% $states.input.n %}'] }, { n: 2 }, [1, 2]],
    ['yields nothing for no items', { Items: [] }, {}, []],
    [
      'selects the input of each iteration',
      {
        Items: ['a'],
        ItemSelector: {
          i: '{% $states.context.Map.Item.Index %}',
          v: '{% $states.context.Map.Item.Value %}',
          n: '{% $states.input.n %}',
        },
      },
      { n: 2 },
      [{ i: 0, v: 'a', n: 2 }],
    ],
    ['selects by one expression', { Items: [5], ItemSelector: '{% $states.context.Map.Item.Value + 1 %}' }, {}, [6]],
    ['transforms the result', { Items: [1, 2], Output: '{% $sum($states.result) %}' }, {}, 3],
  ])('%s', async (_, more, input, expected) => {
    expect(await run(map(more), input)).toMatchObject({ status: 'SUCCEEDED', output: expected });
  });

  it.each([
    ['all at once', {}, 10],
    ['one by one with MaxConcurrency 1', { MaxConcurrency: 1 }, 40],
    ['two at a time', { MaxConcurrency: '{% 1 + 1 %}' }, 20],
    ['all at once with MaxConcurrency 0', { MaxConcurrency: 0 }, 10],
  ])('runs %s', async (_, more, seconds) => {
    const result = await run(map({ Items: [1, 2, 3, 4], ...more }, waits('W', 10)));
    expect(result).toMatchObject({ output: [1, 2, 3, 4], seconds });
  });

  it('never runs more than forty at a time', async () => {
    const Items = Array.from({ length: 41 }, (_, index) => index);
    expect((await run(map({ Items, MaxConcurrency: 100 }, waits('W', 10)))).seconds).toBe(20);
  });

  it.each([
    ['nothing', '{% $nobody %}', "'$nobody' specified for the field 'Items' returned nothing (undefined)."],
    ['an object', "{% {'a': 1} %}", `Expected 'array', but was 'object' for value: {"a":1}`],
    ['text', "{% 'a' %}", `Expected 'array', but was 'string' for value: "a"`],
  ])('fails on Items that are %s', async (_, Items, cause) => {
    const result = await run(map({ Items }));
    expect(result.error).toBe('States.QueryEvaluationError');
    expect(result.cause).toContain(cause);
  });

  it('fails as its first iteration does', async () => {
    expect(await run(map({ Items: [1, 2] }, fails('F')))).toMatchObject({
      status: 'FAILED',
      error: 'Boom',
      cause: 'why',
    });
  });

  describe('with tolerated failures', () => {
    const odd = flow({
      C: { Type: 'Choice', Choices: [{ Condition: '{% $states.input % 2 = 1 %}', Next: 'F' }], Default: 'D' },
      F: { Type: 'Fail', Error: 'Odd' },
      D: { Type: 'Succeed' },
    });
    const failed = { Status: 'FAILED', Error: 'Odd' };
    it.each([
      ['as many as are tolerated', { ToleratedFailureCount: 2 }],
      ['as large a share as is tolerated', { ToleratedFailurePercentage: 50 }],
      ['both, evaluated', { ToleratedFailureCount: '{% 1 + 1 %}', ToleratedFailurePercentage: '{% 50 %}' }],
      ['a share, with a count of 0 that is none', { ToleratedFailureCount: 0, ToleratedFailurePercentage: 50 }],
    ])('succeeds with %s', async (_, more) => {
      expect(await run(map({ Items: [1, 2, 3, 4], ...more }, odd))).toMatchObject({
        status: 'SUCCEEDED',
        output: [failed, 2, failed, 4],
      });
    });

    it.each([
      ['count', { ToleratedFailureCount: 1 }],
      ['nothing', { ToleratedFailureCount: 0 }],
      ['share', { ToleratedFailurePercentage: 49 }],
      ['count, whatever the share', { ToleratedFailureCount: 1, ToleratedFailurePercentage: 100 }],
    ])('fails above the tolerated %s', async (_, more) => {
      expect(await run(map({ Items: [1, 2, 3, 4], ...more }, odd))).toMatchObject({
        status: 'FAILED',
        error: 'States.ExceedToleratedFailureThreshold',
        cause: 'The specified tolerated failure threshold was exceeded',
      });
    });

    it('refuses a share above 100', async () => {
      expect((await run(map({ Items: [1], ToleratedFailurePercentage: '{% 101 %}' }))).cause).toContain(
        'between 0 and 100',
      );
    });
  });
});

/** Numbers of events as recorded from the service by floci (AslExecutorBranchHistoryEventsTest) and LocalStack. */
describe('the history', () => {
  const two = (a: string, b: string) => flow({ [a]: { Type: 'Pass', Next: b }, [b]: { Type: 'Pass', End: true } });
  const after = { After: { Type: 'Pass', End: true } };
  it.each([
    ['a Pass', machine({ S: { Type: 'Pass', End: true } }), 4],
    [
      'two branches of two states',
      machine({ P: { Type: 'Parallel', Branches: [two('A1', 'A2'), two('B1', 'B2')], Next: 'After' }, ...after }),
      16,
    ],
    [
      'two iterations of two states',
      machine({ M: { Type: 'Map', Items: [1, 2], ItemProcessor: two('I1', 'I2'), Next: 'After' }, ...after }),
      20,
    ],
    ['a Map of nothing', machine({ M: { Type: 'Map', Items: [], ItemProcessor: pass('I'), End: true } }), 6],
    ['a failed branch', machine({ P: { Type: 'Parallel', Branches: [fails('F')], End: true } }), 6],
    [
      'a failed branch, retried',
      machine({
        P: {
          Type: 'Parallel',
          Branches: [fails('F')],
          Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1 }],
          End: true,
        },
      }),
      8,
    ],
    ['a failed evaluation', machine({ S: { Type: 'Pass', Output: '{% $nobody %}', End: true } }), 4],
    [
      'a failed evaluation in a branch, caught',
      machine({
        P: {
          Type: 'Parallel',
          Branches: [pass('U', '{% $nobody %}')],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'After' }],
          End: true,
        },
        ...after,
      }),
      10,
    ],
    [
      'a failed evaluation in an iteration',
      machine({
        M: { Type: 'Map', Items: [1, 2], MaxConcurrency: 1, ItemProcessor: pass('U', '{% $nobody %}'), End: true },
      }),
      9,
    ],
    ['failed Items', machine({ M: { Type: 'Map', Items: '{% $nobody %}', ItemProcessor: pass('I'), End: true } }), 5],
    [
      'a Choice without a match',
      machine({ C: { Type: 'Choice', Choices: [{ Condition: false, Next: 'After' }] }, ...after }),
      3,
    ],
  ])('of %s has as many events as in the service', async (_, definition, expected) => {
    expect(events((await run(definition)).history)).toBe(expected);
  });
});
