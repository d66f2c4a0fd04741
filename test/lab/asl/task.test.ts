import { describe, expect, it } from 'vitest';
import { StatesError, type TaskCall } from '../../../lab/asl/index.ts';
import { VirtualClock } from '../../../lab/kernel/clock.ts';
import type { Json } from '../../../lab/kernel/json.ts';
import { events, inState, machine, run, transitions } from './support.ts';

const INVOKE = 'arn:aws:states:::lambda:invoke';
const task = (fields: object = {}) => machine({ T: { Type: 'Task', Resource: INVOKE, End: true, ...fields } });

function recording(result: (call: TaskCall) => Json | Promise<Json> = () => null) {
  const calls: TaskCall[] = [];
  const runTask = async (call: TaskCall) => {
    calls.push(call);
    return result(call);
  };
  return { calls, runTask };
}

/** A host whose tasks take so many seconds, on the clock of the execution. */
function taking(seconds: number, beats: readonly number[] = []) {
  const clock = new VirtualClock();
  return {
    clock,
    runTask: async ({ heartbeat }: TaskCall): Promise<Json> => {
      for (const beat of beats) clock.after(beat * 1000, heartbeat);
      await clock.sleep(seconds * 1000);
      return 'late';
    },
  };
}

async function runOn(host: ReturnType<typeof taking>, definition: Record<string, unknown>) {
  let at = 0;
  const running = run(definition, {}, host).then((result) => {
    at = host.clock.elapsedSeconds();
    return result;
  });
  await host.clock.run();
  return { ...(await running), seconds: at };
}

