import { spend } from './ecs.ts';
import type { Edge } from './explorer.ts';
import type { Faults, State, World } from './state.ts';

/** Where in time states are, and what may happen there. */
export interface Moments {
  secondsOf(state: State): number;
  msOf(state: State): number;
  edge(state: State, label: string, next: State, isFault?: boolean): Edge<State>;
  /** What happens as long as faults of this kind are left. */
  fault(state: State, label: string, kind: keyof Faults, next: (state: State) => State): Edge<State>[];
}

export function momentsOf({ instants, startMs }: World): Moments {
  const secondsOf = ({ now }: State) => instants[now] ?? 0;
  const edge: Moments['edge'] = (state, label, next, isFault = false) => ({
    label: `${secondsOf(state)} s: ${label}`,
    isFault,
    next,
  });
  return {
    secondsOf,
    msOf: (state) => startMs + secondsOf(state) * 1000,
    edge,
    fault(state, label, kind, next) {
      const faults = spend(state.faults, kind);
      return faults ? [edge(state, label, next({ ...state, faults }), true)] : [];
    },
  };
}
