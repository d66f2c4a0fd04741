import { describe, expect, test } from 'vitest';
import { standing } from '../../../lab/report/story.ts';
import type { CallFate } from '../../../lab/run/fates.ts';

interface Case {
  readonly state: 'accepted' | 'throttled' | 'neverAttempted';
  readonly startFailed?: number;
  readonly running?: number;
  readonly owed?: boolean;
  readonly settled?: boolean;
}

function stand({ state, startFailed = 0, running = 0, owed = true, settled = false }: Case) {
  const fate = { call: { state }, count: 1, startFailed, running } as CallFate;
  return standing({
    fates: {
      finite: function* () {
        yield fate;
      },
    },
    owes: () => owed,
    isSettled: () => settled,
  });
}

describe('how calls stand', () => {
  test.each<[string, Case, object]>([
    ['accepted', { state: 'accepted', running: 1 }, { taken: 0, broughtBack: 0, waiting: 0 }],
    ['throttled and not back yet', { state: 'throttled' }, { taken: 1, broughtBack: 0, waiting: 1 }],
    ['throttled and running again', { state: 'throttled', running: 1 }, { taken: 1, broughtBack: 1, waiting: 0 }],
    ['never attempted, and waiting', { state: 'neverAttempted' }, { taken: 1, broughtBack: 0, waiting: 1 }],
    ['dead before it ran', { state: 'accepted', startFailed: 1 }, { taken: 1, broughtBack: 0, waiting: 1 }],
    ['refused with a reason', { state: 'throttled', settled: true }, { taken: 1, broughtBack: 0, waiting: 0 }],
    ['not ours to repeat', { state: 'throttled', owed: false }, { taken: 1, broughtBack: 0, waiting: 0 }],
  ])('%s', (_, given, expected) => {
    expect(stand(given)).toEqual({ made: 1, ...expected });
  });
});
