import type { RateSettings } from '../settings.ts';
import { stormSeconds } from './demand.ts';
import type { RateState } from './rate-state.ts';
import { TRAFFIC_WINDOW_SECONDS, type Traffic } from './traffic.ts';

/**
 * The rate where records do not tell what the bucket has to spare: too early, too late, or never. It grows while its permits
 * are used. What was got between two moments at which the bucket was empty is what the bucket had to spare meanwhile:
 * from then on the rate moves around that.
 */

/** The quota of most accounts: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html */
const DEFAULT_REFILL = 40;
/** Up to this share of the refill the rate grows fast: others use most buckets by half or less. */
const EASY_SHARE = 0.75;
/** Beyond this share of it the bucket would have been empty soon, and so it would if this much had been got of it for seconds: then it is a larger one. */
const LARGER_SHARE = 1.5;
const LARGER_GOT_SHARE = 0.5;
const GROWTH_PER_SECOND = { easy: 2, beyond: 1.1, larger: 1.5 };
/**
 * After a measurement the rate grows by so much more per second with each second: slowly at first, so the bucket has time to fill, and then it is
 * soon above what there is to spare. So pulses of ours find the bucket empty, not others' calls.
 */
const REGROWTH_PER_SECOND_SQUARED = 0.0002;
/** It leaves a rough measurement sooner: it grows by no less than this over the time that the measurement is good for. */
const ROUGH_GROWTH = 0.07;
/**
 * A measurement is good for as long as it took, within bounds. What was got since a storm's last message may be too little: the storm
 * may have gone on unseen. Then each permit counts for so long, and the rate soon leaves what a few of them told, as it does a rough guess.
 */
const GOOD_FOR_MS = { least: 2000, most: 17_000, perPermit: 250, rough: 500 };
/** Soon after a message of a storm, of a larger bucket the rate resumes at this share of what was got in this last time. */
const LARGER_GOT = 0.6;
const LARGER_SPAN_MS = 4000;
/** Steps are no shorter. Reservations come with each pulse, some a little earlier than others: so every third is a step. */
const STEP_MS = 900;
/** Where the rate resumes, as a share of what was measured: it must leave something in the bucket before it takes more. */
const RESUME_SHARE = 0.9;
/** What is left of the rate after a throttle that measures nothing. */
const CUT = 0.5;
/**
 * Less than this share of what was asked for, and less than so much per second, is a storm's doing: then it is asked once a second whether
 * that is over. Whoever got more has measured the bucket, however fast the rate had grown meanwhile.
 */
const STORM_SHARE = 0.2;
const STORM_GOT_PER_SECOND = 1;
const STORM_PER_SECOND = 1;
/** A storm that lasts longer may never end: then what is to be had must be found out. */
export const STORM_MOST_MS = 120_000;
/** A throttle of ours is of the storm while messages tell of it, which of a large one come late, and this much longer. */
const TOLD_MS = 500;
/** So fast a drain may go on after it, if it was as fast before. */
const TOLD_PER_SECOND = 10;
/** After so long a rest a bucket is about full, whatever it was before. */
const RESTED_MS = 60_000;
/** Permits between two throttles that are closer together than this say nothing of the bucket. */
const LEAST_SPAN_MS = 1000;
/** A bucket that was full ran over, which what was got does not show. How much it held is a guess: what it spares in so many seconds, or so many tokens if that is more. */
const FULL = { seconds: 1, tokens: 5 };
/** Spans before a throttle in which it may have been full. */
const FULL_SPAN_MS = { least: 4000, step: 2000 };
/** What was got in any of these spans before a throttle is no less than what the bucket had to spare: it was empty after them. */
const CEILING_SPANS_MS = [2000, 4000, 8000];
const CEILING_PERMITS = 30;
/** Over less time a few tokens weigh too much. */
const LEAST_REFILL_MS = 4000;
/** Keeps the spacing of permits a number; the configured minimum is higher. */
const LEAST_PER_SECOND = 0.1;

/** A drain's first rate. */
export function startProbe(state: RateState, nowMs: number, settings: RateSettings): RateState {
  return { ...state, probePerSecond: settings.initialPerSecond, probedAtMs: nowMs, drainStartedAtMs: nowMs };
}

/** Growth while permits are used: a batch is only ever asked for by those that wait for one. */
export function growProbe(state: RateState, refillSoFar: number, nowMs: number, settings: RateSettings): RateState {
  if (nowMs - state.probedAtMs < STEP_MS) return state;
  const refill = state.bucket?.refillPerSecond ?? Math.max(DEFAULT_REFILL, refillSoFar);
  const most = Math.min(settings.maxPerSecond, 2 * (state.bucket?.refillPerSecond ?? Number.POSITIVE_INFINITY));
  // One step, however late: what it would have grown to meanwhile was not used.
  const grown = state.probePerSecond * growthPerSecond(state, refill, nowMs);
  return { ...state, probePerSecond: Math.min(most, grown), probedAtMs: nowMs };
}

