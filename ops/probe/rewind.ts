import type { Facts } from './facts.ts';
import { type Party, partiesOf } from './parties.ts';
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

/**
 * A bucket that accepts as much as was accepted in a storm too short to show the real one: in its later half what was refilled, before
 * that what the bucket had held.
 */
function bucketOfShortStorm(traffic: Traffic, storm: Storm) {
  const { accepted } = traffic.around(storm);
  const before = (accepted.length - (storm.until - storm.from + 1)) / 2;
  // The bucket may have been emptied by the calls of just before the first throttle.
  const seconds = accepted.slice(before - 1, accepted.length - before);
  const later = seconds.slice(Math.ceil(seconds.length / 2));
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const refillPerSecond = sum(later) / Math.max(1, later.length);
  return { burst: sum(seconds) - refillPerSecond * (seconds.length - 1), refillPerSecond };
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
  const bucket = traffic.bucket([storm]) ?? bucketOfShortStorm(traffic, storm);
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
        clusterResourceModify: {
          burst: Math.max(1, Math.round(bucket.burst)),
          refillPerSecond: Math.max(0.1, Math.round(bucket.refillPerSecond * 10) / 10),
        },
      },
      clusters: distinct(parties.map(({ cluster }) => cluster)),
      taskDefinitions: distinct(parties.map(({ family }) => family)).map((family) => ({ family })),
      throttledRecords: isRecorded ? 'full' : 'bare',
      disguisedShare: facts.throttled.records === 0 ? 0 : facts.disguised.records / facts.throttled.records,
    },
    callers,
  };
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

const distinct = (names: readonly string[]) => [...new Set(names)];
