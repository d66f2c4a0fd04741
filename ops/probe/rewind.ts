import type { Call, LoneAttempt } from './calls.ts';
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
  const lone = facts.calls.lone.filter(({ atMs }) => isWithin(atMs));
  const first = Math.min(...calls.map(({ firstMs }) => firstMs), ...lone.map(({ atMs }) => atMs));
  const beginsMs = Math.floor(first / 1000) * 1000;
  const parties = partiesOf(calls, lone, facts, beginsMs);
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

function partiesOf(calls: readonly Call[], lone: readonly LoneAttempt[], facts: Facts, beginsMs: number): Party[] {
  const names = { caller: new Names('caller'), family: new Names('family'), cluster: new Names('cluster') };
  const byCaller = Map.groupBy(calls, ({ caller, family, cluster, count, invokedBy }) =>
    JSON.stringify([caller, family, cluster, count, invokedBy ?? null]),
  );
  const loneBy = Map.groupBy(lone, ({ caller }) => caller);
  const parties: Party[] = [];
  // Callers of which nothing but bare records is there: what they asked for nobody knows.
  const missing = [...loneBy.keys()].filter((caller) => !calls.some((call) => call.caller === caller));
  for (const [key, made] of [
    ...byCaller,
    ...missing.map((caller) => [JSON.stringify([caller, null, null, 1, null]), []] as const),
  ]) {
    const [caller, family, cluster, count, invokedBy] = JSON.parse(key) as [
      string,
      string | null,
      string | null,
      number,
      string | null,
    ];
    const bare = loneBy.get(caller) ?? [];
    // Of several kinds of requests of one caller the first is given the attempts of which nobody knows the kind.
    loneBy.delete(caller);
    const times = [...made.map(({ firstMs }) => firstMs), ...bare.map(({ atMs }) => atMs)];
    const attempts = made.filter(({ isAccepted }) => !isAccepted).map(({ rejectedAttempts }) => rejectedAttempts);
    parties.push({
      name: names.caller.of(`${caller} ${family} ${cluster} ${count}`),
      family: names.family.of(`${family}`),
      cluster: names.cluster.of(`${cluster}`),
      count,
      invokedBy: invokedBy ?? undefined,
      // Each bare attempt is played as a call of its own.
      maxAttempts: bare.length > 0 ? 1 : Math.max(1, ...attempts),
      handsOver: invokedBy === null && (bare.length > 0 || facts.throttled.request === 0),
      times: times.map((at) => (at - beginsMs) / 1000).toSorted((a, b) => a - b),
    });
  }
  return parties;
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
