/** RunTask calls of one second, by anybody but us, as their records tell. */
export interface SecondOfTraffic {
  readonly accepted: number;
  readonly throttled: number;
}

/** What records say of the account's bucket. Seconds are whole ones since the epoch, which is all that CloudTrail tells. */
export interface Traffic {
  readonly seconds: ReadonlyMap<number, SecondOfTraffic>;
  /** How late the latest record of the last minutes was: what happened since then is not known yet. */
  readonly lagSeconds: number;
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
/** So many seconds without a throttle tell what others ask for in calm. */
const CALM_SECONDS = 4;
/** A storm empties a full bucket within this time, or hardly at all. */
const BURST_SECONDS = 30;
/** A gap of more seconds without a throttle may have let the bucket fill: what was accepted then says nothing. */
const SATURATED_GAP_SECONDS = 1;

/**
 * Calls per second that others make now, accepted or not, from the last seconds that are complete. A storm that is over
 * is no demand any more: where enough seconds have passed since its last throttle, only those count.
 */
export function othersPerSecond(traffic: Traffic, nowMs: number): number {
  const end = Math.floor(nowMs / 1000 - traffic.lagSeconds);
  const afterStorm = (lastThrottledSecond(traffic) ?? 0) + 1;
  const start = Math.max(end - DEMAND_SECONDS, end - afterStorm >= CALM_SECONDS ? afterStorm : 0);
  let calls = 0;
  for (let second = start; second < end; second++) {
    const { accepted = 0, throttled = 0 } = traffic.seconds.get(second) ?? {};
    calls += accepted + throttled;
  }
  return calls / (end - start);
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
