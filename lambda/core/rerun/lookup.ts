import * as z from 'zod';
import type { IgnoreReason } from '../contract.ts';

/**
 * One look into the event history for all tasks that were launched within one minute. Whoever misses a launch record asks
 * for it; one of them reads, and all find what it found.
 */
export const lookupSchema = z.object({
  /** When the reading began, in milliseconds since the epoch. */
  begunAtMs: z.number(),
  /** Until when whoever reads may be at it; another one may go on then. */
  leaseUntilMs: z.number(),
  pages: z.int(),
  /** The next page; absent before the first. */
  nextToken: z.string().optional(),
  isDone: z.boolean(),
  /** Ids of tasks that are none of ours, by the reason: their launch records are not kept. */
  foreign: z.record(z.string(), z.array(z.string())),
});
export type Lookup = z.infer<typeof lookupSchema>;

const MINUTE_MS = 60_000;
/** A task's launch is recorded at the second it was created in; clocks and rounding make it a few. */
const AROUND_LAUNCH_MS = 5000;
/** No function reads for longer without saying how far it came. */
const LEASE_MS = 30_000;
/** Fifty records each; what is not among these is not found. */
const MAX_PAGES = 40;
/** An item holds 400 KB; tasks beyond this have to ask the table each for itself. */
const MAX_FOREIGN = 5000;

export const lookupMinute = (createdAtMs: number): number => Math.floor(createdAtMs / MINUTE_MS);

export const lookupWindow = (minute: number) => ({
  fromMs: minute * MINUTE_MS - AROUND_LAUNCH_MS,
  toMs: (minute + 1) * MINUTE_MS + AROUND_LAUNCH_MS,
});

/** When a launch record is looked for, in minutes after that of the launch; the last time, CloudTrail is sure to have it. */
const POLL_MINUTES = [2, 5, 10, 20];
/** The event history has most records by then, and is asked from then on. Events are faster. */
const FIRST_LOOK_MINUTES = 5;
/** Tasks that failed together need not ask together: most find what the first one read. */
const SPREAD_MS = 2 * MINUTE_MS;

/**
 * When to look for a launch record again, and since when a look into the history has to be. Counted from the minute of the
 * launch: however many of its tasks fail whenever, these are all the looks that there are.
 */
export function recordPolls(createdAtMs: number, spread: number, nowMs: number) {
  const { toMs } = lookupWindow(lookupMinute(createdAtMs));
  const at = (minutes: number) => toMs + minutes * MINUTE_MS;
  const looks = POLL_MINUTES.filter((minutes) => minutes >= FIRST_LOOK_MINUTES).map(at);
  const next = POLL_MINUTES.map(at).find((atMs) => atMs > nowMs);
  return {
    freshSinceMs: looks.findLast((atMs) => atMs <= nowMs),
    nextMs: next === undefined ? undefined : next + spread * SPREAD_MS,
  };
}

/** When the history is asked first: sooner there is nothing to find for whoever gets no events of calls. */
export function firstLookMs(createdAtMs: number, spread: number): number {
  return lookupWindow(lookupMinute(createdAtMs)).toMs + FIRST_LOOK_MINUTES * MINUTE_MS + spread * SPREAD_MS;
}

/** What somebody who misses a launch record has to do: read on, come back later, or believe that there is none. */
export type LookupTurn =
  | { readonly kind: 'read'; readonly state: Lookup }
  | { readonly kind: 'busy'; readonly untilMs: number; readonly state: Lookup }
  | { readonly kind: 'done'; readonly state: Lookup };

/** `freshSinceMs`: a look that began earlier may have come before the record. */
export function lookupTurn(known: Lookup | undefined, freshSinceMs: number, nowMs: number): LookupTurn {
  if (known && nowMs < known.leaseUntilMs && !known.isDone)
    return { kind: 'busy', untilMs: known.leaseUntilMs, state: known };
  const isFresh = known !== undefined && known.begunAtMs >= freshSinceMs;
  if (known?.isDone && isFresh) return { kind: 'done', state: known };
  const leaseUntilMs = nowMs + LEASE_MS;
  if (known && isFresh) return { kind: 'read', state: { ...known, leaseUntilMs } };
  const foreign = known?.foreign ?? {};
  return { kind: 'read', state: { begunAtMs: nowMs, leaseUntilMs, pages: 0, isDone: false, foreign } };
}

/** What is known after another page. */
export function withPage(
  state: Lookup,
  nextToken: string | undefined,
  /** From the newest to the oldest: who repeats a call under its token did not make it, so that the oldest decides. */
  found: readonly { readonly taskId: string; readonly reason: IgnoreReason | undefined }[],
): Lookup {
  const reasons = new Map<string, string>();
  for (const [reason, ids] of Object.entries(state.foreign)) for (const taskId of ids) reasons.set(taskId, reason);
  for (const { taskId, reason } of found) {
    reasons.delete(taskId);
    if (reason && reasons.size < MAX_FOREIGN) reasons.set(taskId, reason);
  }
  const foreign: Record<string, string[]> = {};
  for (const [taskId, reason] of reasons) {
    foreign[reason] ??= [];
    foreign[reason].push(taskId);
  }
  const pages = state.pages + 1;
  const { nextToken: _, ...rest } = state;
  const isDone = nextToken === undefined || pages >= MAX_PAGES;
  return { ...rest, pages, isDone, foreign, ...(nextToken !== undefined && { nextToken }) };
}

/** Lets somebody else go on at once. */
export const released = (state: Lookup, nowMs: number): Lookup => ({ ...state, leaseUntilMs: nowMs });

/** Why a task is none of ours. Only a minute that was read to its end says so: the oldest records come last. */
export function foreignReason({ foreign, isDone, nextToken }: Lookup, taskId: string): IgnoreReason | undefined {
  if (!isDone || nextToken !== undefined) return undefined;
  const found = Object.entries(foreign).find(([, ids]) => ids.includes(taskId));
  return found?.[0] as IgnoreReason | undefined;
}
