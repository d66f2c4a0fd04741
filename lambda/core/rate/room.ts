import { isMisfit, mayRetry, refuseFamily, retried, roomsOfRefused, startFamily } from './misfits.ts';
import {
  emptyRoom,
  KEPT_MS,
  kept,
  minuteOf,
  PROOF,
  type Room,
  type Rooms,
  SPAN_SECONDS,
  spanOf,
  UNDERWAY_MS,
  withRoom,
} from './room-state.ts';
import { isIn, type RoomName, type TaskPlace } from './rooms-of.ts';

/*
 * Room is a second bucket, which nothing announces: it is empty at the last refusal, tasks that end fill it, and tasks that
 * start drain it. ADR 7 compares the rules that were tried.
 */

/** Others' starts of the last moment are not known yet. */
const UNKNOWN_SECONDS = 1;
/** Others' launches come first: so much is left to them, by how far their number swings. */
const HEADROOM = 0.75;
/** After so long without a refusal a place is tried that nobody told of, and twice as many each so often; one refusal ends it. */
const CYCLE_MS = { least: 60_000, alone: 300_000, most: 600_000 };
const CYCLE_OTHERS = 100;
const CYCLE_OURS = 40;
const DOUBLING_MS = 15_000;
/** Two refusals closer together than this say nothing of what happens between them. */
const LEAST_TELLING_SECONDS = 30;
/** How much the last refusal weighs in what is known of events that get lost, and how much of that is relied on. */
const UNHEARD = { weight: 0.7, share: 0.8 };
/** Nobody is short any more where so many were tried and found a place. */
const DOUBLINGS = 10;
/** Calls that have no place yet come back, so many times as often as places become free ... */
const LOOKS_PER_PLACE = 3;
/** ... and at least so often a second, all together; each within so many seconds, whatever that comes to. */
const LEAST_LOOKS = 1;
const MOST_AWAY_SECONDS = 120;
/** Where it is known how fast places become free, each comes back when it is its turn, and no more than this later. */
const MOST_AWAY_WHEN_KNOWN_SECONDS = 900;

/** Others' tasks of late: how many start in a second, and how many there are at a time. */
function others(room: Room, nowMs: number): { readonly perSecond: number; readonly atATime: number } {
  const seconds = Math.min(KEPT_MS, Math.max(1000, nowMs - room.sinceMs)) / 1000;
  const perSecond = since(room.taken, nowMs - KEPT_MS) / seconds;
  const minutes = Object.values(room.minutes);
  const sum = (of: 'freed' | 'heldSeconds') => minutes.reduce((total, counts) => total + counts[of], 0);
  // Little's law: so many are there as come in the time that one stays.
  return { perSecond, atATime: perSecond * (sum('heldSeconds') / Math.max(1, sum('freed'))) };
}

const since = (list: readonly number[], fromMs: number) => list.filter((atMs) => atMs > fromMs).length;

/** How long without a refusal it takes until places are tried that nobody told of. */
function cycleMs(room: Room, perSecond: number, nowMs: number): number {
  const ours = since(room.granted, nowMs - KEPT_MS) / (KEPT_MS / 1000);
  // Where there are no others a try costs nobody anything but ourselves.
  const forOthersMs = perSecond > 0 ? (1000 * CYCLE_OTHERS) / perSecond : CYCLE_MS.alone;
  const cycle = Math.min(CYCLE_MS.most, Math.max(forOthersMs, (1000 * CYCLE_OURS) / ours));
  return Math.max(CYCLE_MS.least, cycle);
}

/** How many places are tried of which nobody told. */
function triedPlaces(room: Room, perSecond: number, nowMs: number): number {
  const tryingMs = nowMs - room.fullAtMs - cycleMs(room, perSecond, nowMs);
  return tryingMs > 0 ? 2 ** Math.min(DOUBLINGS, tryingMs / DOUBLING_MS) : 0;
}

/** Places that became free since it was full, less those that were taken and granted. */
const told = ({ fullAtMs, freed, taken, granted, carried }: Room): number =>
  carried + since(freed, fullAtMs) - since(taken, fullAtMs) - since(granted, fullAtMs - UNDERWAY_MS);

