import * as z from 'zod';

/** The part of CloudTrail's event history that sweeps have read without a gap. Milliseconds since the epoch. */
export const coverageSchema = z.object({ fromMs: z.number(), toMs: z.number() });
export type Coverage = z.infer<typeof coverageSchema>;

/** "Within 15 minutes": what is younger may still be missing. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html */
export const HISTORY_LAG_MS = 15 * 60_000;

/** Adds what one look has read; a gap starts afresh with the newer part. */
export function extendCoverage(known: Coverage | undefined, read: Coverage): Coverage {
  // A look that began less than the lag after what it looks at has read nothing that is sure to be whole.
  if (read.toMs <= read.fromMs) return known ?? { fromMs: read.toMs, toMs: read.toMs };
  if (!known || read.fromMs > known.toMs) return read.toMs > (known?.toMs ?? 0) ? read : (known ?? read);
  if (read.toMs < known.fromMs) return known;
  return { fromMs: Math.min(known.fromMs, read.fromMs), toMs: Math.max(known.toMs, read.toMs) };
}

/**
 * What may be done about a call after its token has stopped being proof. `launch`: the history from the call until the
 * token's end shows no accepted request under it, so a new token cannot start a second task.
 */
export type LateStep = 'launch' | 'alreadyStarted' | 'wait' | 'refuse';

/** A call older than this is nobody's expectation any more. */
const MAX_AGE_MS = 24 * 3_600_000;

export function lateStep(input: {
  readonly callAtMs: number;
  readonly deadlineMs: number;
  readonly nowMs: number;
  readonly coverage: Coverage | undefined;
  readonly wasAccepted: boolean;
  /** Minutes between scheduled sweeps, which extend the coverage; 0 for none. */
  readonly sweepEveryMinutes: number;
}): LateStep {
  const { callAtMs, deadlineMs, nowMs, coverage, wasAccepted, sweepEveryMinutes } = input;
  if (wasAccepted) return 'alreadyStarted';
  if (sweepEveryMinutes === 0 || nowMs - callAtMs > MAX_AGE_MS) return 'refuse';
  // The next sweep's reading can be this far behind: what it could not have read yet is no gap.
  const expectedToMs = nowMs - HISTORY_LAG_MS - 2 * sweepEveryMinutes * 60_000;
  if (!coverage || coverage.toMs < Math.max(deadlineMs, expectedToMs)) return 'wait';
  return coverage.fromMs <= callAtMs ? 'launch' : 'refuse';
}