function growthPerSecond(state: RateState, refill: number, nowMs: number): number {
  const { probePerSecond, measuredAtMs, drainStartedAtMs } = state;
  if (measuredAtMs > drainStartedAtMs) return regrowthPerSecond(state, nowMs);
  if (probePerSecond < EASY_SHARE * refill) return GROWTH_PER_SECOND.easy;
  const isLarger = probePerSecond >= LARGER_SHARE * refill || leastRefill(state, nowMs) >= LARGER_GOT_SHARE * refill;
  return isLarger ? GROWTH_PER_SECOND.larger : GROWTH_PER_SECOND.beyond;
}

function regrowthPerSecond(state: RateState, nowMs: number): number {
  const { measuredAtMs, goodForMs, storm, signalledAtMs } = state;
  // Nobody asked while others were throttled. And another function's clock may be ahead.
  const seconds = Math.max(0, nowMs - Math.max(measuredAtMs, storm.atMs, signalledAtMs)) / 1000;
  return 1 + Math.max(REGROWTH_PER_SECOND_SQUARED * seconds, (1000 * ROUGH_GROWTH) / goodForMs);
}

/** What is left of the rate after a permit that was granted at `grantedAtMs` was throttled. */
export function cutProbe(state: RateState, grantedAtMs: number, nowMs: number): RateState {
  const { probePerSecond, drainStartedAtMs, measuredAtMs, bucket, storm } = state;
  const emptyAtMs = lastEmptyAtMs(state);
  const isLongAgo = drainStartedAtMs - emptyAtMs > RESTED_MS || grantedAtMs - emptyAtMs > TRAFFIC_WINDOW_SECONDS * 1000;
  const fromMs = Math.max(isLongAgo ? drainStartedAtMs : emptyAtMs, grantedAtMs - TRAFFIC_WINDOW_SECONDS * 1000);
  const got = sparedPerSecond(state, fromMs, grantedAtMs);
  // A large bucket ran over while the rate grew: what was got just before is nearer to what it has to spare.
  const isLarger =
    probePerSecond >= LARGER_SHARE * (bucket?.refillPerSecond ?? DEFAULT_REFILL) && measuredAtMs < drainStartedAtMs;
  const lately = isLarger ? LARGER_GOT * (gotPerSecond(state, grantedAtMs - LARGER_SPAN_MS, grantedAtMs) ?? 0) : 0;
  const resumed = Math.max((got ?? 0) * RESUME_SHARE, lately);
  // Of a storm that messages tell of it is known when it is over: nobody has to ask slowly for that.
  const told = isTold(state, grantedAtMs) ? Math.min(probePerSecond, TOLD_PER_SECOND) : 0;
  // Where hardly anything was got others' storm took it all, and what there is to have after it does not show.
  const isMeasured =
    !isLongAgo && resumed >= Math.max(Math.min(STORM_SHARE * probePerSecond, STORM_GOT_PER_SECOND), told);
  const measured = {
    probePerSecond: resumed,
    measuredAtMs: grantedAtMs,
    measuredFromMs: fromMs,
    goodForMs: goodForMs(state, fromMs, grantedAtMs),
  };
  // Nothing is known of how full the bucket was: what was got is more than it had to spare. Nor must the rate run into it again before it has
  // filled: that would measure a few seconds only.
  const guessed = {
    probePerSecond: Math.max(CUT * Math.min(probePerSecond, got || probePerSecond), told),
    ...(got && { measuredAtMs: grantedAtMs, measuredFromMs: fromMs, goodForMs: GOOD_FOR_MS.rough }),
  };
  const asking = { probePerSecond: Math.max(STORM_PER_SECOND, told), ...(told === 0 && { measuredAtMs: 0 }) };
  const unmeasured = isLongAgo || got === undefined ? guessed : asking;
  // A storm that began since changes nothing of what was measured: the rate must soon be back there.
  const isInterrupted = told > 0 && storm.sinceMs > measuredAtMs;
  const cut = isMeasured ? measured : { ...(isInterrupted && { goodForMs: GOOD_FOR_MS.rough }), ...unmeasured };
  return {
    ...state,
    ...cut,
    probePerSecond: Math.max(LEAST_PER_SECOND, cut.probePerSecond),
    probedAtMs: nowMs,
    ceilingPerSecond: ceilingPerSecond(state, grantedAtMs),
  };
}

/**
 * What the bucket had to spare per second between two instants at which it was empty. In any span before the second one no more was got than a full
 * bucket holds and what it had to spare meanwhile: so what ran over while the rate was too low shows in what is got when it is not. Where the bucket
 * holds more than is guessed, that is too much, until the next measurement.
 */
