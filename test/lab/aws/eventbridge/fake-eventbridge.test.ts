import { expect, test, vi } from 'vitest';
import { FakeEventBridge } from '../../../../lab/aws/eventbridge/fake-eventbridge.ts';
import { VirtualClock } from '../../../../lab/kernel/clock.ts';
import type { Json } from '../../../../lab/kernel/json.ts';
import { randomStream } from '../../../../lab/kernel/random.ts';

const CALL = 'AWS API Call via CloudTrail';

test.each<[string, Json, number]>([
  ['a rule for its detail-type: it is rendered', { 'detail-type': [CALL] }, 1],
  ['a rule for any detail-type', { source: ['aws.ecs'] }, 1],
  ['a rule whose detail-types follow a pattern', { 'detail-type': [{ prefix: 'AWS' }] }, 1],
  [
    'a rule whose alternative says which',
    { 'detail-type': ['x'], $or: [{ 'detail-type': [CALL] }, { source: ['x'] }] },
    1,
  ],
  ['only a rule for another detail-type: it is not', { 'detail-type': ['ECS Task State Change'] }, 0],
])('an event of AWS finds %s', (_, pattern, times) => {
  const bus = new FakeEventBridge({
    clock: new VirtualClock(),
    random: randomStream(1, 'events'),
    region: 'us-east-1',
    deliveries: () => [0],
  });
  const target = vi.fn();
  bus.createRule({ arn: 'rule', pattern, targets: [target] });
  const render = vi.fn(() => ({ source: 'aws.ecs', 'detail-type': CALL }));
  bus.emit(CALL, render);
  expect(render).toHaveBeenCalledTimes(times);
  expect(target).toHaveBeenCalledTimes(times);
});
