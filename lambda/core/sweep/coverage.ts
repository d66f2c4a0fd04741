import * as z from 'zod';

/** The part of CloudTrail's event history that sweeps have read without a gap. Milliseconds since the epoch. */
export const coverageSchema = z.object({ fromMs: z.number(), toMs: z.number() });

export type Coverage = z.infer<typeof coverageSchema>;

/** "Within 15 minutes": younger records may still be missing. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html */
export const HISTORY_LAG_MS = 15 * 60_000;

/** Adds what one pass has read. After a gap the coverage starts again with the newer part. */
export function extendCoverage(known: Coverage | undefined, read: Coverage): Coverage {
  // A pass that began less than the lag after its window has read nothing that is certainly complete.
  if (read.toMs <= read.fromMs) return known ?? { fromMs: read.toMs, toMs: read.toMs };
  if (!known || read.fromMs > known.toMs) return read.toMs > (known?.toMs ?? 0) ? read : (known ?? read);
  if (read.toMs < known.fromMs) return known;
  return { fromMs: Math.min(known.fromMs, read.fromMs), toMs: Math.max(known.toMs, read.toMs) };
}

export const MINUTE_MS = 60_000;

/** How far a pass goes back behind the pass before: CloudTrail's lag, and five minutes more. */
export const OVERLAP_MS = HISTORY_LAG_MS + 5 * MINUTE_MS;
