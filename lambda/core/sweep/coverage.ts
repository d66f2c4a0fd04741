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

export const MINUTE_MS = 60_000;

/** How far a pass goes back behind the one before: what CloudTrail may be late by, and some. */
export const OVERLAP_MS = HISTORY_LAG_MS + 5 * MINUTE_MS;
