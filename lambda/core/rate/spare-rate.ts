import type { RateSettings } from '../settings.ts';
import type { CountedSecond } from './bursts.ts';
import { arrivedShare, othersPerSecond, recentBursts } from './demand.ts';
import type { RateState } from './rate-state.ts';
import {
  type Bucket,
  lastThrottledSecond,
  type Records,
  TRAFFIC_WINDOW_SECONDS,
  type Traffic,
  trafficIn,
} from './traffic.ts';

/** Quotas change rarely. A bucket that was seen within a day is better than none. */
const BUCKET_MEMORY_MS = 86_400_000;

/** The share of the spare rate that is used. Estimates err, and an estimate that is too high throttles others. */
const USED_SHARE = 0.98;

/** The share of the refill that is used at most where others' calls are not known: hardly any bucket is used by nobody else. */
const WITHOUT_OTHERS_SHARE = 0.8;

/** The target level of the bucket, as a share of its burst: room for bursts of others. */
const TARGET_LEVEL = 0.22;

/** The target in tokens is at least this, but at most TARGET_LEVEL_MOST of the burst: others' calls between two records are noise of a few tokens. */
const TARGET_TOKENS = 6;

const TARGET_LEVEL_MOST = 0.6;

/** A throttle of ours that comes no later after a second of a burst is its doing. */
const AFTER_BURST_SECONDS = 2;

/** A bucket holds at least this many seconds of refill. Documented buckets hold 1 to 2.5. */
const LEAST_BURST_SECONDS = 1;

/** The time over which the level returns to the target. */
const LEVEL_SECONDS = 25;

/** ... and what fills the bucket beyond this share: it would run over. */
const FULL_LEVEL = 0.7;
const OVERFULL_SECONDS = 5;

/** ... and what is short beyond chance. */
const SHORT_SECONDS = 1;

/** What a bucket lacks may be an error of what is known of it up to this share of its burst. */
const OVERDRAWN = 1;

/** Tokens that may be taken from the bucket per second now: one for each permit, or for each task if it counts tasks. */
export function takenPerSecond(state: RateState, records: Records, nowMs: number, settings: RateSettings): number {
  const { bucket } = state;
  const traffic = trafficIn(bucket?.unit ?? 'calls', records);
  // Until all records of the storm have arrived, the refill and the demand of others are both counted too low.
  const isComplete = bucket !== undefined && nowMs / 1000 - bucket.seenInSecond >= traffic.lagSeconds.most;
  const isKnown = isComplete && nowMs - bucket.atMs < BUCKET_MEMORY_MS;
  const known = isKnown ? knownPerSecond(state, bucket, traffic, nowMs) : undefined;
  const unknown = isKnown ? WITHOUT_OTHERS_SHARE * bucket.refillPerSecond : Number.POSITIVE_INFINITY;
  const perSecond = known ?? Math.min(state.probePerSecond, unknown);
  return Math.min(settings.maxPerSecond, Math.max(settings.minPerSecond, perSecond));
}

/** What a known bucket has to spare; undefined where what others take of it is not known, or not credible. */
function knownPerSecond(state: RateState, bucket: Bucket, traffic: Traffic, nowMs: number): number | undefined {
  const bursts = recentBursts(traffic, nowMs);
  const others = othersPerSecond(traffic, bursts, holdsOf(bucket), nowMs);
  if (others === undefined || isOverdrawn(state, bucket, traffic, nowMs)) return undefined;
  const ceiling = ceilingOf(state, bursts, traffic.lagSeconds.most, nowMs);
  return Math.min(ceiling, sparePerSecond(state, bucket, others, traffic, nowMs));
}

/**
 * What the bucket refills beyond what others take, more while it is fuller than the target, less while emptier. Where more is short than
 * chance explains, others ask for more than is known: the rest is made up for within a second.
 */
