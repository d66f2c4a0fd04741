import { expect, test } from 'vitest';
import { WallClock } from '../../../lab/kernel/wall-clock.ts';

test('timers run in their order, none before its real time', async () => {
  const clock = new WallClock();
  const begun = Date.now();
  const ran: string[] = [];
  const run = (name: string, due: number) =>
    clock.after(due, () => {
      expect(Date.now() - begun).toBeGreaterThanOrEqual(due);
      ran.push(name);
    });
  run('late', 40);
  run('early', 15);
  expect(await clock.run()).toBe(true);
  expect(ran).toEqual(['early', 'late']);
});

test('a timer that another process has us set while a later one is waited for is not lost', async () => {
  const clock = new WallClock();
  const ran: string[] = [];
  clock.after(4, () => ran.push('first set'));
  setTimeout(() => clock.after(0, () => ran.push('set meanwhile')), 1);
  await clock.run();
  expect(ran.toSorted()).toEqual(['first set', 'set meanwhile']);
});

test('what other processes bring about between two timers ends a run', async () => {
  const clock = new WallClock();
  clock.after(3_600_000, () => {});
  let isOver = false;
  setImmediate(() => {
    isOver = true;
  });
  expect(await clock.run({ isOver: () => isOver })).toBe(true);
});

test('a run is cut off at its limit', async () => {
  const clock = new WallClock();
  clock.after(3_600_000, () => {});
  const until = clock.now() + 20;
  expect(await clock.run({ until })).toBe(false);
  expect(clock.now()).toBeGreaterThanOrEqual(until);
});
