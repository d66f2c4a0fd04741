import type { RateSettings } from '../settings.ts';
import { cutProbe, doubtMeasurement, growProbe, leastRefill, STORM_MOST_MS, slowProbe, startProbe } from './probe.ts';
import { pulseFrom } from './pulse.ts';
import { permitCost, type RateState } from './rate-state.ts';
import { takenPerSecond } from './spare-rate.ts';
import { observedBucket, type Records, refillSoFar, TRAFFIC_WINDOW_SECONDS, trafficIn } from './traffic.ts';

/**
 * How much delay the rate limiter may catch up on. Handing out a batch takes time, and where few functions may run at once, the next batch
 * comes late; without this, the rate would lose that time.
 */
const CATCH_UP_MS = 700;
/** A schedule that a hold moves by less than this need not be kept: the hold moves it again. */
const MOVED_MS = 1000;
/** A minute without permits ends a drain. What probing found may no longer hold after it. */
const IDLE_MS = 60_000;
/** While others are throttled there is nothing to be had: nobody asks for so long after the last sign of that. */
const HOLD_MS = 1000;
/** Signs further apart than this are of two storms. */
const STORM_GAP_MS = 60_000;
/** After a throttle of ours nobody asks until the bucket holds about so many tokens again: others' calls must find some in it. */
const PAUSE_TOKENS = 10;
const PAUSE_MS = { least: 300, most: 3000 };
/** For so long throttles say nothing new: the bucket is still about empty. */
const SETTLE_MS = 1500;
/** Factor on the known refill after a throttle of ours: a short storm shows the refill to a few percent only. */
const REFILL_CUT = 0.998;

/** Sums of whole seconds and the noise of others' bursts are off by no more than this. */
const LEAST_SHARE = 0.9;

/** Updates the state by what records show, before permits are granted. */
function observe(state: RateState, records: Records, nowMs: number, settings: RateSettings): RateState {
  const since = Math.floor(nowMs / 1000) - TRAFFIC_WINDOW_SECONDS;
  const grants = Object.fromEntries(Object.entries(state.grants).filter(([second]) => Number(second) >= since));
  const granted = new Map(Object.entries(grants).map(([second, n]) => [Number(second), n]));
  const seen = observedBucket(records, granted, nowMs);
  // A few throttles within a drain are a worse sample than the storm before it. Only a sample as large replaces it.
  const { sample = 0, seenInSecond = 0 } = state.bucket ?? {};
  // Records of one storm keep arriving for a while. The larger count is the better one.
  const isNew = seen !== undefined && (seen.seenInSecond > seenInSecond || seen.sample > sample);
  const least = leastRefill(state, nowMs);
  const isBetter = isNew && seen.sample > 0 && seen.sample >= sample && seen.refillPerSecond >= least;
  // What we got ourselves shows a refill that was learnt from too few records.
  const { bucket, ...others } = state;
  const kept = bucket && bucket.refillPerSecond < LEAST_SHARE * least ? others : state;
  const probed = doubtMeasurement(kept, trafficIn('calls', records), settings);
  const learnt = { ...probed, ...(isBetter && { bucket: { ...seen, atMs: nowMs } }), grants };
  const isIdle = nowMs - state.nextPermitAtMs > IDLE_MS;
  if (isIdle) return startProbe(learnt, nowMs, settings);
  // The bucket fills while nobody asks, so the rate grows with that time, but not over what has slowed it meanwhile.
  return holdUntilMs(state) > nowMs
    ? { ...learnt, probedAtMs: Math.max(state.storm.atMs, state.throttledAtMs, state.signalledAtMs) }
    : growProbe(learnt, refillSoFar(records, granted, nowMs), nowMs, settings);
}

/**
 * Reserves permits that are due within `windowMs` from now. `wanted` holds how many tasks each waiting call asks for.
 * Returns when each permit is due, in the same order. Calls beyond the window get none. Where nothing came of it the state is the very one
 * that was given.
 */
export function reservePermits(
  before: RateState,
  wanted: readonly number[],
  records: Records,
  nowMs: number,
  windowMs: number,
  settings: RateSettings,
): { readonly state: RateState; readonly permitsAtMs: readonly number[] } {
  const state = observe(before, records, nowMs, settings);
  const spacingMs = 1000 / takenPerSecond(state, records, nowMs, settings);
  const firstMs = Math.max(state.nextPermitAtMs, nowMs - CATCH_UP_MS, holdUntilMs(state));
  const permitsAtMs: number[] = [];
  const grants = { ...state.grants };
  let taken = 0;
  for (const tasks of wanted) {
    const permitAtMs = pulseFrom(firstMs + taken * spacingMs);
    if (permitAtMs > nowMs + windowMs) break;
    permitsAtMs.push(permitAtMs);
    const cost = permitCost(state, tasks);
    const second = Math.floor(Math.max(permitAtMs, nowMs) / 1000);
    grants[second] = (grants[second] ?? 0) + cost;
    taken += cost;
  }
  const after = { ...state, grants, nextPermitAtMs: firstMs + taken * spacingMs };
  return { state: permitsAtMs.length > 0 || isNews(before, after) ? after : before, permitsAtMs };
}

