import { describe, expect, test } from 'vitest';
import { type Edge, explore, type Model } from './explorer.ts';

/** A model whose states are numbers, with the given ways between them. */
function modelOf(
  ways: Readonly<Record<number, readonly number[]>>,
  changes: Partial<Model<number>> = {},
): Model<number> {
  return {
    initial: 0,
    edges: async (state) =>
      (ways[state] ?? []).map((next): Edge<number> => ({ label: `to ${next}`, isFault: false, next })),
    keyOf: String,
    violationIn: () => undefined,
    leftoverIn: () => undefined,
    ...changes,
  };
}

describe('exploring', () => {
  test('looks at each state once, and counts what it saw', async () => {
    expect(await explore(modelOf({ 0: [1, 2], 1: [3], 2: [3] }), 10)).toEqual({ states: 4, edges: 4, ends: 1 });
  });

  test('comes to a violation by one of the shortest ways', async () => {
    const model = modelOf(
      { 0: [1, 4], 1: [2], 2: [3], 4: [3] },
      { violationIn: (state) => (state === 3 ? 'three' : undefined) },
    );
    expect((await explore(model, 10)).found).toEqual({ problem: 'three', trace: ['to 4', 'to 3'] });
  });

  test('finds what is left over where only faults can still happen', async () => {
    const fault = { label: 'fault', isFault: true, next: 2 };
    const model = modelOf(
      {},
      {
        edges: async (state) => (state === 0 ? [fault] : []),
        leftoverIn: (state) => (state === 0 ? 'waits' : undefined),
      },
    );
    expect((await explore(model, 10)).found).toEqual({ problem: 'waits', trace: [] });
  });

  test('finds a way that never ends', async () => {
    expect((await explore(modelOf({ 0: [1, 4], 1: [2], 2: [3], 3: [2] }), 10)).found?.problem).toContain('circle');
  });

  test('refuses a world that is too large to be looked at whole', async () => {
    const endless = modelOf({}, { edges: async (state) => [{ label: 'on', isFault: false, next: state + 1 }] });
    await expect(explore(endless, 100)).rejects.toThrow('found more than 100 states');
  });
});
