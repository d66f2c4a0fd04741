import { KEPT_MS, type Room, type Rooms, UNDERWAY_MS } from './room-state.ts';

/*
 * Room is a second bucket, which nothing announces: it is empty at the last refusal, tasks that end fill it, and tasks that
 * start drain it. ADR 7 compares the rules that were tried.
 */

/** Others' starts of the last moment are not known yet. */
const UNKNOWN_SECONDS = 1;
/** Others' launches come first: so much is left to them, by how far their number swings, but no more than this share of what we have. */
const HEADROOM = 0.75;
const HEADROOM_MOST = 0.1;
/** Before that too few of ours have ended to show how many there are. */
const OURS_KNOWN_MS = 180_000;
/** After so long without a refusal a place is tried that nobody told of, and twice as many each so often, until somebody is refused. */
const CYCLE_MS = { least: 60_000, first: 120_000, alone: 300_000, most: 600_000 };
const CYCLE_OTHERS = 100;
const CYCLE_OURS = 40;
const DOUBLING_MS = 15_000;
/** How much of the events that seem to get lost is relied on. */
const UNHEARD_SHARE = 0.8;
/** Nobody is short any more where so many were tried and found a place. */
const DOUBLINGS = 10;

/** Others' tasks of late: how many start in a second, and how many there are at a time. */
function others(room: Room, nowMs: number): { readonly perSecond: number; readonly atATime: number } {
  const seconds = Math.min(KEPT_MS, Math.max(1000, nowMs - room.sinceMs)) / 1000;
  const perSecond = since(room.taken, nowMs - KEPT_MS) / seconds;
  const minutes = Object.values(room.minutes);
  const sum = (of: 'freed' | 'heldSeconds') => minutes.reduce((total, counts) => total + counts[of], 0);
  // Little's law: so many are there as come in the time that one stays.
  return { perSecond, atATime: perSecond * (sum('heldSeconds') / Math.max(1, sum('freed'))) };
}

/** How many of our tasks there are at a time, by how long those held their places that gave them back of late; undefined while that does not show. */
function oursAtATime({ minutes, sinceMs }: Room, nowMs: number): number | undefined {
  const fromMs = Math.max(sinceMs, 60_000 * Math.min(...Object.keys(minutes).map(Number)));
  const held = Object.values(minutes).reduce((sum, { oursHeldSeconds }) => sum + oursHeldSeconds, 0);
  return held > 0 && nowMs - sinceMs > OURS_KNOWN_MS ? held / Math.max(1, (nowMs - fromMs) / 1000) : undefined;
}

export const since = (list: readonly number[], fromMs: number) => list.filter((atMs) => atMs > fromMs).length;

/** How long without a refusal it takes until places are tried that nobody told of. */
function cycleMs(room: Room, perSecond: number, nowMs: number): number {
  const ours = since(room.granted, nowMs - KEPT_MS) / (KEPT_MS / 1000);
  // Where there are no others a try costs nobody anything but ourselves.
  const forOthersMs = perSecond > 0 ? (1000 * CYCLE_OTHERS) / perSecond : CYCLE_MS.alone;
  // Until something is known of events that get lost, nobody should wait for long for what they would have told of.
  const isFirst = room.unheardPerSecond === null && perSecond > 0;
  const most = isFirst ? CYCLE_MS.first : CYCLE_MS.most;
  return Math.max(CYCLE_MS.least, Math.min(most, Math.max(forOthersMs, (1000 * CYCLE_OURS) / ours)));
}

/** How many places are tried of which nobody told. */
function triedPlaces(room: Room, perSecond: number, nowMs: number): number {
  const tryingMs = nowMs - room.fullAtMs - cycleMs(room, perSecond, nowMs);
  return tryingMs > 0 ? 2 ** Math.min(DOUBLINGS, tryingMs / DOUBLING_MS) : 0;
}

/** Places that became free since it was full, less those that were taken and granted. */
export const told = ({ fullAtMs, freed, taken, granted, carried }: Room): number =>
  carried + since(freed, fullAtMs) - since(taken, fullAtMs) - since(granted, fullAtMs - UNDERWAY_MS);

/** Places that may be granted now. */
export function placesIn(room: Room, nowMs: number): number {
  const { fullAtMs } = room;
  const { perSecond, atATime } = others(room, nowMs);
  const unheardPerSecond = UNHEARD_SHARE * (room.unheardPerSecond ?? 0);
  const unheard = (unheardPerSecond * (nowMs - fullAtMs)) / 1000 - perSecond * UNKNOWN_SECONDS;
  const headroom = Math.min(
    HEADROOM * Math.sqrt(atATime),
    HEADROOM_MOST * (oursAtATime(room, nowMs) ?? Number.POSITIVE_INFINITY),
  );
  return told(room) + unheard + triedPlaces(room, perSecond, nowMs) - headroom;
}

/** Without rooms in which there was place for all that tried. */
export function stillShort(state: Rooms, nowMs: number): Rooms {
  const entries = Object.entries(state.rooms);
  const short = entries.filter(
    ([, room]) =>
      nowMs <= room.fullAtMs + cycleMs(room, others(room, nowMs).perSecond, nowMs) + DOUBLINGS * DOUBLING_MS,
  );
  return short.length === entries.length ? state : { ...state, rooms: Object.fromEntries(short) };
}
