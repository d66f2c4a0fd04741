/** One call that the remediation launched. Instants in milliseconds since the epoch. */
export interface DrainedCall {
  /** Arrival of the call's first record, or the end of its grace if that is later. */
  readonly readyAt: number;
  readonly startedAt: number;
  /** What it takes from the tightest bucket. */
  readonly tokens: number;
}

export interface DrainFigures {
  readonly seconds: number;
  readonly limitSeconds: number;
  readonly ratio: number | null;
  readonly waitSeconds: { readonly p50: number; readonly p99: number };
}

/** Below this many re-runs a ratio says nothing: the first seconds weigh too much. */
const RATIO_MIN_CALLS = 100;

/**
 * How long the drain took, beside the least that any client could take without harming others: calls that become ready
 * one by one, served at what the tightest bucket refills beyond what others ask for (docs/lab.md, "What the figures mean").
 */
export function drainFigures(
  calls: readonly DrainedCall[],
  refillPerSecond: number,
  othersAttempts: readonly number[],
): DrainFigures {
  if (calls.length === 0) return { seconds: 0, limitSeconds: 0, ratio: null, waitSeconds: { p50: 0, p99: 0 } };
  const ready = calls.toSorted((a, b) => a.readyAt - b.readyAt);
  const first = ready[0]?.readyAt ?? 0;
  const last = calls.reduce((latest, { startedAt }) => Math.max(latest, startedAt), first);
  const seconds = (last - first) / 1000;
  const othersPerSecond = seconds > 0 ? othersAttempts.filter((at) => at >= first && at <= last).length / seconds : 0;
  const spacing = 1000 / Math.max(refillPerSecond - othersPerSecond, Number.EPSILON);
  const serve = (free: number, { readyAt, tokens }: DrainedCall) => Math.max(free, readyAt) + tokens * spacing;
  const limit = ready.reduce(serve, Number.NEGATIVE_INFINITY);
  const limitSeconds = (limit - first) / 1000;
  const waits = calls.map(({ readyAt, startedAt }) => (startedAt - readyAt) / 1000).toSorted((a, b) => a - b);
  return {
    seconds,
    limitSeconds,
    ratio: calls.length < RATIO_MIN_CALLS ? null : seconds / limitSeconds,
    waitSeconds: { p50: percentile(waits, 0.5), p99: percentile(waits, 0.99) },
  };
}

/** Nearest rank. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
