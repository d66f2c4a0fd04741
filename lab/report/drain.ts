/** One call that the remediation launched. Instants in milliseconds since the epoch. */
export interface DrainedCall {
  /** When it could have been started at the earliest. */
  readonly readyAt: number;
  readonly startedAt: number;
  /** What it takes from the tightest bucket. */
  readonly tokens: number;
}

export interface Waits {
  readonly p50: number;
  readonly p99: number;
}

export interface DrainFigures {
  readonly seconds: number;
  readonly limitSeconds: number;
  readonly ratio: number | null;
  readonly waitSeconds: Waits;
}

/** What the callers' own attempts leave of a bucket. Instants in milliseconds since the epoch. */
export interface BucketUse {
  readonly refillPerSecond: number;
  /** Attempts of the callers that go on all the time. */
  readonly othersAttempts: readonly number[];
  /** Tokens that finite callers' own attempts took. */
  readonly finiteTakings: readonly number[];
}

/** Below this many re-runs a ratio says nothing: the first seconds weigh too much. */
const RATIO_MIN_CALLS = 100;

/**
 * How long the drain took, beside the least that any client could take without harming others: calls that become ready
 * one by one, served first come, first served, at what the tightest bucket refills in each second beyond what others ask
 * for on average and what finite callers' own attempts took in that second.
 */
export function drainFigures(calls: readonly DrainedCall[], use: BucketUse): DrainFigures {
  if (calls.length === 0) return { seconds: 0, limitSeconds: 0, ratio: null, waitSeconds: { p50: 0, p99: 0 } };
  const ready = calls.toSorted((a, b) => a.readyAt - b.readyAt);
  const first = ready[0]?.readyAt ?? 0;
  const last = calls.reduce((latest, { startedAt }) => Math.max(latest, startedAt), first);
  const seconds = (last - first) / 1000;
  const others = use.othersAttempts.filter((at) => at >= first && at <= last).length;
  const spare = new SpareRate(use, seconds > 0 ? others / seconds : 0);
  let served = Number.NEGATIVE_INFINITY;
  for (const { readyAt, tokens } of ready) served = spare.serve(Math.max(served, readyAt), tokens);
  const limitSeconds = (served - first) / 1000;
  return {
    seconds,
    limitSeconds,
    ratio: calls.length < RATIO_MIN_CALLS ? null : seconds / limitSeconds,
    waitSeconds: waitsOf(calls),
  };
}

/** How long calls waited from when they could have been started to when they were. */
export function waitsOf(calls: readonly Pick<DrainedCall, 'readyAt' | 'startedAt'>[]): Waits {
  const waits = calls.map(({ readyAt, startedAt }) => (startedAt - readyAt) / 1000).toSorted((a, b) => a - b);
  return { p50: percentile(waits, 0.5), p99: percentile(waits, 0.99) };
}

/** Tokens per second that nobody else wants, which changes at each full second. */
class SpareRate {
  readonly #base: number;
  /** Tokens taken in those seconds in which any were. */
  readonly #taken = new Map<number, number>();
  readonly #lastSecond: number;

  constructor({ refillPerSecond, finiteTakings }: BucketUse, othersPerSecond: number) {
    this.#base = refillPerSecond - othersPerSecond;
    let lastSecond = Number.NEGATIVE_INFINITY;
    for (const at of finiteTakings) {
      const second = Math.floor(at / 1000);
      this.#taken.set(second, (this.#taken.get(second) ?? 0) + 1);
      lastSecond = Math.max(lastSecond, second);
    }
    this.#lastSecond = lastSecond;
  }

  /** When somebody who begins to wait at `from` has as many tokens. */
  serve(from: number, tokens: number): number {
    let at = from;
    let missing = tokens;
    for (;;) {
      const second = Math.floor(at / 1000);
      const rate = Math.max(this.#base - (this.#taken.get(second) ?? 0), Number.EPSILON);
      const end = (second + 1) * 1000;
      const gained = (rate * (end - at)) / 1000;
      if (gained >= missing || second > this.#lastSecond) return at + (missing / rate) * 1000;
      missing -= gained;
      at = end;
    }
  }
}

/** Nearest rank. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
