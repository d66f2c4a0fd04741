import * as z from 'zod';
import type { IgnoreReason } from '../contract.ts';
import { AROUND_LAUNCH_MS, canHaveLaunched } from './launch-record.ts';

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
  /** Tasks that are none of ours, by the reason, with when the oldest call that names each was made: their launch records are not kept. */
  foreign: z.record(z.string(), z.record(z.string(), z.number())),
  /** Ids of tasks that listed callers asked for: whoever else did changes nothing. */
  ours: z.array(z.string()),
});
export type Lookup = z.infer<typeof lookupSchema>;

const MINUTE_MS = 60_000;
/** No function reads for longer without saying how far it came. */
const LEASE_MS = 30_000;
/** Fifty records each; what is not among these is not found. */
const MAX_PAGES = 40;
/** An item holds 400 KB; tasks beyond this have to ask the table each for itself. */
const MAX_FOREIGN = 4000;
/** As many are launched in a minute at 40 calls a second. */
const MAX_OURS = 2400;

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
  const { foreign = {}, ours = [] } = known ?? {};
  return { kind: 'read', state: { begunAtMs: nowMs, leaseUntilMs, pages: 0, isDone: false, foreign, ours } };
}

/** A task that a call in the history names, and why it is none of ours by that call. */
export interface FoundLaunch {
  readonly taskId: string;
  readonly atMs: number;
  readonly reason: IgnoreReason | undefined;
}

/** What is known after another page, in whatever order calls come. */
export function withPage(state: Lookup, nextToken: string | undefined, found: readonly FoundLaunch[]): Lookup {
  const ours = new Set([...state.ours, ...found.flatMap(({ taskId, reason }) => (reason ? [] : [taskId]))]);
  const oldest = new Map<string, readonly [reason: string, atMs: number]>();
  const known = Object.entries(state.foreign).flatMap(([reason, tasks]) =>
    Object.entries(tasks).map(([taskId, atMs]) => ({ taskId, atMs, reason })),
  );
  for (const { taskId, atMs, reason } of [...known, ...found]) {
    if (!reason || ours.has(taskId)) continue;
    const [, before = Number.POSITIVE_INFINITY] = oldest.get(taskId) ?? [];
    if (atMs < before && (oldest.has(taskId) || oldest.size < MAX_FOREIGN)) oldest.set(taskId, [reason, atMs]);
  }
  const foreign: Record<string, Record<string, number>> = {};
  for (const [taskId, [reason, atMs]] of oldest) {
    foreign[reason] ??= {};
    foreign[reason][taskId] = atMs;
  }
  const pages = state.pages + 1;
  const { nextToken: _, ...rest } = state;
  const isDone = nextToken === undefined || pages >= MAX_PAGES;
  return {
    ...rest,
    pages,
    isDone,
    foreign,
    ours: [...ours].slice(0, MAX_OURS),
    ...(nextToken !== undefined && { nextToken }),
  };
}

/** Lets somebody else go on at once. */
export const released = (state: Lookup, nowMs: number): Lookup => ({ ...state, leaseUntilMs: nowMs });

/** Why a task is none of ours. Only a minute that was read to its end says so: a listed caller's record may come last. */
export function foreignReason(
  { foreign, isDone, nextToken }: Lookup,
  taskId: string,
  createdAtMs: number,
): IgnoreReason | undefined {
  if (!isDone || nextToken !== undefined) return undefined;
  const found = Object.entries(foreign).find(([, tasks]) => canHaveLaunched(tasks[taskId] ?? Number.NaN, createdAtMs));
  return found?.[0] as IgnoreReason | undefined;
}
