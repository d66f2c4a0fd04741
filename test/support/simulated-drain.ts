import { TokenBucket } from '../../lab/aws/ecs/token-bucket.ts';
import { VirtualClock } from '../../lab/kernel/clock.ts';
import { randomStream, uniform } from '../../lab/kernel/random.ts';
import { drainFigures } from '../../lab/report/drain.ts';
import type { Call } from '../../lambda/core/rate/counted-call.ts';
import { AHEAD_MS, untilAskedMs, untilSentMs } from '../../lambda/core/rate/pulse.ts';
import * as rate from '../../lambda/core/rate/rate.ts';
import { initialRate, type RateState } from '../../lambda/core/rate/rate-state.ts';
import type { Records } from '../../lambda/core/rate/traffic.ts';
import type { RateSettings } from '../../lambda/core/settings.ts';
import { makeRecords } from './simulated-records.ts';

/** Calls per second of others from `fromSeconds` on. */
export interface Traffic {
  readonly fromSeconds: number;
  readonly perSecond: number;
}

/** Calls of others that come together, again and again: what is scheduled for the same minute. */
export interface Bursts {
  readonly calls: number;
  readonly overSeconds: number;
  readonly everySeconds: number;
  /** When the first one comes. */
  readonly fromSeconds: number;
}

/** A storm of calls that is handed over to the re-runs, in an account with one bucket. */
export interface Drain {
  readonly seed: number;
  readonly burst: number;
  readonly refillPerSecond: number;
  readonly others: readonly Traffic[];
  readonly arrival: 'even' | 'poisson';
  readonly bursts?: Bursts;
  readonly calls: number;
  readonly overSeconds: number;
  /** When storms of so many calls begin, in seconds since others began to call; [0] unless it is said. */
  readonly stormsAtSeconds?: readonly number[];
  /** What the callers try themselves; 0: they hand everything over at once. */
  readonly attempts: number;
  /** How late records are. */
  readonly lagSeconds: readonly [number, number];
  /** Whether calls come by messages at once, or by their records, half a minute after they arrived. */
  readonly by: 'message' | 'record';
  /** Changes what the rate is told of a call of others'. */
  readonly distort?: (call: Call) => readonly Call[];
}

export interface DrainResult {
  readonly ratio: number;
  readonly callsPerOwed: number;
  readonly points: number;
  readonly owed: number;
  readonly seconds: number;
  readonly limitSeconds: number;
  readonly log: readonly {
    readonly at: number;
    readonly state: RateState;
    readonly level: number;
    readonly records: Records;
  }[];
}

const SETTINGS: RateSettings = { initialPerSecond: 10, minPerSecond: 0.5, maxPerSecond: 500 };
const LIMITERS = 5;
const BATCH = 10;
const GRACE_SECONDS = 30;
/** From a permit to its call's being ready, to the request's arrival, from the answer to the rate's knowing it, and from a message to its being parked. */
const LATENCY_MS = { ready: [50, 170], request: [5, 30], outcome: 40, parking: 250 } as const;

