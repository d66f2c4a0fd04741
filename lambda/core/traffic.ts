/** RunTask calls of one second, by anybody but us, as their records tell. */
export interface SecondOfTraffic {
  readonly accepted: number;
  readonly throttled: number;
}

/** What records say of the account's bucket. Seconds are whole ones since the epoch, which is all that CloudTrail tells. */
export interface Traffic {
  readonly seconds: ReadonlyMap<number, SecondOfTraffic>;
  /** How late records of the last minutes were, at least and at most: what happened since then is not (all) known yet. */
  readonly lagSeconds: { readonly least: number; readonly most: number };
}

/** Turns that we granted, by whole seconds since the epoch. */
export type Grants = ReadonlyMap<number, number>;

/** A token bucket, as a storm showed it. */
export interface Bucket {
  readonly refillPerSecond: number;
  /** Tokens that it holds when full: at least so many. */
  readonly burst: number;
  /** Accepted calls that the refill was counted from: the more, the surer. */
  readonly sample: number;
  /** The last second that was counted. */
  readonly seenInSecond: number;
}

/** How far back traffic is looked at. */
export const TRAFFIC_WINDOW_SECONDS = 150;
/** Calls per second are counted over so many seconds: enough to be steady, few enough to follow. */
const DEMAND_SECONDS = 20;
/** So many seconds' records tell what others ask for. */
const CALM_SECONDS = 3;
/** Where more of the calls than this are throttled, it is a storm, and no sign of what comes after it. */
const STORM_SHARE = 0.3;
/** A storm empties a full bucket within this time, or hardly at all. */
const BURST_SECONDS = 30;
/** A gap of more seconds without a throttle may have let the bucket fill: what was accepted then says nothing. */
const SATURATED_GAP_SECONDS = 1;

/**
 * Calls per second that others make now, accepted or not; undefined where too little is known of it. Seconds of which some
 * records are still to come count for as much as should have come. A storm that is over is no demand any more: seconds
 * after its last throttle count, or, where throttles are few and so no storm, all of the last ones.
 */
export function othersPerSecond(traffic: Traffic, nowMs: number): number | undefined {
  const now = nowMs / 1000;
  const { least, most } = traffic.lagSeconds;
  const start = Math.floor(now - most) - DEMAND_SECONDS;
  const afterStorm = Math.max(start, (lastThrottledSecond(traffic) ?? 0) + 1);
  // Whole seconds where there are enough; how much of the others is still to come is only an estimate.
  for (const newest of [Math.floor(now - most) - 1, Math.floor(now - least)]) {
    const calm = countCalls(traffic, afterStorm, newest, now);
    if (calm.seconds >= CALM_SECONDS) return calm.calls / calm.seconds;
  }
  const all = countCalls(traffic, start, Math.floor(now - least), now);
  const isStorm = all.throttled > STORM_SHARE * all.calls;
  return all.seconds >= CALM_SECONDS && !isStorm ? all.calls / all.seconds : undefined;
}

/** Calls in the seconds from `start` to `newest`, and of how many whole seconds' records they are. */
function countCalls({ seconds, lagSeconds: { least, most } }: Traffic, start: number, newest: number, now: number) {
  const counted = { calls: 0, throttled: 0, seconds: 0 };
  for (let second = start; second <= newest; second++) {
    const { accepted = 0, throttled = 0 } = seconds.get(second) ?? {};
    counted.calls += accepted + throttled;
    counted.throttled += throttled;
    // Delays look evenly spread between the least and the most; a second's own records are spread over it.
    counted.seconds += Math.min(1, Math.max(0, (now - second - least) / (most - least + 1)));
  }
  return counted;
}

/**
 * The account's bucket, if a storm showed it: while every second has throttles the bucket is empty, and
 * what it accepts is what it refills. The first and the last such second are only partly so and do not count.
 */
export function observedBucket({ seconds }: Traffic, grants: Grants): Bucket | undefined {
  const throttledSeconds = [...seconds.keys()]
    .filter((second) => (seconds.get(second)?.throttled ?? 0) > 0)
    .toSorted((a, b) => a - b);
  const accepted = (second: number) => (seconds.get(second)?.accepted ?? 0) + (grants.get(second) ?? 0);
  let best: { readonly seconds: number; readonly bucket: Bucket } | undefined;
  let first = 0;
  for (let index = 1; index <= throttledSeconds.length; index++) {
    const last = throttledSeconds[index - 1] ?? 0;
    const next = throttledSeconds[index] ?? Number.POSITIVE_INFINITY;
    if (next - last <= SATURATED_GAP_SECONDS) continue;
    const from = (throttledSeconds[first] ?? 0) + 1;
    const length = last - from;
    if (length > 0 && (!best || length >= best.seconds)) {
      let refilled = 0;
      for (let second = from; second < last; second++) refilled += accepted(second);
      const refillPerSecond = refilled / length;
      const burst = burstBefore(from, refillPerSecond, accepted);
      best = { seconds: length, bucket: { refillPerSecond, burst, sample: refilled, seenInSecond: last } };
    }
    first = index;
  }
  return best?.bucket;
}

/** What was accepted beyond the refill until the bucket was empty: that much it held, if not more. */
function burstBefore(end: number, refillPerSecond: number, accepted: (second: number) => number): number {
  let beyond = 0;
  let most = 0;
  for (let second = end - 1; second >= end - BURST_SECONDS; second--) {
    beyond += accepted(second) - refillPerSecond;
    most = Math.max(most, beyond);
  }
  return most;
}

/** The last whole second in which somebody else was throttled, if any: the bucket was empty then. */
export function lastThrottledSecond({ seconds }: Traffic): number | undefined {
  let last: number | undefined;
  for (const [second, { throttled }] of seconds) if (throttled > 0 && (last ?? 0) < second) last = second;
  return last;
}
