import { describe, expect, test } from 'vitest';
import { parseDefinition, StatesError, type TaskCall } from '../../../../lab/asl/index.ts';
import type { Execution } from '../../../../lab/aws/states/execution.ts';
import { FakeStates } from '../../../../lab/aws/states/fake-states.ts';
import { VirtualClock } from '../../../../lab/kernel/clock.ts';
import type { Json, JsonObject } from '../../../../lab/kernel/json.ts';
import { machine } from '../../asl/support.ts';
import { holdToModels } from '../held-to-models.ts';

holdToModels();

const MACHINE = 'arn:aws:states:us-east-1:111122223333:stateMachine:machine';
const DAY_MS = 86_400_000;
const TASK = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { kept: '{% $kept %}', input: '{% $states.input %}', execution: '{% $states.context.Execution %}' },
};
const DEFINITION = machine({
  First: { Type: 'Pass', Output: { n: 1 }, Assign: { kept: 'kept' }, Next: 'Second' },
  Second: { ...TASK, Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1 }], End: true },
});

/** A state machine whose task fails as often as is said, and one execution of it that has ended. */
async function played(failures: number, definition: Json = DEFINITION as Json) {
  const clock = new VirtualClock();
  const calls: JsonObject[] = [];
  const redriven: (string | undefined)[] = [];
  const unsupported: unknown[] = [];
  let left = failures;
  const states = new FakeStates({
    clock,
    seed: 1,
    startExecution: { burst: 10, refillPerSecond: 10 },
    runTask: async (call: TaskCall) => {
      calls.push(call.arguments as JsonObject);
      if (left-- > 0) throw new StatesError('Broken', null);
      return 'done';
    },
    onStarted: () => {},
    onClosed: () => {},
    onRedriven: ({ result }) => redriven.push(result?.status),
    onUnsupported: (error) => unsupported.push(error),
  });
  states.createStateMachine({
    arn: MACHINE,
    name: 'machine',
    roleArn: 'role',
    definition: parseDefinition(definition),
  });
  const start = () => states.call('StartExecution', { stateMachineArn: MACHINE, name: 'one', input: '{"a":1}' });
  start();
  await clock.run();
  const [execution] = [...states.executions] as [Execution];
  const redrive = async (clientToken?: string) => {
    const asked = { executionArn: execution.arn, ...(clientToken !== undefined && { clientToken }) };
    const answer = states.call('RedriveExecution', asked);
    await clock.run();
    return answer;
  };
  const pass = (ms: number) => {
    clock.after(ms, () => {});
    return clock.run();
  };
  return { clock, calls, states, execution, redriven, unsupported, start, redrive, pass };
}

describe('a redriven execution', () => {
  test('runs the state that failed again, with its input, its variables and all its retries', async () => {
    const { calls, execution, redrive } = await played(3);
    expect(execution.result).toMatchObject({ status: 'FAILED', error: 'Broken' });
    expect(calls).toHaveLength(2);
    await redrive();
    expect(execution.result).toMatchObject({ status: 'SUCCEEDED', output: 'done' });
    expect(calls).toHaveLength(4);
    expect(calls.at(-1)).toMatchObject({ kept: 'kept', input: { n: 1 } });
  });

  test('is the same execution: its start stays, its redrives are counted, its history goes on', async () => {
    const { calls, execution, redrive, redriven, pass } = await played(4);
    const [first] = calls as [{ execution: JsonObject }];
    const before = { events: execution.historyEvents, transitions: execution.stateTransitions };
    await pass(DAY_MS);
    await redrive();
    await redrive();
    expect(redriven).toEqual(['FAILED', 'FAILED']);
    expect(first.execution).toMatchObject({ RedriveCount: 0 });
    expect(first.execution).not.toHaveProperty('RedriveTime');
    const { execution: last } = calls.at(-1) as { execution: JsonObject };
    expect(last).toEqual({ ...first.execution, RedriveCount: 2, RedriveTime: expect.stringMatching(/^2026-01-16T03/) });
    // ExecutionRedriven, and a try of three events twice, the execution's end.
    expect(execution.historyEvents - before.events).toBe(1 + 6 + 1 + (1 + 3 + 1 + 1));
    expect(execution.stateTransitions - before.transitions).toBe(1 + 1 + 1);
  });

  test('keeps its name taken, and is met by whoever starts it anew while it runs', async () => {
    const { states, execution, start, clock } = await played(2);
    expect(start).toThrow('Execution Already Exists');
    states.call('RedriveExecution', { executionArn: execution.arn });
    expect(start()).toMatchObject({ executionArn: execution.arn });
    expect(states.open).toBe(1);
    await clock.run();
    expect(states.open).toBe(0);
  });

  test('is one redrive for one client token, within a quarter of an hour', async () => {
    const { execution, redrive, pass } = await played(10);
    const first = await redrive('token');
    expect(await redrive('token')).toEqual(first);
    expect(execution.redrives.length).toBe(1);
    await pass(15 * 60_000);
    expect(await redrive('token')).not.toEqual(first);
    expect(execution.redrives.length).toBe(2);
  });
});

describe('a redrive is refused', () => {
  test('for an execution that is not there', async () => {
    const { states } = await played(0);
    expect(() => states.call('RedriveExecution', { executionArn: 'none' })).toThrow('Execution Does Not Exist');
  });

  test('after success', async () => {
    const { redrive } = await played(0);
    await expect(redrive()).rejects.toThrow('Execution is SUCCEEDED and cannot be redriven');
  });

  test('while it runs', async () => {
    const { states, execution } = await played(2);
    const input = { executionArn: execution.arn };
    states.call('RedriveExecution', input);
    expect(() => states.call('RedriveExecution', input)).toThrow('Execution is RUNNING and cannot be redriven');
  });

  test('two weeks after its end', async () => {
    const { redrive, pass } = await played(3);
    await pass(14 * DAY_MS + 1);
    await expect(redrive()).rejects.toThrow('Execution redrivable period exceeded');
  });

  test('where the history has no room for it', async () => {
    const { redrive, execution } = await played(3);
    execution.historyEvents = 24_999;
    await expect(redrive()).rejects.toThrow('Execution history event limit exceeded');
  });

  test('loudly by the lab itself, for the branches of a Parallel', async () => {
    const branches = [{ StartAt: 'Inner', States: { Inner: { ...TASK, Arguments: {}, End: true } } }];
    const { redrive, unsupported } = await played(
      1,
      machine({ S: { Type: 'Parallel', Branches: branches, End: true } }) as Json,
    );
    await redrive();
    expect(unsupported).toMatchObject([{ message: expect.stringContaining('a redrive from the Parallel state S') }]);
  });
});
