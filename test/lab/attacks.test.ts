import { describe, expect, test } from 'vitest';
import { attacked, attackText, type Mode } from './attack.fixture.ts';
import { ATTACKS, type Attack, HONEST } from './attack.table.ts';

const ALL: readonly Attack[] = [...HONEST, ...ATTACKS];
const idOf = (name: string) => `attack-${ALL.findIndex(([known]) => known === name)}`;

/** All of them at once: each under an identity of its own, so that its end and its tasks can be told. */
const everything = (mode: Mode) =>
  attacked(
    ({ put }) => {
      for (const [name, , changes] of ALL) put(attackText(idOf(name), changes));
    },
    { mode },
  );

const inRerunMode = everything('rerun');
const inObserveMode = everything('observe');

describe('where calls are re-run', () => {
  test.each(HONEST)('%s is', async (name) => {
    const { endOf, launched } = await inRerunMode;
    expect(endOf(idOf(name))).toBe('started');
    expect(launched.filter(({ clientToken }) => clientToken === idOf(name))).toHaveLength(2);
  });

  test.each(ATTACKS)('%s ends as: %s', async (name, end) => {
    expect((await inRerunMode).endOf(idOf(name))).toBe(end);
  });

  test('no attack starts a task, and only one costs a call', async () => {
    const { launched, runTaskCalls } = await inRerunMode;
    expect(launched).toHaveLength(2 * HONEST.length);
    expect(runTaskCalls).toBe(HONEST.length + 1);
  });
});

describe('where calls are only observed', () => {
  test.each(ALL)('%s starts nothing', async (name, end) => {
    const { endOf } = await inObserveMode;
    // What the intake would let pass stays there.
    const observed = /^(started|refused)/.test(end) ? 'ignore observeMode' : end;
    expect(endOf(idOf(name))).toBe(observed);
  });

  test('ECS is asked for nothing', async () => {
    const { launched, runTaskCalls } = await inObserveMode;
    expect([launched, runTaskCalls]).toEqual([[], 0]);
  });
});