/** Places that may be granted now. */
export function placesIn(room: Room, nowMs: number): number {
  const { fullAtMs, unheardPerSecond } = room;
  const { perSecond, atATime } = others(room, nowMs);
  const unheard = (UNHEARD.share * unheardPerSecond * (nowMs - fullAtMs)) / 1000 - perSecond * UNKNOWN_SECONDS;
  return told(room) + unheard + triedPlaces(room, perSecond, nowMs) - HEADROOM * Math.sqrt(atATime);
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

/** A place that somebody asked for and that was not there. */
export interface Refusal {
  readonly room: RoomName;
  /** When it was refused. Of a task that was accepted and got no address: when it was created. */
  readonly atMs: number;
  /** When we granted places, if we did, and how many: nobody took them. */
  readonly unused?: { readonly grantedAtMs: number; readonly places: number } | undefined;
  /** The family of the task definition; empty where nobody knows it. */
  readonly family: string;
}

/** Takes in that a room was full. */
export function findFull(before: Rooms, { room: name, atMs, unused, family }: Refusal, nowMs: number): Rooms {
  const known = before.rooms[name];
  // Only where there seemed to be a place does it say something of who was refused.
  const state = known && unused ? refuseFamily(before, name, family, nowMs) : before;
  if (isMisfit(state, name, family)) {
    return known && unused ? withRoom(state, name, { ...known, granted: without(known.granted, unused) }) : state;
  }
  if (!known)
    return atMs < nowMs - KEPT_MS
      ? state
      : withRoom(state, name, { ...emptyRoom(nowMs, atMs), refusals: unused ? 1 : 0 });
  const room = kept(known, nowMs);
  const granted = unused ? without(room.granted, unused) : room.granted;
  // A task that never got its place did not take it.
  const taken = room.taken.filter((takenMs) => takenMs !== atMs);
  // Of others' refusals nobody knows what was placed in between.
  const refusals = room.refusals + (unused ? 1 : 0);
  const isNews = atMs > room.fullAtMs && atMs > nowMs - KEPT_MS;
  if (!isNews) return withRoom(state, name, { ...room, granted, taken, refusals });
  // Whoever got more places than anybody told of shows how many become free unheard.
  const seconds = Math.max(1, (atMs - room.fullAtMs) / 1000);
  const unheard = Math.max(0, -told({ ...room, granted, taken })) / seconds;
  const unheardPerSecond = room.unheardPerSecond + UNHEARD.weight * (unheard - room.unheardPerSecond);
  const after = { ...room, granted, taken, refusals, carried: 0, fullAtMs: atMs };
  // In a moment too little happens to tell.
  return withRoom(state, name, seconds < LEAST_TELLING_SECONDS ? after : { ...after, unheardPerSecond });
}

/**
 * Takes in that tasks were placed in a room by a request of `sentAtMs`: if it was refused too seldom before, and nobody's place became
 * free since, it was not full.
 */
export function findPlace(state: Rooms, name: RoomName, sentAtMs: number): Rooms {
  const { [name]: room, ...others } = state.rooms;
  if (!room || isProven(name, room) || sentAtMs <= room.fullAtMs) return state;
  return since(room.freed, room.fullAtMs) > 0 ? state : { ...state, rooms: others };
}

/** Whether a room is known to be full. Of instances it may be that only one call found none: by chance, or for its size. */
const isProven = (name: RoomName, { refusals }: Room): boolean => !name.startsWith('instances ') || refusals >= PROOF;

/** Without the latest instants that are no later than the grant. */
function without(list: readonly number[], { grantedAtMs, places }: NonNullable<Refusal['unused']>): number[] {
  const sorted = list.toSorted((a, b) => a - b);
  const end = sorted.filter((atMs) => atMs <= grantedAtMs).length;
  return sorted.toSpliced(Math.max(0, end - places), Math.min(places, end));
}

/** What a state-change event tells of a task's place in a room. */
export interface PlaceChange {
  readonly isOurs: boolean;
  readonly family: string;
  /** When it took its place ... */
  readonly takenMs: number;
  /** ... and when it gave it back, if it did. */
  readonly freedMs: number | undefined;
}

/** The rooms of these that a task takes a place in. */
export const roomsWith = (state: Rooms, place: TaskPlace): RoomName[] =>
  [...new Set([...Object.keys(state.rooms), ...roomsOfRefused(state)])].filter((name) => isIn(name, place));

/** Takes in that a task gave its place back or, of others' tasks, took one. */
export function countTask(before: Rooms, name: RoomName, change: PlaceChange, nowMs: number): Rooms {
  const state = change.freedMs === undefined ? startFamily(before, name, change.family) : before;
  const known = state.rooms[name];
  if (!known) return state;
  const { takenMs, freedMs, isOurs } = change;
  const room = kept(known, nowMs);
  const minute = minuteOf(nowMs);
  const counts = room.minutes[minute] ?? { freed: 0, heldSeconds: 0 };
  const isFreed = freedMs !== undefined;
  const isTaken = !isFreed && !isOurs;
  const held = {
    freed: counts.freed + 1,
    heldSeconds: counts.heldSeconds + Math.max(0, (freedMs ?? takenMs) - takenMs) / 1000,
  };
  const minutes = isFreed && !isOurs ? { ...room.minutes, [minute]: held } : room.minutes;
  return withRoom(state, name, {
    ...room,
    minutes,
    ...(isFreed && { freed: [...room.freed, freedMs] }),
    ...(isTaken && { taken: [...room.taken, takenMs] }),
  });
}

/** A call that waits for a permit. */
export interface RoomCall {
  readonly rooms: readonly RoomName[];
  readonly tasks: number;
  readonly family: string;
  /** In [0, 1): spreads those that come back. */
  readonly spread: number;
}

/** Whether a call has to ask for places at all. */
export const mayLackRoom = (state: Rooms, { rooms, family }: RoomCall): boolean =>
  rooms.some((name) => state.rooms[name] || isMisfit(state, name, family));

/** Whether there may be room: if not, for how long to leave the call alone. */
export type Place = { readonly kind: 'granted' } | { readonly kind: 'none'; readonly awaySeconds: number };

/** Grants places to calls in their order; a call needs one in each of its rooms that is short, for each task. */
export function grantPlaces(
  before: Rooms,
  calls: readonly RoomCall[],
  nowMs: number,
): { readonly state: Rooms; readonly places: readonly Place[] } {
  let state = stillShort(before, nowMs);
  const places = calls.map(({ rooms, tasks, family, spread }): Place => {
    const misfit = rooms.find((name) => isMisfit(state, name, family));
    if (misfit !== undefined && !mayRetry(state, misfit, family, nowMs)) {
      return { kind: 'none', awaySeconds: Math.round(MOST_AWAY_SECONDS * (0.5 + spread / 2)) };
    }
    const short = rooms.filter((name) => state.rooms[name]);
    const full = short.filter((name) => {
      const room = state.rooms[name] as Room;
      return isProven(name, room) && placesIn(room, nowMs) < tasks;
    });
    if (full.length === 0) {
      if (misfit !== undefined) state = retried(state, misfit, family, nowMs);
      for (const name of short) state = grant(state, name, tasks, nowMs);
      return { kind: 'granted' };
    }
    const name = fullest(full, state, nowMs);
    const awaySeconds = awaySecondsOf(state.rooms[name] as Room, spread, nowMs);
    state = sendAway(state, name, awaySeconds, nowMs);
    return { kind: 'none', awaySeconds };
  });
  return { state, places };
}

function grant(state: Rooms, name: RoomName, tasks: number, nowMs: number): Rooms {
  const room = kept(state.rooms[name] as Room, nowMs);
  return withRoom(state, name, { ...room, granted: [...room.granted, ...new Array(tasks).fill(nowMs)] });
}

/** Of several rooms the one that will have a place last, as far as anybody knows. */
const fullest = (names: readonly RoomName[], { rooms }: Rooms, nowMs: number): RoomName =>
  names.toSorted((a, b) => placesIn(rooms[a] as Room, nowMs) - placesIn(rooms[b] as Room, nowMs))[0] as RoomName;

/**
 * For how long to send a call away: until the first span in which fewer come back than there may be places for. So there is
 * always somebody to take a place soon, and nobody looks in vain for long, however many wait.
 */
function awaySecondsOf(room: Room, spread: number, nowMs: number): number {
  const perSecond = (list: readonly number[]) => since(list, nowMs - KEPT_MS / 2) / (KEPT_MS / 2000);
  const looks = LOOKS_PER_PLACE * Math.max(perSecond(room.freed), perSecond(room.granted)) + LEAST_LOOKS;
  const first = spanOf(nowMs);
  const most = nowMs - room.sinceMs > KEPT_MS ? MOST_AWAY_WHEN_KNOWN_SECONDS : MOST_AWAY_SECONDS;
  for (let span = first; span < first + most / SPAN_SECONDS; span++) {
    const beginsMs = Math.max(nowMs, span * SPAN_SECONDS * 1000);
    const seconds = span + 1 - beginsMs / 1000 / SPAN_SECONDS;
    if ((room.returns[span] ?? 0) >= looks * SPAN_SECONDS * seconds) continue;
    return Math.max(1, Math.round((beginsMs - nowMs) / 1000 + spread * SPAN_SECONDS * seconds));
  }
  return Math.max(1, Math.round(spread * most));
}

function sendAway(state: Rooms, name: RoomName, seconds: number, nowMs: number): Rooms {
  const room = kept(state.rooms[name] as Room, nowMs);
  const span = spanOf(nowMs + seconds * 1000);
  return withRoom(state, name, { ...room, returns: { ...room.returns, [span]: (room.returns[span] ?? 0) + 1 } });
}

/** Takes places back that nobody took, granted no later than `grantedAtMs`. */
export function givePlacesBack(
  state: Rooms,
  calls: readonly Pick<RoomCall, 'rooms' | 'tasks'>[],
  grantedAtMs: number,
): Rooms {
  let after = state;
  for (const { rooms, tasks } of calls) {
    for (const name of rooms) {
      const room = after.rooms[name];
      if (!room) continue;
      after = withRoom(after, name, { ...room, granted: without(room.granted, { grantedAtMs, places: tasks }) });
    }
  }
  return after;
}
