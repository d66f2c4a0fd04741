import type { SubRule } from './sub-rules.ts';

/** A state of the engine's automaton: where the alternatives of each field lead, and which sub-rules come that way. */
class State {
  readonly #next = new Map<string, Map<string, State>>();
  readonly #subRules = new Map<string, Set<number>>();

  /** The states that the alternatives of a field lead to, made where they are missing (ByteMachine.addPattern). */
  follow(field: string, ids: readonly string[]): ReadonlySet<State> {
    const next = this.#next.get(field) ?? new Map<string, State>();
    this.#next.set(field, next);
    let last: State | undefined;
    return new Set(
      ids.map((id) => {
        last = next.get(id) ?? last ?? new State();
        next.set(id, last);
        return last;
      }),
    );
  }

  subRules(ids: readonly string[]): ReadonlySet<number> {
    return new Set(ids.flatMap((id) => [...(this.#subRules.get(id) ?? [])]));
  }

  add(subRule: number, ids: readonly string[]): void {
    for (const id of ids) this.#subRules.set(id, (this.#subRules.get(id) ?? new Set()).add(subRule));
  }
}

const common = (a: ReadonlySet<number>, b: ReadonlySet<number>): Set<number> =>
  new Set([...a].filter((id) => b.has(id)));

/**
 * Drops the sub-rules that the engine loses. It believes that it has a sub-rule already if an earlier one of the same
 * pattern shares at least one alternative of every field (GenericMachine.addStep), so `{"$or": [{"a": ["x"]},
 * {"a": ["x", "y"]}]}` does not match y.
 */
export function withoutShadowed(subRules: readonly SubRule[]): readonly SubRule[] {
  const start = new State();
  return subRules.filter((subRule, number) => {
    const fields = [...subRule.keys()].sort();
    const idsOf = (at: number): string[] => {
      const isLast = at === fields.length - 1;
      return (subRule.get(fields[at] as string) ?? []).map(({ id }) => `${isLast ? 'end' : 'on'} ${id}`);
    };
    const visited: Set<State>[] = fields.map(() => new Set());

    /** The earlier sub-rules that go the same way from here. Where branches disagree the engine picks one at random. */
    const earlier = (state: State, at: number): ReadonlySet<number> =>
      [...state.follow(fields[at] as string, idsOf(at))]
        .map((next) => {
          visited[at]?.add(next);
          const here = next.subRules(idsOf(at));
          return at === fields.length - 1 ? here : common(here, earlier(next, at + 1));
        })
        .reduce(common);

    if (earlier(start, 0).size > 0) return false;
    visited.forEach((states, at) => {
      for (const state of states) state.add(number, idsOf(at));
    });
    return true;
  });
}
