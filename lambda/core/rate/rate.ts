import type { RateSettings } from '../settings.ts';
import { permitCost, type RateState } from './rate-state.ts';
import { takenPerSecond } from './spare-rate.ts';
import { observedBucket, type Records, TRAFFIC_WINDOW_SECONDS } from './traffic.ts';

/**
 * How much delay the rate limiter may catch up on. Handing out a batch takes time; without this, the rate would lose that
 * time with each batch.
 */
const CATCH_UP_MS = 500;
/** A minute without permits ends a drain. What probing found may no longer hold after it. */
const IDLE_MS = 60_000;
/** While the bucket is not known, the rate grows in steps as long as permits are used: fast until the first throttle, then slowly. */
const PROBE_STEP_MS = 3000;
const PROBE_DOUBLE = 2;
/** Four steps lead from PROBE_RESUME back to the rate before the throttle. */
const PROBE_GROWTH = 1.075;
const PROBE_RESUME = 0.75;
/** Permits between two throttles that are closer together than this say nothing about the bucket. */
const PROBE_LEAST_MS = 3000;
/** Factor on the probe after a first throttle, and after a signal. */
const PROBE_CUT = 0.5;
/** Factor on the known refill after a throttle of ours: a short storm shows the refill to a few percent only. */
const REFILL_CUT = 0.998;

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
  const isBetter = isNew && seen.sample > 0 && seen.sample >= sample;
  const learnt = isBetter ? { bucket: { ...seen, atMs: nowMs } } : {};
  const isIdle = nowMs - state.nextPermitAtMs > IDLE_MS;
  if (isIdle) {
    const fresh = { probePerSecond: settings.initialPerSecond, probedAtMs: nowMs, drainStartedAtMs: nowMs };
    return { ...state, ...learnt, ...fresh, grants };
  }
  // The rate grows only while permits are used: this is called only when executions wait for one.
  const isDue = nowMs - state.probedAtMs >= PROBE_STEP_MS;
  const growth = state.throttledAtMs < state.drainStartedAtMs ? PROBE_DOUBLE : PROBE_GROWTH;
  const grown = Math.min(settings.maxPerSecond, state.probePerSecond * growth);
  const probe = isDue ? { probePerSecond: grown, probedAtMs: nowMs } : {};
  return { ...state, ...learnt, ...probe, grants };
}

/**
 * Reserves permits that are due within `windowMs` from now. `wanted` holds how many tasks each waiting call asks for.
 * Returns when each permit is due, in the same order. Calls beyond the window get none.
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
  const firstMs = Math.max(state.nextPermitAtMs, nowMs - CATCH_UP_MS);
  const permitsAtMs: number[] = [];
  const grants = { ...state.grants };
  let taken = 0;
  for (const tasks of wanted) {
    const permitAtMs = firstMs + taken * spacingMs;
    if (permitAtMs > nowMs + windowMs) break;
    permitsAtMs.push(permitAtMs);
    const cost = permitCost(state, tasks);
    const second = Math.floor(Math.max(permitAtMs, nowMs) / 1000);
    grants[second] = (grants[second] ?? 0) + cost;
    taken += cost;
  }
  return { state: { ...state, grants, nextPermitAtMs: firstMs + taken * spacingMs }, permitsAtMs };
}

/**
 * Takes back permits that nobody used, as if they had not been granted. `unused` holds how many tasks each call asks for.
 * The schedule stays: moving it back would put new permits on top of those that another rate limiter is handing out.
 */
export function givePermitsBack(state: RateState, unused: readonly number[]): RateState {
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
 * Slows the rate because a permit granted at `grantedAtMs` was throttled. A permit granted before the last throttle says
 * nothing new: permits that are underway together are throttled together.
 */
export function throttlePermit(state: RateState, grantedAtMs: number, nowMs: number): RateState {
  if (grantedAtMs <= state.throttledAtMs) return state;
  return {
    ...state,
    throttledAtMs: nowMs,
    probePerSecond: gotPerSecond(state, nowMs) ?? slower(state),
    probedAtMs: nowMs,
    ...(state.bucket && {
      bucket: { ...state.bucket, refillPerSecond: state.bucket.refillPerSecond * REFILL_CUT },
    }),
  };
}

/**
 * The rate at which the probe resumes after a throttle: below what we got since the throttle before. The bucket was empty
 * at both, so that is all it could spare.
 */
function gotPerSecond({ throttledAtMs, drainStartedAtMs, grants }: RateState, nowMs: number): number | undefined {
  const elapsedMs = nowMs - throttledAtMs;
  if (throttledAtMs < drainStartedAtMs || elapsedMs < PROBE_LEAST_MS || elapsedMs > TRAFFIC_WINDOW_SECONDS * 1000) {
    return undefined;
  }
  let got = 0;
  for (let second = Math.floor(throttledAtMs / 1000) + 1; second <= nowMs / 1000; second++) got += grants[second] ?? 0;
  return Math.max(LEAST_PROBE, (PROBE_RESUME * got) / (elapsedMs / 1000));
}

/** Signals repeat for hours. More than one a minute says nothing new. */
const SIGNAL_SPACING_MS = 60_000;

/**
 * Slows the probe because a service was throttled, or a start failed for a throttle, at `signalAtMs`. A signal does not say
 * how often. If the bucket is known, records say more, and the signal changes nothing. A signal from before this drain is
 * about the storm that the drain brings back.
 */
export function signalThrottle(state: RateState, signalAtMs: number, nowMs: number): RateState {
  const isNews = signalAtMs > state.drainStartedAtMs && signalAtMs > state.signalledAtMs + SIGNAL_SPACING_MS;
  if (!isNews) return state;
  return { ...state, probePerSecond: slower(state), probedAtMs: nowMs, signalledAtMs: signalAtMs };
}

/** Keeps the spacing of permits finite. The configured minimum is usually higher. */
const LEAST_PROBE = 0.1;
const slower = ({ probePerSecond }: RateState) => Math.max(LEAST_PROBE, probePerSecond * PROBE_CUT);