function sparePerSecond(state: RateState, bucket: Bucket, others: number, traffic: Traffic, nowMs: number): number {
  const burst = holdsOf(bucket);
  const level = bucketLevel(state, { ...bucket, burst }, others, traffic, nowMs);
  const target = Math.max(TARGET_LEVEL * burst, Math.min(TARGET_LEVEL_MOST * burst, TARGET_TOKENS));
  const short = target - level;
  const noise = Math.sqrt(others * (traffic.lagSeconds.most + 1));
  const spare = USED_SHARE * (bucket.refillPerSecond - others);
  const overfull = Math.max(0, level - FULL_LEVEL * burst);
  return spare - short / LEVEL_SECONDS - Math.max(0, short - noise) / SHORT_SECONDS + overfull / OVERFULL_SECONDS;
}

/**
 * What was to spare at most when a permit of ours was last throttled: newer than records are. A burst that they tell of meanwhile emptied the bucket
 * itself.
 */
function ceilingOf(
  { throttledAtMs, ceilingPerSecond }: RateState,
  bursts: readonly CountedSecond[][],
  mostLagSeconds: number,
  nowMs: number,
): number {
  const isNewer = throttledAtMs / 1000 > nowMs / 1000 - mostLagSeconds;
  if (ceilingPerSecond === undefined || !isNewer) return Number.POSITIVE_INFINITY;
  const isOfBurst = bursts
    .flat()
    .map(({ second }) => Math.floor(throttledAtMs / 1000) - second)
    .some((ago) => ago >= 0 && ago <= AFTER_BURST_SECONDS);
  return isOfBurst ? Number.POSITIVE_INFINITY : ceilingPerSecond;
}

/**
 * Whether more was accepted since the bucket was last empty, or in the whole window, than it can have held: what records show then does
 * not take from this bucket, or not from one that refills as is believed. What our own calls come to is all there is to go by.
 */
function isOverdrawn(state: RateState, bucket: Bucket, traffic: Traffic, nowMs: number): boolean {
  const { refillPerSecond } = bucket;
  const burst = holdsOf(bucket);
  const emptyAt = lastEmptySecond(state, traffic);
  const now = Math.floor(nowMs / 1000);
  let left = burst;
  for (let second = Math.max(emptyAt, now - TRAFFIC_WINDOW_SECONDS) + 1; second < now; second++) {
    const taken = (traffic.seconds.get(second)?.accepted ?? 0) + (state.grants[second] ?? 0);
    left = Math.min(burst, left + refillPerSecond - taken);
    if (left < -OVERDRAWN * burst) return true;
  }
  return false;
}

/** How many tokens a bucket holds when it is full, at least. */
const holdsOf = ({ burst, refillPerSecond }: Bucket): number => Math.max(burst, LEAST_BURST_SECONDS * refillPerSecond);

/** When the bucket was last known to be empty: others were throttled, or we. */
const lastEmptySecond = (state: RateState, traffic: Traffic): number =>
  Math.max(lastThrottledSecond(traffic) ?? 0, Math.floor(state.throttledAtMs / 1000));

/** Replays the bucket from the last second in which it was empty until now. */
function bucketLevel(state: RateState, bucket: Bucket, others: number, traffic: Traffic, nowMs: number): number {
  const { refillPerSecond, burst } = bucket;
  const emptyAt = lastEmptySecond(state, traffic);
  const now = Math.floor(nowMs / 1000);
  // Without a throttle in the whole window, the best guess is that the bucket was full at its beginning.
  const wasEmpty = now - emptyAt <= TRAFFIC_WINDOW_SECONDS;
  let level = wasEmpty ? 0 : burst;
  for (let second = (wasEmpty ? emptyAt : now - TRAFFIC_WINDOW_SECONDS) + 1; second <= now; second++) {
    // Of what is still to come nothing is known but what others usually ask for.
    const toCome = others * (1 - arrivedShare(traffic, nowMs / 1000 - second));
    const taken = (traffic.seconds.get(second)?.accepted ?? 0) + toCome;
    const granted = state.grants[second] ?? 0;
    level = Math.min(burst, Math.max(0, level + refillPerSecond - taken - granted));
  }
  return level;
}