function sparedPerSecond(state: RateState, fromMs: number, untilMs: number): number | undefined {
  let most = gotPerSecond(state, fromMs, untilMs);
  for (let spanMs = FULL_SPAN_MS.least; most !== undefined && spanMs < untilMs - fromMs; spanMs += FULL_SPAN_MS.step) {
    const seconds = spanMs / 1000;
    const tokens = (gotPerSecond(state, untilMs - spanMs, untilMs) ?? 0) * seconds;
    most = Math.max(most, Math.min(tokens / (seconds + FULL.seconds), (tokens - FULL.tokens) / seconds));
  }
  return most;
}

/** How long is good what was got per second between two instants at which the bucket was empty. */
function goodForMs(state: RateState, fromMs: number, untilMs: number): number {
  const tookMs = Math.min(GOOD_FOR_MS.most, Math.max(GOOD_FOR_MS.least, untilMs - fromMs));
  if (fromMs !== state.storm.atMs) return tookMs;
  const permits = ((gotPerSecond(state, fromMs, untilMs) ?? 0) * (untilMs - fromMs)) / 1000;
  return Math.min(tookMs, Math.max(GOOD_FOR_MS.rough, GOOD_FOR_MS.perPermit * permits));
}

/**
 * Where a storm went on while the rate was measured there is more to be had when it is over: callers who hand nothing over may be throttled longer than
 * those who do, and records tell of them. A rate below a drain's first one is of no use then, nor where messages of the storm came after it.
 */
export function doubtMeasurement(state: RateState, traffic: Traffic, { initialPerSecond }: RateSettings): RateState {
  const { probePerSecond, storm, measuredFromMs, measuredAtMs } = state;
  // An older state does not say since when.
  if (measuredFromMs === 0 || storm.sinceMs > measuredAtMs || storm.atMs < measuredFromMs) return state;
  const isLow = probePerSecond < initialPerSecond;
  // What was throttled in the second of the permit that measured it may be another burst.
  const isWithin = (second: number) => measuredFromMs <= second * 1000 && (second + 1) * 1000 <= measuredAtMs;
  const isSpoiled = (isLow && storm.atMs > measuredAtMs) || stormSeconds(traffic).some(isWithin);
  if (!isSpoiled) return state;
  return { ...state, ...(isLow ? { measuredAtMs: 0 } : { goodForMs: GOOD_FOR_MS.rough }) };
}

const isTold = ({ storm }: RateState, grantedAtMs: number): boolean =>
  grantedAtMs < storm.toldAtMs + TOLD_MS && storm.atMs - storm.sinceMs <= STORM_MOST_MS;

/** The least that was got per second in spans that end with a throttle and hold enough permits to tell. */
function ceilingPerSecond(state: RateState, untilMs: number): number | undefined {
  // While a storm lasted it took what there was to be had.
  const sinceMs = Math.max(state.drainStartedAtMs, state.storm.atMs);
  const got = CEILING_SPANS_MS.filter((spanMs) => untilMs - spanMs >= sinceMs).map(
    (spanMs) => [spanMs, gotPerSecond(state, untilMs - spanMs, untilMs) ?? 0] as const,
  );
  const enough = got.filter(([spanMs, perSecond]) => (perSecond * spanMs) / 1000 >= CEILING_PERMITS);
  return enough.length > 0 ? Math.min(...enough.map(([, perSecond]) => perSecond)) : undefined;
}

/** What we got per second since the bucket was last empty, others' calls left out: it refills at least so much. */
export function leastRefill(state: RateState, nowMs: number): number {
  const emptyAtMs = lastEmptyAtMs(state);
  const isTelling = nowMs - emptyAtMs >= LEAST_REFILL_MS && nowMs - emptyAtMs < TRAFFIC_WINDOW_SECONDS * 1000;
  return isTelling ? (gotPerSecond(state, emptyAtMs, nowMs) ?? 0) : 0;
}

/** When the bucket was last known to be empty: somebody was throttled, we or a caller that handed over. */
const lastEmptyAtMs = ({ throttledAtMs, storm }: RateState): number => Math.max(throttledAtMs, storm.atMs);

/** A sign of throttling that does not say how much. */
export function slowProbe(state: RateState, nowMs: number): RateState {
  return { ...state, probePerSecond: Math.max(LEAST_PER_SECOND, state.probePerSecond * CUT), probedAtMs: nowMs };
}

/** Permits per second that took something between two instants, if they lie far enough apart. */
function gotPerSecond({ grants }: RateState, fromMs: number, untilMs: number): number | undefined {
  if (untilMs - fromMs < LEAST_SPAN_MS) return undefined;
  let got = 0;
  for (const [second, granted] of Object.entries(grants)) {
    const beganMs = Number(second) * 1000;
    const sharedMs = Math.min(untilMs, beganMs + 1000) - Math.max(fromMs, beganMs);
    if (sharedMs > 0) got += (granted * sharedMs) / 1000;
  }
  return got / ((untilMs - fromMs) / 1000);
}
