import * as z from 'zod';
import type { PaceSettings } from './settings.ts';
import {
  BUCKET_UNITS,
  type Bucket,
  lastThrottledSecond,
  observedBucket,
  othersPerSecond,
  type Records,
  TRAFFIC_WINDOW_SECONDS,
  type Traffic,
  trafficIn,
} from './traffic.ts';

/**
 * The pace that all re-runs of an account and Region share: one small state, kept in one DynamoDB item.
 * Turns are spaced by the generic cell rate algorithm (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm) at the
 * rate that the account's bucket has to spare. ADR 2 compares the rules that were tried.
 */
export const paceStateSchema = z.object({
  /** When the next turn is due, in milliseconds since the epoch. */
  nextTurnAtMs: z.number(),
  /** When the present drain's first turn was granted: throttles from before it were not of its making. */
  drainStartedAtMs: z.number(),
  /** Where nothing is known of the bucket: turns per second as feedback has it. */
  probePerSecond: z.number().positive(),
  /** When the probe last grew or was cut. */
  probedAtMs: z.number(),
  /** When a turn of ours was last throttled; 0 for never. */
  throttledAtMs: z.number(),
  /** Of when the last sign was that slowed the probe: a service's throttle or a start that failed for one; 0 for never. */
  signalledAtMs: z.number(),
  /** The account's bucket as the last storm showed it, and when that was learnt. */
  bucket: z
    .object({
      unit: z.enum(BUCKET_UNITS),
      refillPerSecond: z.number().positive(),
      burst: z.number(),
      sample: z.number(),
      seenInSecond: z.number(),
      atMs: z.number(),
    })
    .optional(),
  /** Turns granted of late, by whole second, in the bucket's unit. */
  grants: z.record(z.string(), z.number()),
});
export type PaceState = z.infer<typeof paceStateSchema>;

/**
 * How far behind its schedule the turnstile may catch up. Handing out a batch takes a while of its own; without this,
 * each such while would be lost to the pace.
 */
const CATCH_UP_MS = 500;
/** A minute without turns ends a drain: what was learnt by probing may not hold any more. */
const IDLE_MS = 60_000;
/** Quotas change rarely; a bucket that was seen within a day is better than none. */
const BUCKET_MEMORY_MS = 86_400_000;
/** The share of what the bucket has to spare that is used: estimates err, and erring high throttles others. */
const USED_SHARE = 0.98;
/** The bucket's level that is aimed at, as a share of what it holds, so that others' bursts find something in it. */
const TARGET_LEVEL = 0.35;
/** ... but never fewer tokens than this, up to the second share: what others do between two records is noise in tokens. */
const TARGET_TOKENS = 6;
const TARGET_LEVEL_MOST = 0.6;
/** A bucket holds at least this many seconds of refill, documented ones one to two and a half. */
const LEAST_BURST_SECONDS = 1;
/** Over how long a level above or below the target is worked off. */
const LEVEL_SECONDS = 25;
/** Without knowledge the pace grows in steps, as long as its turns are used: fast until the first throttle, then slowly. */
const PROBE_STEP_MS = 3000;
const PROBE_DOUBLE = 2;
/** Four steps lead from where it resumes to what the bucket gave before. */
const PROBE_GROWTH = 1.075;
const PROBE_RESUME = 0.75;
/** Turns between two throttles that are closer together than this say nothing of the bucket. */
const PROBE_LEAST_MS = 3000;
/** What is left of the probe after a throttle before which nothing is known, and after a signal. */
const PROBE_CUT = 0.5;
/** What is left of the refill after a throttle of ours: a short storm shows it within a few percent only. */
const REFILL_CUT = 0.998;

/** The pace before its first turn. */
export function initialPace(settings: PaceSettings): PaceState {
  return {
    nextTurnAtMs: 0,
    drainStartedAtMs: 0,
    probePerSecond: settings.initialPerSecond,
    probedAtMs: 0,
    throttledAtMs: 0,
    signalledAtMs: 0,
    grants: {},
  };
}

/** What a turn takes from the bucket: one, or where it counts tasks, as many as the call asks for. */
const turnCost = ({ bucket }: PaceState, tasks: number) => (bucket?.unit === 'tasks' ? tasks : 1);

