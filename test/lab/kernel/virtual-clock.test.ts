import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LAB_EPOCH_MS, VirtualClock } from '../../../lab/kernel/clock.ts';

test('timers fire in their order, however many others were cancelled meanwhile', async () => {
  const clock = new VirtualClock();
  const fired: number[] = [];
  const cancels: (() => void)[] = [];
  for (let second = 1; second <= 20; second++) {
    for (let other = 0; other < 500; other++) cancels.push(clock.after(1e9 + other, () => fired.push(-1)));
    clock.after(second * 1000, () => {
      fired.push(second);
      for (const cancel of cancels.splice(0, 1000)) cancel();
    });
  }
  expect(await clock.run()).toBe(true);
  expect(fired).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  // Whoever is cancelled is not waited for.
  expect(clock.now()).toBe(LAB_EPOCH_MS + 20_000);
});

test('a timer that is cancelled twice, or after it fired, takes nothing from the others', async () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  const first = clock.after(1000, () => fired.push('first'));
  const never = clock.after(2000, () => fired.push('never'));
  clock.after(1500, () => {
    first();
    never();
    never();
  });
  clock.after(3000, () => fired.push('last'));
  await clock.run();
  expect(fired).toEqual(['first', 'last']);
});

test('a chain of promises has settled before time goes on', async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.after(1000, async () => {
    for (let turn = 0; turn < 1000; turn++) await undefined;
    seen.push(`chain at ${clock.elapsedSeconds()}`);
  });
  clock.after(1001, () => seen.push('next timer'));
  await clock.run();
  expect(seen).toEqual(['chain at 1', 'next timer']);
});

test('timers of any instants, set at any instant, fire in the order of their instants and then of their setting', async () => {
  const delay = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 4000 }), fc.constant(1e7));
  const plan = fc.array(fc.record({ setAfter: delay, delay, isCancelled: fc.boolean() }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(plan, async (timers) => {
      const clock = new VirtualClock();
      const set: { at: number; order: number }[] = [];
      const fired: number[] = [];
      for (const { setAfter, delay, isCancelled } of timers) {
        clock.after(setAfter, () => {
          const order = set.length;
          const cancel = clock.after(delay, () => fired.push(order));
          set.push({ at: isCancelled ? Number.NaN : clock.now() + delay, order });
          if (isCancelled) cancel();
        });
      }
      await clock.run();
      const expected = set.filter(({ at }) => !Number.isNaN(at)).toSorted((a, b) => a.at - b.at || a.order - b.order);
      expect(fired).toEqual(expected.map(({ order }) => order));
    }),
  );
});
