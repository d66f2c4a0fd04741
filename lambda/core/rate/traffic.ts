/**
 * What a bucket counts: calls, or, where the rate at which Fargate launches is the limit, tasks.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html
 */
export const BUCKET_UNITS = ['calls', 'tasks'] as const;
export type BucketUnit = (typeof BUCKET_UNITS)[number];

/** Calls of others in one second, as records show them. */
export interface SecondOfTraffic {
  readonly accepted: number;
  readonly throttled: number;
}

export type Seconds = ReadonlyMap<number, SecondOfTraffic>;

/** What records show, in each unit that a bucket may count in. */
export interface Records {
  readonly seconds: Readonly<Record<BucketUnit, Seconds>>;
  readonly lagSeconds: Traffic['lagSeconds'];
  /** How many records of the last minutes came so many seconds late. */
  readonly lags: ReadonlyMap<number, number>;
}

/** What records show about the account's bucket, in its unit. Seconds are whole seconds since the epoch: CloudTrail has no finer time. */
export interface Traffic {
  readonly seconds: Seconds;
  /** The least and the greatest delay of the last minutes' records. Traffic since then is not known, or not completely. */
  readonly lagSeconds: { readonly least: number; readonly most: number };
  readonly lags: Records['lags'];
}

/** Permits that we granted, by whole second since the epoch. */
export type Grants = ReadonlyMap<number, number>;

/** A token bucket, as a storm showed it. */
export interface Bucket {
  readonly unit: BucketUnit;
  readonly refillPerSecond: number;
  /** Tokens that it holds when full, at least. */
  readonly burst: number;
  /** Accepted calls that the refill was counted from. The more, the better. */
  readonly sample: number;
  /** The last second that was counted. */
  readonly seenInSecond: number;
}

/** How far back traffic is read. */
export const TRAFFIC_WINDOW_SECONDS = 150;
/** The latest record so far is hardly the latest of all. */
const LAG_MARGIN = 1.2;
/** A shorter one shows the refill too roughly. */
const LEAST_STORM_SECONDS = 3;
/** A storm empties a full bucket within this time. */
const BURST_SECONDS = 30;
/** If throttled calls ask for this many times as many tasks as accepted calls, the bucket counts tasks. */
const LARGER_THROTTLED = 1.5;
/** Where records come later than this, the latest may be later still: what has come does not show a storm whole. */
const MOST_LAG_SECONDS = 60;
/** In a longer gap without a throttle the bucket may have filled, so what it accepted says nothing about the refill. */
const SATURATED_GAP_SECONDS = 1;

/** What records show in one unit. */
export function trafficIn(unit: BucketUnit, { seconds, lagSeconds, lags }: Records): Traffic {
  return { seconds: seconds[unit], lagSeconds, lags };
}

/**
 * The account's bucket, if a storm showed it. While every second has throttles, the bucket is empty and accepts what it
 * refills. The first and the last such second do not count, as the bucket is empty for a part of them only. Seconds whose
 * records are incomplete do not count either: if the intake is slow, they may never all be in the window at once.
 */
export function observedBucket({ seconds, lagSeconds }: Records, grants: Grants, nowMs: number): Bucket | undefined {
  if (lagSeconds.most > MOST_LAG_SECONDS) return undefined;
  const storm = longestStorm(seconds.calls, Math.floor(nowMs / 1000) - LAG_MARGIN * lagSeconds.most);
  if (!storm) return undefined;
  const { from, until } = storm;
  if (until - from < LEAST_STORM_SECONDS) return undefined;
  const unit = unitOf(seconds, from, until);
  const accepted = (second: number) => (seconds[unit].get(second)?.accepted ?? 0) + (grants.get(second) ?? 0);
  let refilled = 0;
  for (let second = from; second < until; second++) refilled += accepted(second);
  const refillPerSecond = refilled / (until - from);
  const burst = burstBefore(from, refillPerSecond, accepted);
  return { unit, refillPerSecond, burst, sample: refilled, seenInSecond: until };
}

/** What a storm shows of the refill while its records still come: at least so much; 0 where there is none. */
export function refillSoFar({ seconds }: Records, grants: Grants, nowMs: number): number {
  const storm = longestStorm(seconds.calls, Math.floor(nowMs / 1000));
  if (!storm) return 0;
  let refilled = 0;
  for (let second = storm.from; second < storm.until; second++) {
    refilled += (seconds.calls.get(second)?.accepted ?? 0) + (grants.get(second) ?? 0);
  }
  return refilled / (storm.until - storm.from);
}

/** The longest span of whole seconds before `end` that all have throttles; of equals the latest. `until` is the first second after it. */
function longestStorm(seconds: Seconds, end: number): { readonly from: number; readonly until: number } | undefined {
  const throttled = [...seconds.keys()]
    .filter((second) => second < end && (seconds.get(second)?.throttled ?? 0) > 0)
    .toSorted((a, b) => a - b);
  let best: { readonly from: number; readonly until: number } | undefined;
  let first = 0;
  for (let index = 1; index <= throttled.length; index++) {
    const until = throttled[index - 1] ?? 0;
    const next = throttled[index] ?? Number.POSITIVE_INFINITY;
    if (next - until <= SATURATED_GAP_SECONDS) continue;
    const from = (throttled[first] ?? 0) + 1;
    if (until > from && (!best || until - from >= best.until - best.from)) best = { from, until };
    first = index;
  }
  return best;
}

/** A bucket of tasks accepts small calls and throttles large ones. A bucket of calls does not distinguish them. */
function unitOf({ calls, tasks }: Records['seconds'], from: number, until: number): BucketUnit {
  const sum = (seconds: Seconds, kind: keyof SecondOfTraffic) => {
    let total = 0;
    for (let second = from; second < until; second++) total += seconds.get(second)?.[kind] ?? 0;
    return total;
  };
  const tasksPerCall = (kind: keyof SecondOfTraffic) => sum(tasks, kind) / Math.max(1, sum(calls, kind));
  return tasksPerCall('throttled') > LARGER_THROTTLED * Math.max(1, tasksPerCall('accepted')) ? 'tasks' : 'calls';
}

/** What was accepted beyond the refill until the bucket was empty: it held at least that. */
function burstBefore(end: number, refillPerSecond: number, accepted: (second: number) => number): number {
  let beyond = 0;
  let most = 0;
  for (let second = end - 1; second >= end - BURST_SECONDS; second--) {
    beyond += accepted(second) - refillPerSecond;
    most = Math.max(most, beyond);
  }
  return most;
}

/** The last whole second in which others were throttled, if any. The bucket was empty then. */
export function lastThrottledSecond({ seconds }: Traffic): number | undefined {
  let last: number | undefined;
  for (const [second, { throttled }] of seconds) if (throttled > 0 && (last ?? 0) < second) last = second;
  return last;
}