/** How much may be taken from the bucket per second now, in its unit: turns, unless it counts tasks. */
export function takenPerSecond(state: PaceState, records: Records, nowMs: number, settings: PaceSettings): number {
  const { bucket } = state;
  const traffic = trafficIn(bucket?.unit ?? 'calls', records);
  // Records of the storm that are still to come would raise both what it was accepted of and what others ask for.
  const isComplete = bucket !== undefined && nowMs / 1000 - bucket.seenInSecond >= traffic.lagSeconds.most;
  const isKnown = isComplete && nowMs - bucket.atMs < BUCKET_MEMORY_MS;
  const others = othersPerSecond(traffic, nowMs);
  const perSecond =
    isKnown && others !== undefined
      ? sparePerSecond(state, bucket, others, traffic, nowMs)
      : Math.min(state.probePerSecond, isKnown ? bucket.refillPerSecond : Number.POSITIVE_INFINITY);
  return Math.min(settings.maxPerSecond, Math.max(settings.minPerSecond, perSecond));
}

/** What the bucket refills beyond what others take, more while it is fuller than the target, less while emptier. */
function sparePerSecond(state: PaceState, bucket: Bucket, others: number, traffic: Traffic, nowMs: number): number {
  const burst = Math.max(bucket.burst, LEAST_BURST_SECONDS * bucket.refillPerSecond);
  const level = bucketLevel(state, { ...bucket, burst }, others, traffic, nowMs);
  const target = Math.max(TARGET_LEVEL * burst, Math.min(TARGET_LEVEL_MOST * burst, TARGET_TOKENS));
  return USED_SHARE * (bucket.refillPerSecond - others) + (level - target) / LEVEL_SECONDS;
}

/** Replays the bucket from when it was last seen empty until now. */
function bucketLevel(state: PaceState, bucket: Bucket, others: number, traffic: Traffic, nowMs: number): number {
  const { refillPerSecond, burst } = bucket;
  const emptyAt = Math.max(lastThrottledSecond(traffic) ?? 0, Math.floor(state.throttledAtMs / 1000));
  const now = Math.floor(nowMs / 1000);
  // Nothing was throttled for as long as is looked back: full at the beginning of that is the best guess.
  const wasEmpty = now - emptyAt <= TRAFFIC_WINDOW_SECONDS;
  const known = now - traffic.lagSeconds.most;
  let level = wasEmpty ? 0 : burst;
  for (let second = (wasEmpty ? emptyAt : now - TRAFFIC_WINDOW_SECONDS) + 1; second <= now; second++) {
    const taken = second < known ? (traffic.seconds.get(second)?.accepted ?? 0) : others;
    const granted = state.grants[second] ?? 0;
    level = Math.min(burst, Math.max(0, level + refillPerSecond - taken - granted));
  }
  return level;
}

/** Takes in what there is to know before turns are granted. */
function observe(state: PaceState, records: Records, nowMs: number, settings: PaceSettings): PaceState {
  const since = Math.floor(nowMs / 1000) - TRAFFIC_WINDOW_SECONDS;
  const grants = Object.fromEntries(Object.entries(state.grants).filter(([second]) => Number(second) >= since));
  const granted = new Map(Object.entries(grants).map(([second, n]) => [Number(second), n]));
  const seen = observedBucket(records, granted, nowMs);
  // A few throttles within a drain tell less than the storm before it did: only a sample as large is better.
  const { sample = 0, seenInSecond = 0 } = state.bucket ?? {};
  // Records of one storm keep coming for a while: the fuller count is the better one.
  const isNew = seen !== undefined && (seen.seenInSecond > seenInSecond || seen.sample > sample);
  const isBetter = isNew && seen.sample > 0 && seen.sample >= sample;
  const learnt = isBetter ? { bucket: { ...seen, atMs: nowMs } } : {};
  const isIdle = nowMs - state.nextTurnAtMs > IDLE_MS;
  if (isIdle) {
    const fresh = { probePerSecond: settings.initialPerSecond, probedAtMs: nowMs, drainStartedAtMs: nowMs };
    return { ...state, ...learnt, ...fresh, grants };
  }
  // Growth while turns are used: a batch is only ever asked for by those that wait for one.
  const isDue = nowMs - state.probedAtMs >= PROBE_STEP_MS;
  const growth = state.throttledAtMs < state.drainStartedAtMs ? PROBE_DOUBLE : PROBE_GROWTH;
  const grown = Math.min(settings.maxPerSecond, state.probePerSecond * growth);
  const probe = isDue ? { probePerSecond: grown, probedAtMs: nowMs } : {};
  return { ...state, ...learnt, ...probe, grants };
}

