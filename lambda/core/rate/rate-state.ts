import * as z from 'zod';
import type { RateSettings } from '../settings.ts';
import { BUCKET_UNITS } from './traffic.ts';

/** How long a measurement is good for where the state does not say it. */
const GOOD_FOR_MS = 17_000;

/**
 * The rate that all re-runs of an account and Region share: a small state in one DynamoDB item.
 * Permits are spaced by the generic cell rate algorithm (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm) at the
 * rate that the account's bucket has to spare. ADR 5 compares the rules that were tried.
 */
export const rateStateSchema = z.object({
  /** When the next permit is due, in milliseconds since the epoch. */
  nextPermitAtMs: z.number(),
  /** When this drain's first permit was granted. Earlier throttles were not caused by it. */
  drainStartedAtMs: z.number(),
  /** Permits per second by feedback, used while the bucket is not known. */
  probePerSecond: z.number().positive(),
  /** When the probe last grew or was cut. */
  probedAtMs: z.number(),
  /** When a throttle of ours last showed what the bucket has to spare; 0 for never, or where that is of no use. */
  measuredAtMs: z.number().default(0),
  /** ... since when that had been got, */
  measuredFromMs: z.number().default(0),
  /** ... and how long it is good for. */
  goodForMs: z.number().positive().default(GOOD_FOR_MS),
  /** What the bucket had to spare at most when a permit of ours was last throttled. */
  ceilingPerSecond: z.number().positive().optional(),
  /** When a permit of ours was last throttled; 0 for never. */
  throttledAtMs: z.number(),
  /** Time of the last signal that slowed probing: a service's throttle or a throttled start; 0 for never. */
  signalledAtMs: z.number(),
  /** Throttles of others that calls handed over tell of at once: since when, when the last one was, and when it was told. */
  storm: z
    .object({ sinceMs: z.number(), atMs: z.number(), toldAtMs: z.number().default(0) })
    .default({ sinceMs: 0, atMs: 0, toldAtMs: 0 }),
  /** The account's bucket as the last storm showed it, and when it was learnt. */
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
  /** Permits granted of late that took what they cost from the bucket, by whole second, in the bucket's unit. */
  grants: z.record(z.string(), z.number()),
});

export type RateState = z.infer<typeof rateStateSchema>;

/** The rate before its first permit. */
export function initialRate(settings: RateSettings): RateState {
  return {
    nextPermitAtMs: 0,
    drainStartedAtMs: 0,
    probePerSecond: settings.initialPerSecond,
    probedAtMs: 0,
    measuredAtMs: 0,
    measuredFromMs: 0,
    goodForMs: GOOD_FOR_MS,
    throttledAtMs: 0,
    signalledAtMs: 0,
    storm: { sinceMs: 0, atMs: 0, toldAtMs: 0 },
    grants: {},
  };
}

/** Tokens that a permit takes from the bucket: one, or one for each task if the bucket counts tasks. */
export const permitCost = ({ bucket }: RateState, tasks: number) => (bucket?.unit === 'tasks' ? tasks : 1);
