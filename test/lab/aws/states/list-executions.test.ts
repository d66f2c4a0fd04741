import { expect, test } from 'vitest';
import { parseDefinition } from '../../../../lab/asl/index.ts';
import { FakeStates } from '../../../../lab/aws/states/fake-states.ts';
import { LAB_EPOCH_MS, VirtualClock } from '../../../../lab/kernel/clock.ts';
import { machine } from '../../asl/support.ts';
import { holdToModels } from '../held-to-models.ts';

holdToModels();

const arnOf = (name: string) => `arn:aws:states:us-east-1:111122223333:stateMachine:${name}`;

test('executions are listed newest first, by state machine and status, no more than asked for', async () => {
  const clock = new VirtualClock();
  const states = new FakeStates({
    clock,
    seed: 1,
    startExecution: { burst: 10, refillPerSecond: 10 },
    runTask: async () => null,
    onStarted: () => {},
    onClosed: () => {},
    onRedriven: () => {},
    onUnsupported: () => {},
  });
  const definition = parseDefinition(
    machine({ Wait: { Type: 'Wait', Seconds: '{% $states.input %}', End: true } }) as never,
  );
  for (const name of ['one', 'other']) {
    states.createStateMachine({ arn: arnOf(name), name, roleArn: 'role', definition });
  }
  const start = (name: string, seconds: number, of = 'one') =>
    states.call('StartExecution', { stateMachineArn: arnOf(of), name, input: `${seconds}` });
  clock.after(0, () => start('short', 5));
  clock.after(1000, () => start('long', 60));
  clock.after(2000, () => start('elsewhere', 60, 'other'));
  clock.after(3000, () => start('newest', 2));
  await clock.run({ until: LAB_EPOCH_MS + 10_000 });

  const list = (more: object = {}, of = 'one') =>
    states.call('ListExecutions', { stateMachineArn: arnOf(of), ...more }).executions as { name: string }[];
  const names = (more: object) => list(more).map(({ name }) => name);
  expect(names({})).toEqual(['newest', 'long', 'short']);
  expect(names({ maxResults: 1 })).toEqual(['newest']);
  expect(names({ statusFilter: 'RUNNING' })).toEqual(['long']);
  expect(list({ statusFilter: 'SUCCEEDED', maxResults: 1 })).toEqual([
    {
      executionArn: `${arnOf('one').replace('stateMachine', 'execution')}:newest`,
      stateMachineArn: arnOf('one'),
      name: 'newest',
      redriveCount: 0,
      status: 'SUCCEEDED',
      startDate: LAB_EPOCH_MS / 1000 + 3,
      stopDate: LAB_EPOCH_MS / 1000 + 5,
    },
  ]);
  expect(() => list({}, 'none')).toThrow('State Machine Does Not Exist');
});
