/** One thing that may happen in a state. */
export interface Edge<State> {
  /** What happens, for the trace of a violation. */
  readonly label: string;
  /** Whether it is a fault, or the environment's free choice: nothing that a run could count on. */
  readonly isFault: boolean;
  readonly next: State;
}

/** A system small enough to be looked at whole. */
export interface Model<State> {
  readonly initial: State;
  edges(state: State): Promise<readonly Edge<State>[]>;
  /** States with the same key are one. */
  keyOf(state: State): string;
  /** What must never be the case, where it is. */
  violationIn(state: State): string | undefined;
  /** What must not be left over where nothing but faults can still happen. */
  leftoverIn(state: State): string | undefined;
}

export interface Exploration {
  readonly states: number;
  readonly edges: number;
  /** States where nothing but faults can still happen. */
  readonly ends: number;
  /** The first violation that breadth-first search came to, with one of the shortest ways to it. */
  readonly found?: { readonly problem: string; readonly trace: readonly string[] };
}

/** Looks at every state that can be reached, nearest first; stops at the first violation. */
export async function explore<State>(model: Model<State>, maxStates: number): Promise<Exploration> {
  const indexOf = new Map([[model.keyOf(model.initial), 0]]);
  const parents: { from: number; label: string }[] = [{ from: -1, label: '' }];
  /** States still to be looked at; those behind are dropped, they are large. */
  const states: (State | undefined)[] = [model.initial];
  const faultless: number[][] = [];
  let edges = 0;
  let ends = 0;
  const result = (at?: number, problem = ''): Exploration => ({
    states: states.length,
    edges,
    ends,
    ...(at !== undefined && { found: { problem, trace: traceTo(at, parents) } }),
  });

  for (let at = 0; at < states.length; at++) {
    if (states.length > maxStates) throw new Error(`found more than ${maxStates} states, expected a smaller world`);
    const state = states[at] as State;
    states[at] = undefined;
    const violation = model.violationIn(state);
    if (violation) return result(at, violation);
    const next: number[] = [];
    for (const edge of await model.edges(state)) {
      edges++;
      const key = model.keyOf(edge.next);
      let index = indexOf.get(key);
      if (index === undefined) {
        index = states.push(edge.next) - 1;
        indexOf.set(key, index);
        parents.push({ from: at, label: edge.label });
      }
      if (!edge.isFault) next.push(index);
    }
    faultless.push(next);
    if (next.length > 0) continue;
    ends++;
    const leftover = model.leftoverIn(state);
    if (leftover) return result(at, leftover);
  }
  const circle = findCircle(faultless);
  return circle === undefined ? result() : result(circle, 'without any fault it runs in a circle');
}

function traceTo(at: number, parents: readonly { from: number; label: string }[]): string[] {
  const trace: string[] = [];
  for (let index = at; index > 0; index = parents[index]?.from ?? 0) trace.unshift(parents[index]?.label ?? '');
  return trace;
}

/** A state that can be reached from itself; undefined where every way comes to an end. */
function findCircle(next: readonly (readonly number[])[]): number | undefined {
  const before = new Array<number>(next.length).fill(0);
  for (const targets of next) for (const target of targets) before[target] = (before[target] ?? 0) + 1;
  // States that no way leads to any more are taken away; in a circle each has one.
  const free = before.flatMap((count, index) => (count === 0 ? [index] : []));
  for (let taken = 0; taken < free.length; taken++) {
    for (const target of next[free[taken] as number] ?? []) {
      before[target] = (before[target] ?? 0) - 1;
      if (before[target] === 0) free.push(target);
    }
  }
  const circle = before.findIndex((count) => count > 0);
  return circle < 0 ? undefined : circle;
}