/**
 * Reserves turns that are due within `windowMs` from now, for calls that ask for so many tasks each, in this order, and
 * says when each is due. Those beyond the window get none.
 */
export function reserveTurns(
  before: PaceState,
  wanted: readonly number[],
  records: Records,
  nowMs: number,
  windowMs: number,
  settings: PaceSettings,
): { readonly state: PaceState; readonly turnsAtMs: readonly number[] } {
  const state = observe(before, records, nowMs, settings);
  const spacingMs = 1000 / takenPerSecond(state, records, nowMs, settings);
  const firstMs = Math.max(state.nextTurnAtMs, nowMs - CATCH_UP_MS);
  const turnsAtMs: number[] = [];
  const grants = { ...state.grants };
  let taken = 0;
  for (const tasks of wanted) {
    const turnAtMs = firstMs + taken * spacingMs;
    if (turnAtMs > nowMs + windowMs) break;
    turnsAtMs.push(turnAtMs);
    const cost = turnCost(state, tasks);
    const second = Math.floor(Math.max(turnAtMs, nowMs) / 1000);
    grants[second] = (grants[second] ?? 0) + cost;
    taken += cost;
  }
  return { state: { ...state, grants, nextTurnAtMs: firstMs + taken * spacingMs }, turnsAtMs };
}

/**
 * Takes back turns that nobody used, of calls that asked for so many tasks each, as if they had not been granted. Their times are gone: moving the schedule back would
 * put new turns on top of those that another turnstile is handing out.
 */
export function giveTurnsBack(state: PaceState, unused: readonly number[]): PaceState {
  const grants = { ...state.grants };
  let left = unused.reduce((sum, tasks) => sum + turnCost(state, tasks), 0);
  for (const second of Object.keys(grants).toSorted().toReversed()) {
    const back = Math.min(left, grants[second] ?? 0);
    grants[second] = (grants[second] ?? 0) - back;
    left -= back;
  }
  return { ...state, grants };
}

/**
 * Takes in that a turn granted at `grantedAtMs` was throttled. Only what was granted after the last throttle tells
 * anything new: turns that were underway together are throttled together.
 */
export function throttleTurn(state: PaceState, grantedAtMs: number, nowMs: number): PaceState {
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
 * Where the probe resumes after a throttle: below what we got since the one before it. The bucket was empty then and is
 * empty now, so that was all it had to spare.
 */
function gotPerSecond({ throttledAtMs, drainStartedAtMs, grants }: PaceState, nowMs: number): number | undefined {
  const elapsedMs = nowMs - throttledAtMs;
  if (throttledAtMs < drainStartedAtMs || elapsedMs < PROBE_LEAST_MS || elapsedMs > TRAFFIC_WINDOW_SECONDS * 1000) {
    return undefined;
  }
  let got = 0;
  for (let second = Math.floor(throttledAtMs / 1000) + 1; second <= nowMs / 1000; second++) got += grants[second] ?? 0;
  return Math.max(LEAST_PROBE, (PROBE_RESUME * got) / (elapsedMs / 1000));
}

/** Signals repeat for hours; more than one a minute says nothing new. */
const SIGNAL_SPACING_MS = 60_000;

/**
 * Takes in that a service was throttled at `signalAtMs`, or a start failed for a throttle, without saying how often. It slows the probe; where the
 * bucket is known, records tell better. Signals from before this drain are of the storm that it remedies.
 */
export function signalThrottle(state: PaceState, signalAtMs: number, nowMs: number): PaceState {
  const isNews = signalAtMs > state.drainStartedAtMs && signalAtMs > state.signalledAtMs + SIGNAL_SPACING_MS;
  if (!isNews) return state;
  return { ...state, probePerSecond: slower(state), probedAtMs: nowMs, signalledAtMs: signalAtMs };
}

/** Keeps the spacing of turns a number; the configured minimum is higher. */
const LEAST_PROBE = 0.1;
const slower = ({ probePerSecond }: PaceState) => Math.max(LEAST_PROBE, probePerSecond * PROBE_CUT);
