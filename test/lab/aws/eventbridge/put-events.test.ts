import { expect, test } from 'vitest';
import { FakeEventBridge } from '../../../../lab/aws/eventbridge/fake-eventbridge.ts';
import { LAB_EPOCH_MS, VirtualClock } from '../../../../lab/kernel/clock.ts';
import type { JsonObject } from '../../../../lab/kernel/json.ts';
import { randomStream } from '../../../../lab/kernel/random.ts';

const ARN = 'arn:aws:events:us-east-1:111122223333:rule/Mine';

function open(role = 'anybody') {
  const got: JsonObject[] = [];
  const bus = new FakeEventBridge({
    clock: new VirtualClock(),
    random: randomStream(1, 'events'),
    region: 'us-east-1',
    deliveries: () => [0],
  });
  bus.createRule({
    arn: ARN,
    description: 'mine',
    pattern: { 'detail-type': ['x'] },
    targets: [(event) => got.push(event)],
  });
  bus.createSchedule({ arn: ARN.replace('Mine', 'Often'), schedule: 'rate(15 minutes)', targetArns: ['arn:target'] });
  const principal = { arn: `arn:aws:sts::111122223333:assumed-role/${role}/session` };
  return { got, call: (operation: string, input: JsonObject) => bus.call(operation, input, principal) };
}
const ENTRY = { Source: 'mine', DetailType: 'x', Detail: '{"a":1}' };

test('a client’s event reaches the rules that match it', () => {
  const { got, call } = open();
  const { FailedEntryCount, Entries } = call('PutEvents', { Entries: [ENTRY, { ...ENTRY, DetailType: 'y' }] });
  expect(FailedEntryCount).toBe(0);
  expect(got).toEqual([
    {
      version: '0',
      id: (Entries as JsonObject[])[0]?.EventId,
      'detail-type': 'x',
      source: 'mine',
      account: '111122223333',
      region: 'us-east-1',
      time: new Date(LAB_EPOCH_MS).toISOString().replace('.000', ''),
      resources: [],
      detail: { a: 1 },
    },
  ]);
});

test.each([
  ['without a detail', { ...ENTRY, Detail: '' }, 'InvalidArgument'],
  ['whose detail is no object', { ...ENTRY, Detail: '[]' }, 'MalformedDetail'],
  ['in the name of AWS', { ...ENTRY, Source: 'aws.ecs' }, 'NotAuthorizedForSourceException'],
])('an entry %s is refused by itself, and the others are put', (_, entry, ErrorCode) => {
  const { got, call } = open();
  expect(call('PutEvents', { Entries: [entry, ENTRY] })).toMatchObject({
    FailedEntryCount: 1,
    Entries: [{ ErrorCode }, {}],
  });
  expect(got).toHaveLength(1);
});

test('the access key that stands for AWS itself may put events in its name', () => {
  const { got, call } = open('aws');
  expect(call('PutEvents', { Entries: [{ ...ENTRY, Source: 'aws.ecs' }] })).toMatchObject({ FailedEntryCount: 0 });
  expect(got).toMatchObject([{ source: 'aws.ecs' }]);
});

test('rules are listed with their patterns or schedules, and described with their targets', () => {
  const { call } = open();
  expect(call('ListRules', {})).toMatchObject({
    Rules: [
      { Name: 'Mine', State: 'ENABLED', Description: 'mine', EventPattern: '{"detail-type":["x"]}' },
      { Name: 'Often', ScheduleExpression: 'rate(15 minutes)' },
    ],
  });
  expect(call('ListTargetsByRule', { Rule: 'Often' })).toMatchObject({ Targets: [{ Arn: 'arn:target' }] });
  expect(() => call('DescribeRule', { Name: 'None' })).toThrow('Rule None does not exist');
});
