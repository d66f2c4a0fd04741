import { expect, test } from 'vitest';
import { FairOrder } from '../../../../lab/aws/sqs/fair-order.ts';
import { VirtualClock } from '../../../../lab/kernel/clock.ts';

interface Item {
  readonly name: string;
  readonly group: string | undefined;
  sequence: number;
}

/** An order with messages of these groups, in turn. */
function orderOf(...groups: readonly (string | undefined)[]) {
  const clock = new VirtualClock();
  const order = new FairOrder<Item>(clock);
  const send = (group: string | undefined, name: string) => {
    order.sent(group);
    order.push({ name, group, sequence: 0 });
  };
  for (const [index, group] of groups.entries()) send(group, `${group ?? 'none'}${index}`);
  const take = () => {
    const item = order.shift();
    if (item) order.enterFlight(item.group);
    return item?.name;
  };
  return { clock, order, send, take };
}

test('messages come first in, first out, whoever sent them', () => {
  const { take } = orderOf('a', 'b', undefined, 'a');
  expect([take(), take(), take(), take(), take()]).toEqual(['a0', 'b1', 'none2', 'a3', undefined]);
});

test('a group with thirty messages in flight waits while there are others', () => {
  const { take, send } = orderOf(...Array<string>(40).fill('a'));
  for (let taken = 0; taken < 30; taken++) take();
  send('b', 'late');
  send(undefined, 'later');
  expect([take(), take(), take()]).toEqual(['late', 'later', 'a30']);
});

test('with fewer, or a small share of all that is in flight, it does not', () => {
  const few = orderOf(...Array<string>(40).fill('a'));
  for (let taken = 0; taken < 29; taken++) few.take();
  few.send('b', 'late');
  expect(few.take()).toBe('a29');

  const small = orderOf(...Array<undefined>(400).fill(undefined), ...Array<string>(40).fill('a'));
  for (let taken = 0; taken < 430; taken++) small.take();
  small.send('b', 'late');
  expect(small.take()).toBe('a430');
});

test('of several noisy groups the one with the fewest in flight is next', () => {
  const { order, take } = orderOf(...Array<string>(40).fill('a'), ...Array<string>(40).fill('b'));
  for (let n = 0; n < 30; n++) order.enterFlight('b');
  for (let n = 0; n < 31; n++) order.enterFlight('a');
  expect(take()).toBe('b40');
});

test('a group is quiet again when its backlog is gone, or five minutes after it last sent something', () => {
  const gone = orderOf(...Array<string>(30).fill('a'));
  for (let taken = 0; taken < 30; taken++) gone.take();
  gone.take();
  gone.send('a', 'again');
  gone.send('b', 'late');
  expect(gone.take()).toBe('again');

  const { clock, take, send } = orderOf(...Array<string>(40).fill('a'));
  for (let taken = 0; taken < 30; taken++) take();
  clock.after(300_000, () => send('b', 'late'));
  return clock.run().then(() => expect(take()).toBe('a30'));
});
