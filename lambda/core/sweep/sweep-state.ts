import * as z from 'zod';
import { MINUTE_MS, OVERLAP_MS } from './coverage.ts';
import type { Trigger } from './trigger.ts';

/** A sweep ends when nothing was signalled or found for so long. */
const QUIET_MS = 15 * MINUTE_MS;
/** From the beginning of one look of a sweep to the next. */
export const PASS_EVERY_MS = 5 * MINUTE_MS;

/** What a sweep carries from one pass, or part of a pass, to the next. */
export const sweepStateSchema = z.object({
  cluster: z.string(),
  sinceMs: z.number(),
  /** When throttling was last signalled or a call was last found. */
  lastSignAtMs: z.number(),
  /** Passes in a row that found nothing. */
  quietPasses: z.int(),
  /** The pass underway; absent between passes. */
  pass: z
    .object({
      startedAtMs: z.number(),
      found: z.int(),
      /** The next page of the event history; absent once that is done. */
      historyToken: z.string().optional(),
      isHistoryDone: z.boolean(),
      /** Whether a part of the history could not be read. The pass then proves nothing. */
      hasGaps: z.boolean(),
      /** Clusters whose tasks are still to be read; absent until that begins. `tasksToken` is the next page of the first. */
      clusters: z.array(z.string()).optional(),
      tasksToken: z.string().optional(),
    })
    .optional(),
  /** When the last whole pass began. */
  lastPassAtMs: z.number().optional(),
});
export type SweepState = z.infer<typeof sweepStateSchema>;
/** A pass underway. */
export type Pass = NonNullable<SweepState['pass']>;

/** Whether a pass has read all that it has to read. */
export const isWhole = ({ isHistoryDone, clusters }: Pass): boolean => isHistoryDone && clusters?.length === 0;

/** A sweep before its first pass. */
export function firstSweepState({ cluster, sinceMs, signalAtMs }: Trigger): SweepState {
  return { cluster, sinceMs, lastSignAtMs: signalAtMs, quietPasses: 0 };
}

/** The part of the event history that a pass has to read: the first pass all of it, later ones what may have come late. */
export function historyWindow({ sinceMs, lastPassAtMs, pass }: SweepState): { fromMs: number; toMs: number } {
  const fromMs = lastPassAtMs === undefined ? sinceMs : Math.max(sinceMs, lastPassAtMs - OVERLAP_MS);
  return { fromMs, toMs: pass?.startedAtMs ?? fromMs };
}

export type AfterPass =
  | { readonly kind: 'wait'; readonly untilMs: number; readonly state: SweepState }
  | { readonly kind: 'end' };

/** Decides what follows a whole pass that found `found` new calls. */
export function afterPass(state: SweepState, found: number, startedAtMs: number, nowMs: number): AfterPass {
  const lastSignAtMs = found > 0 ? nowMs : state.lastSignAtMs;
  const quietPasses = found > 0 ? 0 : state.quietPasses + 1;
  // A scheduled sweep that found nothing makes one pass. The next one is due soon.
  const wasUncalledFor = lastSignAtMs === 0;
  const isQuiet = quietPasses >= 2 && nowMs - lastSignAtMs >= QUIET_MS;
  if (wasUncalledFor || isQuiet) return { kind: 'end' };
  const { pass: _, ...rest } = state;
  return {
    kind: 'wait',
    untilMs: startedAtMs + PASS_EVERY_MS,
    state: { ...rest, lastSignAtMs, quietPasses, lastPassAtMs: startedAtMs },
  };
}