/** Whether a look that granted nothing is worth a write: rate limiters that wait look once a pulse. */
const isNews = (before: RateState, after: RateState): boolean =>
  after.probePerSecond !== before.probePerSecond ||
  after.bucket !== before.bucket ||
  after.nextPermitAtMs - before.nextPermitAtMs >= MOVED_MS;

/** Until when nobody asks, since others were throttled a moment ago. */
function holdUntilMs({ storm }: RateState): number {
  return storm.atMs - storm.sinceMs > STORM_MOST_MS ? 0 : storm.atMs + HOLD_MS;
}

/**
 * Takes back permits that nobody used, as if they had not been granted. `unused` holds how many tasks each call asks for.
 * The schedule stays: moving it back would put new permits on top of those that another rate limiter is handing out.
 */
export function givePermitsBack(state: RateState, unused: readonly number[]): RateState {
  if (unused.length === 0) return state;
  const grants = { ...state.grants };
  let left = unused.reduce((sum, tasks) => sum + permitCost(state, tasks), 0);
  for (const second of Object.keys(grants).toSorted().toReversed()) {
    const back = Math.min(left, grants[second] ?? 0);
    grants[second] = (grants[second] ?? 0) - back;
    left -= back;
  }
  return { ...state, grants };
}

/**
 * Takes in that a permit of a call for `tasks`, granted at `grantedAtMs`, was throttled: it took nothing from the bucket, which was empty. Only what was
 * granted after the last throttle tells anything new: permits that were underway together are throttled together.
 */
export function throttlePermit(before: RateState, grantedAtMs: number, nowMs: number, tasks: number): RateState {
  const second = Math.floor(grantedAtMs / 1000);
  const granted = before.grants[second] ?? 0;
  const left = Math.max(0, granted - permitCost(before, tasks));
  const state = granted > 0 ? { ...before, grants: { ...before.grants, [second]: left } } : before;
  // Nor do permits that find gone what little the bucket gained since then.
  if (grantedAtMs <= state.throttledAtMs + (state.throttledAtMs > 0 ? SETTLE_MS : 0)) return state;
  const cut = cutProbe(state, grantedAtMs, nowMs);
  const pauseMs = Math.min(PAUSE_MS.most, Math.max(PAUSE_MS.least, (1000 * PAUSE_TOKENS) / cut.probePerSecond));
  return {
    ...cut,
    throttledAtMs: nowMs,
    nextPermitAtMs: Math.max(state.nextPermitAtMs, nowMs + pauseMs),
    ...(state.bucket && {
      bucket: { ...state.bucket, refillPerSecond: state.bucket.refillPerSecond * REFILL_CUT },
    }),
  };
}

/** Takes in that a call was handed over at `sentAtMs` since it was throttled: the bucket was empty then. */
export function handOverThrottle(state: RateState, sentAtMs: number, nowMs: number): RateState {
  const { sinceMs, atMs } = state.storm;
  const emptyAtMs = Math.min(sentAtMs, nowMs);
  if (emptyAtMs <= atMs) return state;
  const begins = emptyAtMs - atMs > STORM_GAP_MS;
  return { ...state, storm: { sinceMs: begins ? emptyAtMs : sinceMs, atMs: emptyAtMs, toldAtMs: nowMs } };
}

/** Signals repeat for hours. More than one a minute says nothing new. */
const SIGNAL_SPACING_MS = 60_000;

/**
 * Slows the probe because a service was throttled, or a start failed for a throttle, at `signalAtMs`. A signal does not say
 * how often. If the bucket is known, records say more, and the signal changes nothing. A signal from before this drain is
 * about the storm that the drain brings back, and one with a throttle of ours is about what has just slowed the rate.
 */
export function signalThrottle(state: RateState, signalAtMs: number, nowMs: number): RateState {
  const { drainStartedAtMs, signalledAtMs, throttledAtMs } = state;
  const isNews = signalAtMs > Math.max(drainStartedAtMs, signalledAtMs + SIGNAL_SPACING_MS, throttledAtMs + SETTLE_MS);
  if (!isNews) return state;
  return { ...slowProbe(state, nowMs), signalledAtMs: signalAtMs };
}