/** Plays the pure rate against one bucket, without the lab's services. */
export async function simulateDrain(drain: Drain): Promise<DrainResult> {
  const clock = new VirtualClock();
  const random = randomStream(drain.seed, 'drain');
  const bucket = new TokenBucket(drain);
  const records = makeRecords(clock);
  const startMs = clock.now();
  let state = initialRate(SETTINGS);
  const queue: { token: number; readyAt: number; attempts: number }[] = [];
  const drained: { readyAt: number; startedAt: number; tokens: number }[] = [];
  const taken: number[] = [];
  const others = { attempts: [] as number[], throttled: 0 };
  const log: { at: number; state: RateState; level: number; records: Records }[] = [];
  let owed = 0;
  let arrived = callsOf(drain).length;
  let ours = 0;
  const isOver = () => arrived === 0 && drained.length === owed;

  const recordCall = (isAccepted: boolean) => {
    const call: Call = { eventId: '', atMs: clock.now(), kind: isAccepted ? 'accepted' : 'throttled', tasks: 1 };
    const delayMs = uniform(random, drain.lagSeconds) * 1000;
    for (const each of drain.distort?.(call) ?? [call]) clock.after(delayMs, () => records.count(each));
    return delayMs;
  };
  const park = (readyAt: number, attempts = 0) => {
    queue.push({ token: owed, readyAt, attempts });
    wake();
  };
  const owe = (delayMs: number) => {
    arrived -= 1;
    owed += 1;
    if (drain.by === 'record') {
      const readyAt = clock.now() + delayMs + GRACE_SECONDS * 1000;
      clock.at(readyAt, () => park(readyAt));
      return;
    }
    const sentAtMs = clock.now() + 20;
    clock.after(LATENCY_MS.parking, () => {
      if (drain.attempts > 0) state = rate.handOverThrottle(state, sentAtMs, clock.now());
      park(sentAtMs);
    });
  };
  const attempt = (n: number) => {
    if (drain.attempts === 0) return owe(0);
    const isAccepted = bucket.take(clock.now());
    if (isAccepted) taken.push(clock.now());
    const delayMs = recordCall(isAccepted);
    if (isAccepted) arrived -= 1;
    else if (n >= drain.attempts) owe(delayMs);
    else clock.after(random() * Math.min(20, 2 ** (n - 1)) * 1000, () => attempt(n + 1));
  };
  for (const atMs of callsOf(drain)) clock.after(atMs, () => attempt(1));
  const callOfOthers = () => {
    others.attempts.push(clock.now());
    const isAccepted = bucket.take(clock.now());
    if (!isAccepted) others.throttled += 1;
    recordCall(isAccepted);
  };
  for (const { fromSeconds, perSecond } of drain.others) {
    if (perSecond <= 0) continue;
    const gapMs = () => (1000 / perSecond) * (drain.arrival === 'even' ? 1 : -Math.log(1 - random()));
    const arrive = () => {
      if (isOver()) return;
      callOfOthers();
      clock.after(gapMs(), arrive);
    };
    clock.after(fromSeconds * 1000 + gapMs() * random(), arrive);
  }
  const burst = (bursts: Bursts, atSeconds: number) => {
    const { calls, overSeconds, everySeconds } = bursts;
    clock.after(atSeconds * 1000, () => {
      if (isOver()) return;
      for (const atMs of spread(calls, overSeconds)) clock.after(atMs, callOfOthers);
      burst(bursts, everySeconds);
    });
  };
  if (drain.bursts) burst(drain.bursts, drain.bursts.fromSeconds);

  const idle: (() => void)[] = [];
  const wake = () => {
    const next = idle.shift();
    if (next) clock.after(uniform(random, [30, 80]), next);
  };
  const request = (each: (typeof queue)[number], grantedAtMs: number) => {
    ours += 1;
    if (bucket.take(clock.now())) {
      drained.push({ readyAt: each.readyAt, startedAt: clock.now(), tokens: 1 });
      return;
    }
    clock.after(LATENCY_MS.outcome, () => {
      state = rate.throttlePermit(state, grantedAtMs, clock.now(), 1);
      const backoffMs = random() * Math.min(60, 2 ** each.attempts) * 1000;
      clock.after(backoffMs + LATENCY_MS.parking, () => park(each.readyAt, each.attempts + 1));
    });
  };
  const send = async (each: (typeof queue)[number], grantedAtMs: number) => {
    await clock.sleep(uniform(random, LATENCY_MS.ready));
    await clock.sleep(untilSentMs(grantedAtMs, clock.now()));
    await clock.sleep(uniform(random, LATENCY_MS.request));
    request(each, grantedAtMs);
  };
  const limiter = async () => {
    while (!isOver()) {
      const batch = queue.splice(0, BATCH);
      if (batch.length === 0) {
        await new Promise<void>((resolve) => idle.push(resolve));
        continue;
      }
      let missed = 0;
      while (batch.length > 0) {
        await clock.sleep(30);
        const ones = batch.map(() => 1);
        const reserved = rate.reservePermits(state, ones, records.read(), clock.now(), AHEAD_MS, SETTINGS);
        state = reserved.state;
        log.push({ at: clock.now(), state, level: bucket.level(clock.now()), records: records.read() });
        const due = batch.splice(0, reserved.permitsAtMs.length);
        await Promise.all(
          due.map(async (each, index) => {
            await clock.sleep((reserved.permitsAtMs[index] ?? 0) - clock.now());
            const grantedAtMs = clock.now();
            void send(each, grantedAtMs);
          }),
        );
        missed = due.length === 0 ? missed + 1 : 0;
        if (batch.length > 0) await clock.sleep(untilAskedMs(missed, clock.now()));
      }
    }
  };
  for (let n = 0; n < LIMITERS; n++) void limiter();
  await clock.run({ isOver, until: clock.now() + 4 * 3600_000 });

  const use = { refillPerSecond: drain.refillPerSecond, othersAttempts: others.attempts, finiteTakings: taken };
  const figures = drainFigures(drained, use);
  const without = await throttledWithout(drain, others.attempts, startMs);
  const share = others.attempts.length > 0 ? (others.throttled - without) / others.attempts.length : 0;
  return {
    ratio: figures.ratio ?? Number.NaN,
    seconds: figures.seconds,
    limitSeconds: figures.limitSeconds,
    callsPerOwed: ours / owed,
    points: 100 * share,
    owed,
    log,
  };
}

/** When the storms' calls are made, in milliseconds. */
const callsOf = ({ calls, overSeconds, stormsAtSeconds = [0] }: Drain): number[] =>
  stormsAtSeconds.flatMap((atSeconds) => spread(calls, overSeconds).map((atMs) => atSeconds * 1000 + atMs));

/** When each of so many calls is made, in milliseconds since the first one. */
const spread = (calls: number, overSeconds: number): number[] =>
  Array.from({ length: calls }, (_, call) => (call * overSeconds * 1000) / calls);

/** How many of the others' calls would have been throttled without us. */
async function throttledWithout(drain: Drain, attempts: readonly number[], startMs: number): Promise<number> {
  const random = randomStream(drain.seed, 'without');
  const bucket = new TokenBucket(drain);
  const clock = new VirtualClock(startMs);
  let throttled = 0;
  const attempt = (n: number) => {
    if (bucket.take(clock.now()) || n >= drain.attempts) return;
    clock.after(random() * Math.min(20, 2 ** (n - 1)) * 1000, () => attempt(n + 1));
  };
  for (const atMs of drain.attempts > 0 ? callsOf(drain) : []) clock.after(atMs, () => attempt(1));
  for (const at of attempts) {
    clock.at(at, () => {
      if (!bucket.take(clock.now())) throttled += 1;
    });
  }
  await clock.run();
  return throttled;
}
