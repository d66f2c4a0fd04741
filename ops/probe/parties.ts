import type { Call, HandedOver, LoneAttempt } from './calls.ts';
import type { Facts } from './facts.ts';

/** The calls of one caller around the storm. */
export interface Party {
  readonly name: string;
  readonly family: string;
  readonly cluster: string;
  readonly count: number;
  readonly invokedBy: string | undefined;
  readonly maxAttempts: number;
  readonly handsOver: boolean;
  /** When they were made, in seconds since the scenario begins, in order. */
  readonly times: readonly number[];
}

/** What there is of calls and attempts around the storm. */
export interface Made {
  readonly calls: readonly Call[];
  readonly lone: readonly LoneAttempt[];
  readonly handedOver: readonly HandedOver[];
  readonly throughLater: readonly LoneAttempt[];
}

/** A kind of request of one caller: all names in it are still those of the records. */
interface Kind {
  readonly caller: string;
  readonly family: string | null;
  readonly cluster: string | null;
  readonly count: number;
  readonly invokedBy: string | undefined;
}

/** Who made them, with names in place of those of the records. */
export function partiesOf({ calls, lone, handedOver, throughLater }: Made, facts: Facts, beginsMs: number): Party[] {
  const names = { caller: new Names('caller'), family: new Names('family'), cluster: new Names('cluster') };
  const kinds = new Map<string, { readonly kind: Kind; readonly made: Call[] }>();
  const kindOf = ({ caller, family, cluster, count, invokedBy }: Kind) => {
    const key = JSON.stringify([caller, family, cluster, count, invokedBy]);
    const known = kinds.get(key) ?? { kind: { caller, family, cluster, count, invokedBy }, made: [] };
    kinds.set(key, known);
    return known;
  };
  for (const call of calls) kindOf(call).made.push(call);
  // Callers of which nothing but bare records is there: what they asked for nobody knows.
  for (const { caller } of [...lone, ...handedOver]) {
    const isKnown = [...kinds.values()].some(({ kind }) => kind.caller === caller);
    if (!isKnown) kindOf({ caller, family: null, cluster: null, count: 1, invokedBy: undefined });
  }
  const [loneBy, handedBy, laterBy] = [lone, handedOver, throughLater].map((all) =>
    Map.groupBy<string, { readonly caller: string }>(all, ({ caller }) => caller),
  ) as [Map<string, LoneAttempt[]>, Map<string, HandedOver[]>, Map<string, LoneAttempt[]>];
  return [...kinds.values()].map(({ kind, made }) => {
    const { caller, family, cluster, count, invokedBy } = kind;
    // Of several kinds of requests of one caller the first is given the attempts of which nobody knows the kind.
    const [bare, handed, later] = [take(loneBy, caller), take(handedBy, caller), take(laterBy, caller)];
    const attempts = [
      ...made.filter(({ isAccepted }) => !isAccepted).map(({ rejectedAttempts }) => rejectedAttempts),
      ...handed.map(({ attempts: all }) => all.length),
    ];
    const times = [
      ...firstTimes(
        made.map(({ firstMs }) => firstMs),
        later.map(({ atMs }) => atMs),
      ),
      ...handed.map(({ attempts: all }) => Math.min(...all.map(({ atMs }) => atMs))),
      ...bare.map(({ atMs }) => atMs),
    ];
    return {
      name: names.caller.of(`${caller} ${family} ${cluster} ${count}`),
      family: names.family.of(`${family}`),
      cluster: names.cluster.of(`${cluster}`),
      count,
      invokedBy,
      // Each bare attempt that nothing is known of is played as a call of its own.
      maxAttempts: bare.length > 0 ? 1 : Math.max(1, ...attempts),
      handsOver: invokedBy === undefined && (bare.length > 0 || facts.throttled.request === 0),
      times: times.map((at) => (at - beginsMs) / 1000).toSorted((a, b) => a - b),
    };
  });
}

function take<T>(from: Map<string, T[]>, caller: string): T[] {
  const found = from.get(caller) ?? [];
  from.delete(caller);
  return found;
}

/** When calls were first tried, where earlier attempts of some are known and not of which: of the next one that was accepted. */
function firstTimes(accepted: readonly number[], attempts: readonly number[]): number[] {
  const times = accepted.toSorted((a, b) => a - b);
  const firsts = [...times];
  let next = 0;
  for (const at of attempts.toSorted((a, b) => a - b)) {
    while (next < times.length && (times[next] ?? 0) <= at) next++;
    if (next >= times.length) break;
    firsts[next] = Math.min(firsts[next] ?? at, at);
    next++;
  }
  return firsts;
}

/** New names for old ones: `caller-1`, `caller-2` ... */
class Names {
  readonly #kind: string;
  readonly #known = new Map<string, string>();

  constructor(kind: string) {
    this.#kind = kind;
  }

  of(old: string): string {
    const name = this.#known.get(old) ?? `${this.#kind}-${this.#known.size + 1}`;
    this.#known.set(old, name);
    return name;
  }
}
