import { expect, test } from 'vitest';
import { FakeAlarms } from '../../../../lab/aws/cloudwatch/fake-alarms.ts';
import { LAB_EPOCH_MS, VirtualClock } from '../../../../lab/kernel/clock.ts';
import type { JsonObject } from '../../../../lab/kernel/json.ts';
import { randomStream } from '../../../../lab/kernel/random.ts';

/** States of an alarm on two calls in five minutes, with the minutes in which they were told of. */
async function states(values: readonly { minute: number; value?: number; name?: string; kind?: string }[]) {
  const clock = new VirtualClock();
  const told: [number, unknown][] = [];
  const alarms = new FakeAlarms({
    clock,
    random: randomStream(1, 'alarms'),
    emit: (_, render) => {
      const event = render();
      const detail = event.detail as { state: JsonObject };
      expect(event).toMatchObject({ source: 'aws.cloudwatch', resources: ['arn'], region: 'us-east-1' });
      told.push([(clock.now() - LAB_EPOCH_MS) / 60_000, detail.state.value]);
    },
    account: '111122223333',
    region: 'us-east-1',
  });
  alarms.create({
    arn: 'arn',
    name: 'storm',
    metricName: 'Verdict',
    dimensions: { service: 'intake', kind: 'rerun' },
    periodMs: 300_000,
    threshold: 2,
  });
  for (const { minute, value = 1, name = 'Verdict', kind = 'rerun' } of values) {
    clock.at(LAB_EPOCH_MS + minute * 60_000, () => alarms.add(name, value, [{ kind, service: 'intake' }, {}]));
  }
  clock.at(LAB_EPOCH_MS + 20 * 60_000, () => {});
  await clock.run({ until: LAB_EPOCH_MS + 20 * 60_000 });
  return told;
}

test('an alarm is raised by the sum over its period, and comes to rest when that is over', async () => {
  expect(await states([{ minute: 0.5 }, { minute: 3.5 }])).toEqual([
    [4, 'ALARM'],
    [6, 'OK'],
  ]);
});

test('an alarm that stays raised is told of once', async () => {
  expect(await states([1.5, 2.5, 4.5, 6.5, 8.5].map((minute) => ({ minute, value: 2 })))).toEqual([
    [2, 'ALARM'],
    [14, 'OK'],
  ]);
});

test('other metrics, other dimensions and too few calls raise nothing', async () => {
  expect(
    await states([
      { minute: 1, value: 9, name: 'Result' },
      { minute: 1, value: 9, kind: 'refuse' },
      { minute: 1 },
      { minute: 8 },
    ]),
  ).toEqual([]);
});
