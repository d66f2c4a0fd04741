import { type CountedSecond, pastBursts, takenInBursts, withoutBursts } from './bursts.ts';
import { type SecondOfTraffic, TRAFFIC_WINDOW_SECONDS, type Traffic } from './traffic.ts';

/** Calls per second are counted over so many seconds: enough to be steady, few enough to follow. */
const DEMAND_SECONDS = 20;
/** So many seconds' records tell what others ask for. */
const CALM_SECONDS = 3;
/** Where more of the calls than this are throttled, it is a storm, and no sign of what comes after it. */
const STORM_SHARE = 0.3;
const STORM_CALLS = 4;
/** Spans before the present in which a change of what others ask for may show. */
const CHANGE_SECONDS = [4, 6, 9, 13, 18];
/** How far off the share of records that should have come may be, where more came than was expected and where less did. */
const ARRIVAL_ERROR = { more: 0.2, less: 0.1 };
/** So many standard deviations are no chance: a rise is believed sooner than a fall, whose error would throttle others. */
const SURPRISE = { more: 3, less: 4 };
/** Of so many seconds records must have come. */
const LEAST_ARRIVED_SECONDS = 0.4;

/**
 * Calls per second that others make now, accepted or not; undefined where too little is known of it. What they asked for
 * over some twenty seconds is believed until the last seconds surprise. Bursts that come again and again count by what they take in the mean of a
 * bucket that holds so many tokens.
 */
export function othersPerSecond(
  traffic: Traffic,
  bursts: readonly CountedSecond[][],
  holds: number,
  nowMs: number,
): number | undefined {
  const slow = steadyPerSecond(traffic, nowMs);
  if (slow === undefined) return undefined;
  const changed = changedPerSecond(traffic, slow, nowMs);
  const newest = Math.floor(nowMs / 1000 - traffic.lagSeconds.least);
  const inBursts = takenInBursts(bursts, newest, holds);
  // What looks like a rise may be a burst of some seconds.
  return changed > slow ? Math.max(changed, slow + inBursts) : changed + inBursts;
}

/** Bursts of others in the last minutes, by their seconds. */
export function recentBursts(traffic: Traffic, nowMs: number): CountedSecond[][] {
  const now = Math.floor(nowMs / 1000);
  return pastBursts(countedSeconds(traffic, now - TRAFFIC_WINDOW_SECONDS, now, nowMs / 1000));
}

/**
 * Seconds of which some records are still to come count for as much as should have come. A storm that is over is no demand
 * any more: seconds after its last throttle count, or, where throttles are few and so no storm, all of the last ones.
 */
function steadyPerSecond(traffic: Traffic, nowMs: number): number | undefined {
  const now = nowMs / 1000;
  const { least, most } = traffic.lagSeconds;
  const start = Math.floor(now - most) - DEMAND_SECONDS;
  const afterStorm = Math.max(start, lastStormSecond(traffic) + 1);
  // Whole seconds where there are enough; how much of the others is still to come is only an estimate.
  for (const newest of [Math.floor(now - most) - 1, Math.floor(now - least)]) {
    const calm = countCalls(traffic, afterStorm, newest, now);
    if (calm.seconds >= CALM_SECONDS) return calm.calls / calm.seconds;
  }
  const all = countCalls(traffic, start, Math.floor(now - least), now);
  const isStorm = all.throttled > STORM_SHARE * all.calls;
  return all.seconds >= CALM_SECONDS && !isStorm ? all.calls / all.seconds : undefined;
}

/** What the newest records show instead, if they differ from what was expected by more than chance explains. */
function changedPerSecond(traffic: Traffic, slow: number, nowMs: number): number {
  const now = nowMs / 1000;
  const newest = Math.floor(now - traffic.lagSeconds.least);
  const stormEnd = lastStormSecond(traffic);
  let best = 1;
  let found = slow;
  for (const span of CHANGE_SECONDS) {
    const from = newest - span + 1;
    if (from <= stormEnd) break;
    const seen = countCalls(traffic, from, newest, now);
    if (seen.seconds < LEAST_ARRIVED_SECONDS) continue;
    const expected = slow * seen.seconds;
    // What has come whole is no estimate.
    const toCome = 1 - seen.seconds / span;
    const error = toCome * (seen.calls > expected ? ARRIVAL_ERROR.more : ARRIVAL_ERROR.less);
    const surprise = (seen.calls - expected) / Math.sqrt(expected + 1 + (error * expected) ** 2);
    const size = surprise > 0 ? surprise / SURPRISE.more : -surprise / SURPRISE.less;
    if (size <= best) continue;
    best = size;
    found = seen.calls / seen.seconds;
  }
  return found;
}

/** Seconds in which more were throttled than a drain's own mistakes explain. */
export function stormSeconds({ seconds }: Traffic): number[] {
  const isStorm = ({ accepted, throttled }: SecondOfTraffic) =>
    throttled >= STORM_CALLS && throttled > STORM_SHARE * (accepted + throttled);
  return [...seconds].filter(([, calls]) => isStorm(calls)).map(([second]) => second);
}

const lastStormSecond = (traffic: Traffic): number => Math.max(0, ...stormSeconds(traffic));

/** Calls in the seconds from `start` to `newest` that were no burst, and of how many whole seconds' records they are. */
function countCalls(traffic: Traffic, start: number, newest: number, now: number) {
  const counted = { calls: 0, throttled: 0, seconds: 0 };
  for (const { calls, accepted, arrived } of withoutBursts(countedSeconds(traffic, start, newest, now))) {
    counted.calls += calls;
    counted.throttled += calls - accepted;
    counted.seconds += arrived;
  }
  return counted;
}

/** The seconds from `start` to `newest` one by one. */
function countedSeconds(traffic: Traffic, start: number, newest: number, now: number): CountedSecond[] {
  const seconds: CountedSecond[] = [];
  for (let second = start; second <= newest; second++) {
    const { accepted = 0, throttled = 0 } = traffic.seconds.get(second) ?? {};
    seconds.push({ second, calls: accepted + throttled, accepted, arrived: arrivedShare(traffic, now - second) });
  }
  return seconds;
}

/** Lags of so many records say how they are spread; fewer look evenly spread between the least and the most. */
const ENOUGH_LAGS = 50;

/** The share of a second's records that has come by so many seconds after it began. */
export function arrivedShare({ lagSeconds: { least, most }, lags }: Traffic, ageSeconds: number): number {
  let all = 0;
  let arrived = 0;
  for (const [lag, count] of lags) {
    all += count;
    // Records are counted at whole seconds since their own second began: each lag stands for half a second to either side.
    arrived += count * Math.min(1, Math.max(0, ageSeconds - lag + 0.5));
  }
  // A second's own records are spread over it.
  return all >= ENOUGH_LAGS ? arrived / all : Math.min(1, Math.max(0, (ageSeconds - least) / (most - least + 1)));
}
