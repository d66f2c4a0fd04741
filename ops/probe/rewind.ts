import type { Call, HandedOver, LoneAttempt } from './calls.ts';
import type { Facts } from './facts.ts';
import type { Storm, Traffic } from './traffic.ts';

/** What a storm was made of, as a scenario of the lab: times and numbers; every name is replaced, nothing else is there. */
export type Scenario = Readonly<Record<string, unknown>>;

const ACCOUNT = '111122223333';
const REGION = 'us-east-1';
/** How much of what went before and after is looked at, in seconds: who calls then, too, is there all the time. */
const AROUND = 60;
/** More entries than this are put together to longer spans. */
const MOST_ENTRIES = 1500;
const STEADY_CALLS = 10;
const DEFAULT_BUCKET = { burst: 100, refillPerSecond: 40 };

/** The calls of one caller around the storm. */
interface Party {
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

/** The storm as a scenario that the lab plays; with this stack, as if whoever has to hand over did. */
export function rewind(facts: Facts, traffic: Traffic, storm: Storm): Scenario {
  const from = storm.from - AROUND;
  const to = storm.until + AROUND;
  const isWithin = (atMs: number) => atMs >= from * 1000 && atMs < to * 1000;
  const calls = [...facts.calls.calls].filter(({ firstMs }) => isWithin(firstMs));
  const attempts = facts.calls.attempts();
  const lone = attempts.unknown.filter(({ atMs }) => isWithin(atMs));
  const handedOver = attempts.handedOver.filter(({ attempts: [first] }) => first && isWithin(first.atMs));
  const throughLater = attempts.throughLater.filter(({ atMs }) => isWithin(atMs));
  const first = Math.min(
    ...calls.map(({ firstMs }) => firstMs),
    ...lone.map(({ atMs }) => atMs),
    ...throughLater.map(({ atMs }) => atMs),
    ...handedOver.flatMap(({ attempts: all }) => all.map(({ atMs }) => atMs)),
  );
  const beginsMs = Math.floor(first / 1000) * 1000;
  const parties = partiesOf({ calls, lone, handedOver, throughLater }, facts, beginsMs);
  const span = { from: storm.from - beginsMs / 1000, until: storm.until + 1 - beginsMs / 1000 };
  const bucket = traffic.bucket([storm]);
  const isRecorded = facts.throttled.request > 0;
  const callers = parties.flatMap((party) => callersOf(party, span));
  return {
    name: 'the worst storm of these records, played again',
    seed: 1,
    remediation: {
      enabled: true,
      config: {
        mode: 'rerun',
        clusters: distinct(parties.map(({ cluster }) => cluster)),
        families: distinct(parties.map(({ family }) => family)),
        callers: parties
          .filter(({ invokedBy }) => invokedBy === undefined)
          .map(({ name, handsOver }) => ({
            arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
            ...(handsOver && { handsOver }),
          })),
      },
    },
    account: {
      id: ACCOUNT,
      region: REGION,
      buckets: {
        clusterResourceModify: bucket
          ? {
              burst: Math.max(1, Math.round(bucket.burst)),
              refillPerSecond: Math.round(bucket.refillPerSecond * 10) / 10,
            }
          : DEFAULT_BUCKET,
      },
      clusters: distinct(parties.map(({ cluster }) => cluster)),
      taskDefinitions: distinct(parties.map(({ family }) => family)).map((family) => ({ family })),
      throttledRecords: isRecorded ? 'full' : 'bare',
      disguisedShare: facts.throttled.records === 0 ? 0 : facts.disguised.records / facts.throttled.records,
    },
    callers,
  };
}

interface Made {
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

function partiesOf({ calls, lone, handedOver, throughLater }: Made, facts: Facts, beginsMs: number): Party[] {
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

/** Who calls before, in and after the storm alike is live traffic; else each span of its calls is an entry. */
function callersOf(party: Party, storm: { readonly from: number; readonly until: number }): Scenario[] {
  const { name, invokedBy, maxAttempts, handsOver, times } = party;
  const common = {
    principalArn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/session`,
    maxAttempts,
    ...(invokedBy && { invokedBy, userAgent: invokedBy }),
    request: requestOf(party),
  };
  const steady = steadyRate(times, storm);
  if (steady)
    return [
      {
        name,
        ...common,
        callsPerSecond: steady.perSecond,
        arrival: steady.arrival,
        startAt: steady.startAt,
        ...(handsOver && { handsOver }),
      },
    ];
  const within = times.filter((at) => at < storm.until);
  return spans(within).map(({ startAt, calls, overSeconds }, index) => ({
    name: `${name}-${index + 1}`,
    ...common,
    startAt,
    calls,
    overSeconds,
    ...(handsOver && { handsOver }),
  }));
}

/** The rate of a caller whose calls go on after the storm, or had begun before it, as they were in it. */
function steadyRate(times: readonly number[], { from, until }: { readonly from: number; readonly until: number }) {
  const [first = 0] = times;
  const last = times.at(-1) ?? 0;
  const inside = times.filter((at) => at >= from && at < until).length / (until - from);
  const outside = times.filter((at) => at < from || at >= until).length;
  const outsideSeconds = Math.max(0, from - first) + Math.max(0, last - until);
  if (outside < STEADY_CALLS || outsideSeconds < 5) return undefined;
  const rate = outside / outsideSeconds;
  if (inside > 2 * rate || inside < rate / 2) return undefined;
  const perSecond = Math.round((times.length / (last - first + 1)) * 1000) / 1000;
  return { perSecond, arrival: isEven(times) ? 'even' : 'poisson', startAt: Math.floor(first) };
}

/** Whether the numbers of calls in a second differ by less than chance would make them. */
function isEven(times: readonly number[]): boolean {
  const counts = [...Map.groupBy(times, Math.floor).values()].map(({ length }) => length);
  const mean = times.length / Math.max(1, counts.length);
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / Math.max(1, counts.length);
  return variance < mean / 2;
}

/** Calls in spans of whole seconds, of which neighbours with about as many calls are one. */
function spans(times: readonly number[]): { startAt: number; calls: number; overSeconds: number }[] {
  for (let step = 1; ; step *= 2) {
    const found: { startAt: number; calls: number; overSeconds: number }[] = [];
    for (const [slot, { length: calls }] of Map.groupBy(times, (at) => Math.floor(at / step))) {
      const last = found.at(-1);
      const isNext = last && last.startAt + last.overSeconds === slot * step;
      const perStep = last ? (last.calls / last.overSeconds) * step : 0;
      if (isNext && Math.abs(calls - perStep) <= Math.max(1, perStep * 0.1)) {
        last.calls += calls;
        last.overSeconds += step;
      } else found.push({ startAt: slot * step, calls, overSeconds: step });
    }
    if (found.length <= MOST_ENTRIES) return found;
  }
}

const requestOf = ({ family, cluster, count }: Party) => ({
  cluster,
  taskDefinition: `${family}:1`,
  count,
  launchType: 'FARGATE',
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0aaa'], securityGroups: ['sg-0aaa'] } },
});

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

const distinct = (names: readonly string[]) => [...new Set(names)];
