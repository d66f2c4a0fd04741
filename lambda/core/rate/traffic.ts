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
}

/** What records show about the account's bucket, in its unit. Seconds are whole seconds since the epoch: CloudTrail has no finer time. */
export interface Traffic {
  readonly seconds: Seconds;
  /** The least and the greatest delay of the last minutes' records. Traffic since then is not known, or not completely. */
  readonly lagSeconds: { readonly least: number; readonly most: number };
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
/** Calls per second are averaged over this time: long enough to be steady, short enough to follow a change. */
const DEMAND_SECONDS = 20;
/** Others' demand is known from the records of this many seconds. */
const CALM_SECONDS = 3;
/** If more than this share of the calls is throttled, it is a storm. A storm says nothing about the demand after it. */
const STORM_SHARE = 0.3;
/** A storm empties a full bucket within this time. */
const BURST_SECONDS = 30;
/** If throttled calls ask for this many times as many tasks as accepted calls, the bucket counts tasks. */
const LARGER_THROTTLED = 1.5;
/** Records that are later than the window are not counted. A lag close to the window hides how late the latest are. */
const MOST_LAG_SECONDS = TRAFFIC_WINDOW_SECONDS - 5;
/** In a longer gap without a throttle the bucket may have filled, so what it accepted says nothing about the refill. */
const SATURATED_GAP_SECONDS = 1;

/**
 * Calls per second that others make now, accepted or not; undefined if too little is known. A second whose records have
 * arrived in part counts for the part that should have arrived. A storm that is over is no demand: only seconds after its
 * last throttle count. If few calls were throttled, there was no storm, and all of the last seconds count.
 */
export function othersPerSecond(traffic: Traffic, nowMs: number): number | undefined {
  const now = nowMs / 1000;
  const { least, most } = traffic.lagSeconds;
  const start = Math.floor(now - most) - DEMAND_SECONDS;
  const afterStorm = Math.max(start, (lastThrottledSecond(traffic) ?? 0) + 1);
  // Complete seconds are preferred. What is still missing of the others is only an estimate.
  for (const newest of [Math.floor(now - most) - 1, Math.floor(now - least)]) {
    const calm = countCalls(traffic, afterStorm, newest, now);
    if (calm.seconds >= CALM_SECONDS) return calm.calls / calm.seconds;
  }
  const all = countCalls(traffic, start, Math.floor(now - least), now);
  const isStorm = all.throttled > STORM_SHARE * all.calls;
  return all.seconds >= CALM_SECONDS && !isStorm ? all.calls / all.seconds : undefined;
}

/** Calls in the seconds from `start` to `newest`, and how many complete seconds their records amount to. */
function countCalls({ seconds, lagSeconds: { least, most } }: Traffic, start: number, newest: number, now: number) {
  const counted = { calls: 0, throttled: 0, seconds: 0 };
  for (let second = start; second <= newest; second++) {
    const { accepted = 0, throttled = 0 } = seconds.get(second) ?? {};
    counted.calls += accepted + throttled;
    counted.throttled += throttled;
    // Assumes that delays are spread evenly between the least and the greatest, and calls evenly over their second.
    counted.seconds += Math.min(1, Math.max(0, (now - second - least) / (most - least + 1)));
  }
  return counted;
}

/** What records show in one unit. */
export function trafficIn(unit: BucketUnit, { seconds, lagSeconds }: Records): Traffic {
  return { seconds: seconds[unit], lagSeconds };
}

/**
 * The account's bucket, if a storm showed it. While every second has throttles, the bucket is empty and accepts what it
 * refills. The first and the last such second do not count, as the bucket is empty for a part of them only. Seconds whose
 * records are incomplete do not count either: if the intake is slow, they may never all be in the window at once.
 */
export function observedBucket({ seconds, lagSeconds }: Records, grants: Grants, nowMs: number): Bucket | undefined {
  if (lagSeconds.most > MOST_LAG_SECONDS) return undefined;
  const storm = longestStorm(seconds.calls, Math.floor(nowMs / 1000) - lagSeconds.most);
  if (!storm) return undefined;
  const { from, until } = storm;
  const unit = unitOf(seconds, from, until);
  const accepted = (second: number) => (seconds[unit].get(second)?.accepted ?? 0) + (grants.get(second) ?? 0);
  let refilled = 0;
  for (let second = from; second < until; second++) refilled += accepted(second);
  const refillPerSecond = refilled / (until - from);
  const burst = burstBefore(from, refillPerSecond, accepted);
  return { unit, refillPerSecond, burst, sample: refilled, seenInSecond: until };
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