describe('Task', () => {
  it.each([
    ['hands its Arguments to the resource', { Arguments: { a: '{% $states.input.n %}', b: 2 } }, { a: 1, b: 2 }],
    ['hands its input to the resource when it has none', {}, { n: 1 }],
  ])('%s', async (_, fields, expected) => {
    const host = recording();
    await run(task(fields), { n: 1 }, host);
    expect(host.calls).toMatchObject([{ resource: INVOKE, arguments: expected }]);
    expect(host.calls[0]).not.toHaveProperty('taskToken');
  });

  it.each([
    ['outputs the result', {}, { Payload: 7 }],
    ['transforms the result', { Output: '{% $states.result.Payload + $states.input.n %}' }, 8],
  ])('%s', async (_, fields, expected) => {
    expect(
      (
        await run(
          task(fields),
          { n: 1 },
          recording(() => ({ Payload: 7 })),
        )
      ).output,
    ).toEqual(expected);
  });

  it('assigns from the result', async () => {
    const definition = machine({
      T: { Type: 'Task', Resource: INVOKE, Assign: { v: '{% $states.result %}' }, Output: 0, Next: 'P' },
      P: { Type: 'Pass', Output: '{% $v %}', End: true },
    });
    expect(
      (
        await run(
          definition,
          {},
          recording(() => 'r'),
        )
      ).output,
    ).toBe('r');
  });

  it('passes on what the resource fails with', async () => {
    const runTask = () => Promise.reject(new StatesError('Lambda.TooManyRequestsException', 'slow down'));
    expect(await run(task(), {}, { runTask })).toMatchObject({
      error: 'Lambda.TooManyRequestsException',
      cause: 'slow down',
    });
  });

  it('does not take a fault of the host for a failed task', async () => {
    const runTask = () => Promise.reject(new TypeError('bug'));
    await expect(run(task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'T' }] }), {}, { runTask })).rejects.toThrow(
      'bug',
    );
  });

  it.each([
    'arn:aws:states:::sqs:sendMessage',
    'arn:aws-cn:states:::sqs:sendMessage',
    'arn:aws-us-gov:states:::lambda:invoke',
  ])('gets a token where it waits for one: %s', async (resource) => {
    const host = recording();
    const Arguments = { MessageBody: { token: '{% $states.context.Task.Token %}' } };
    await run(task({ Resource: `${resource}.waitForTaskToken`, Arguments }), {}, host);
    const [call] = host.calls;
    expect(call?.taskToken).toMatch(/^[0-9a-f-]{36}$/);
    expect(call?.arguments).toEqual({ MessageBody: { token: call?.taskToken } });
  });

  it('gets another token for each attempt', async () => {
    const tokens = new Set<string | undefined>();
    const runTask = async ({ taskToken }: TaskCall) => {
      tokens.add(taskToken);
      if (tokens.size < 3) throw new StatesError('E', null);
      return null;
    };
    await run(task({ Resource: `${INVOKE}.waitForTaskToken`, Retry: [{ ErrorEquals: ['E'] }] }), {}, { runTask });
    expect(tokens.size).toBe(3);
  });

  it.each([
    ['times out', { TimeoutSeconds: 10 }, 60, [], 'States.Timeout', 10],
    ['times out after seconds that were evaluated', { TimeoutSeconds: '{% 5 + 5 %}' }, 60, [], 'States.Timeout', 10],
    ['ends in time', { TimeoutSeconds: 61 }, 60, [], null, 60],
    ['misses its heartbeat', { HeartbeatSeconds: 10 }, 60, [], 'States.Timeout', 10],
    ['lives by its heartbeat, and misses the next', { HeartbeatSeconds: 10 }, 60, [8, 16], 'States.Timeout', 26],
    ['lives by its heartbeat to the end', { HeartbeatSeconds: 25 }, 60, [20, 40], null, 60],
  ])('%s', async (_, fields, seconds, beats, error, expected) => {
    expect(await runOn(taking(seconds, beats), task(fields))).toMatchObject({
      error,
      cause: null,
      seconds: expected,
    });
  });

  it.each([
    [true, 10, '{% 9 %}'],
    [true, '{% 10 %}', 9],
    [true, '{% 10 %}', '{% 9 %}'],
    [false, 10, '{% 10 %}'],
    [false, '{% 10 %}', 10],
    [false, '{% 10 %}', '{% 11 %}'],
    [false, '{% 0 %}', '{% 0 %}'],
  ])(
    'is called: %s, with a timeout of %j and a heartbeat of %j',
    async (isCalled, TimeoutSeconds, HeartbeatSeconds) => {
      const host = recording();
      const result = await run(task({ TimeoutSeconds, HeartbeatSeconds }), {}, host);
      expect(host.calls).toHaveLength(isCalled ? 1 : 0);
      expect(result.error).toBe(isCalled ? null : 'States.QueryEvaluationError');
      if (!isCalled)
        expect(result.cause).toContain(`${inState('T')}HeartbeatSeconds must be smaller than TimeoutSeconds`);
    },
  );

  it.each([
    ['States.HeartbeatTimeout', { HeartbeatSeconds: 10 }, 'SUCCEEDED'],
    ['States.Timeout', { HeartbeatSeconds: 10 }, 'SUCCEEDED'],
    ['States.HeartbeatTimeout', { TimeoutSeconds: 10 }, 'FAILED'],
  ])('lets a Catch of %s see %j: %s', async (name, fields, status) => {
    const definition = machine({
      T: { Type: 'Task', Resource: INVOKE, End: true, Catch: [{ ErrorEquals: [name], Next: 'H' }], ...fields },
      H: { Type: 'Succeed' },
    });
    expect(await runOn(taking(60), definition)).toMatchObject({ status });
  });

  it.each([
    ['a call', INVOKE, 7],
    ['a call that waits for a token', `${INVOKE}.waitForTaskToken`, 8],
  ])('adds as many events and transitions as in the service: %s', async (_, Resource, expected) => {
    const { history } = await run(task({ Resource }), {}, recording());
    expect(events(history)).toBe(expected);
    expect(transitions(history)).toBe(1);
  });

  it('is refused by a host that runs none', async () => {
    await expect(run(task())).rejects.toThrow('Task states are not supported here: T');
  });
});
