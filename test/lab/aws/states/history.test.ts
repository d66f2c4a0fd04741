import { expect, test } from 'vitest';
import { parseDefinition } from '../../../../lab/asl/index.ts';
import { FakeStates } from '../../../../lab/aws/states/fake-states.ts';
import { VirtualClock } from '../../../../lab/kernel/clock.ts';
import type { Json, JsonObject } from '../../../../lab/kernel/json.ts';
import { holdToModels } from '../held-to-models.ts';

holdToModels();

const MACHINE = 'arn:aws:states:us-east-1:111122223333:stateMachine:work';
const DEFINITION: Json = {
  QueryLanguage: 'JSONata',
  StartAt: 'Wait',
  States: {
    Wait: { Type: 'Wait', Seconds: 2, Next: 'Each' },
    Each: {
      Type: 'Map',
      Items: '{% $states.input.items %}',
      ItemProcessor: {
        StartAt: 'Work',
        States: {
          Work: {
            Type: 'Task',
            Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
            Arguments: { a: 1 },
            End: true,
          },
        },
      },
      Next: 'Which?',
    },
    'Which?': {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input[0].ok %}', Next: 'Done' }],
      Default: 'Broken',
    },
    Done: { Type: 'Succeed' },
    Broken: { Type: 'Fail', Error: 'Broken', Cause: 'it is' },
  },
};

/** Executions whose tasks answer so, or never. */
function start(answer: Json | undefined, keepsHistory = true) {
  const clock = new VirtualClock();
  const states = new FakeStates({
    clock,
    seed: 1,
    startExecution: { burst: 10, refillPerSecond: 10 },
    runTask: () => (answer === undefined ? new Promise(() => {}) : Promise.resolve(answer)),
    onStarted: () => {},
    onClosed: () => {},
    onRedriven: () => {},
    onUnsupported: (error) => expect.unreachable(String(error)),
    keepsHistory,
  });
  states.createStateMachine({ arn: MACHINE, name: 'work', roleArn: 'role', definition: parseDefinition(DEFINITION) });
  const input = JSON.stringify({ items: [1] });
  const { executionArn } = states.call('StartExecution', { stateMachineArn: MACHINE, name: 'one', input });
  const ask = (operation: string, more: JsonObject = {}) =>
    states.call(operation, { executionArn, ...more } as JsonObject);
  const events = (more: JsonObject = {}) => ask('GetExecutionHistory', more).events as JsonObject[];
  return { clock, ask, events };
}

test('a history tells each step with its data, oldest first, as the service does', async () => {
  const { clock, ask, events } = start({ ok: true });
  await clock.run();
  expect(events().map(({ type }) => type)).toEqual([
    ...[
      'ExecutionStarted',
      'WaitStateEntered',
      'WaitStateExited',
      'MapStateEntered',
      'MapStateStarted',
      'MapIterationStarted',
    ],
    ...['TaskStateEntered', 'TaskScheduled', 'TaskStarted', 'TaskSubmitted', 'TaskSucceeded', 'TaskStateExited'],
    ...['MapIterationSucceeded', 'MapStateSucceeded', 'MapStateExited', 'ChoiceStateEntered', 'ChoiceStateExited'],
    ...['SucceedStateEntered', 'SucceedStateExited', 'ExecutionSucceeded'],
  ]);
  expect(events().map(({ id }) => id)).toEqual(events().map((_, index) => index + 1));
  const of = (type: string) => events().find((event) => event.type === type);
  expect(of('MapStateEntered')).toMatchObject({ stateEnteredEventDetails: { name: 'Each', input: '{"items":[1]}' } });
  expect(of('TaskScheduled')).toMatchObject({
    taskScheduledEventDetails: {
      resourceType: 'sqs',
      resource: 'sendMessage.waitForTaskToken',
      region: 'us-east-1',
      parameters: '{"a":1}',
    },
  });
  const [waits, leaves] = [of('WaitStateEntered'), of('WaitStateExited')];
  expect(Number(leaves?.timestamp) - Number(waits?.timestamp)).toBe(2);
  expect(ask('DescribeExecution')).toMatchObject({
    status: 'SUCCEEDED',
    input: '{"items":[1]}',
    redriveStatus: 'NOT_REDRIVABLE',
  });
});

test('a history comes in pages, in either order, with data or without', async () => {
  const { clock, ask, events } = start({ ok: false });
  await clock.run();
  const first = ask('GetExecutionHistory', { maxResults: 2 });
  const second = ask('GetExecutionHistory', { maxResults: 1000, nextToken: first.nextToken ?? null });
  expect([...(first.events as Json[]), ...(second.events as Json[])]).toEqual(events());
  expect(second.nextToken).toBeUndefined();
  const [last] = events({ reverseOrder: true });
  expect(last).toMatchObject({
    type: 'ExecutionFailed',
    executionFailedEventDetails: { error: 'Broken', cause: 'it is' },
  });
  expect(JSON.stringify(events({ includeExecutionData: false }))).not.toContain('items');
});

test('an execution that is stopped is aborted at once, and may be redriven', async () => {
  const { clock, ask, events } = start(undefined);
  await clock.run({ until: clock.startedAt + 5000 });
  expect(ask('DescribeExecution')).toMatchObject({ status: 'RUNNING' });
  ask('StopExecution', { error: 'Enough', cause: 'by hand' });
  await new Promise(setImmediate);
  expect(ask('DescribeExecution')).toMatchObject({ status: 'ABORTED', error: 'Enough', redriveStatus: 'REDRIVABLE' });
  expect(events().at(-1)).toMatchObject({
    type: 'ExecutionAborted',
    executionAbortedEventDetails: { cause: 'by hand' },
  });
});

test('where no history is kept, nobody is told one', async () => {
  const { clock, ask } = start({ ok: true }, false);
  await clock.run();
  expect(() => ask('GetExecutionHistory')).toThrow('where no history is kept');
});
