import { isMisfit, refuseFamily, roomsOfRefused, startFamily, withoutFamily } from './misfits.ts';
import { told } from './room-level.ts';
import {
  emptyRoom,
  isProven,
  KEPT_MS,
  kept,
  minuteOf,
  PROOF,
  PROOF_AGAIN,
  type Room,
  type Rooms,
  withRoom,
} from './room-state.ts';
import { isIn, isRefusedByChance, type RoomName, type TaskPlace } from './rooms-of.ts';

/* What happens in rooms that are short: somebody finds them full, tasks take places and give them back. */

/** Two refusals closer together than this say nothing of what happens between them. */
const LEAST_TELLING_SECONDS = 30;
/** How much the last refusal weighs in what is known of events that get lost. */
const UNHEARD_WEIGHT = 0.7;

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
export function findFull(given: Rooms, { room: name, atMs, unused, family }: Refusal, nowMs: number): Rooms {
  const known = given.rooms[name];
  // Only where there seemed to be a place does it say something of who was refused. Where chance refuses there may always be one.
  const state = unused && (known || isRefusedByChance(name)) ? refuseFamily(given, name, family, nowMs) : given;
  if (isMisfit(state, name, family)) {
    return known && unused ? withRoom(state, name, { ...known, granted: without(known.granted, unused) }) : state;
  }
  if (!known) return atMs < nowMs - KEPT_MS ? state : withRoom(state, name, emptyRoom(nowMs, atMs));
  const room = kept(known, nowMs);
  const granted = unused ? without(room.granted, unused) : room.granted;
  // A task that never got its place did not take it.
  const taken = room.taken.filter((takenMs) => takenMs !== atMs);
  // Of others' refusals, and of calls that did not know of the first, nobody says what was placed in between.
  const isInRow = unused !== undefined && unused.places > 0 && unused.grantedAtMs >= room.sinceMs;
  const refusals = room.refusals + (isInRow ? 1 : 0);
  const isAgain = isInRow && refusals >= PROOF + PROOF_AGAIN;
  const mayBeChance = isRefusedByChance(name) && isProven(name, room) && unused !== undefined && !isAgain;
  const isNews = !mayBeChance && atMs > room.fullAtMs && atMs > nowMs - KEPT_MS;
  if (!isNews) return withRoom(state, name, { ...room, granted, taken, refusals });
  // Whoever got more places than anybody told of shows how many become free unheard.
  const seconds = Math.max(1, (atMs - room.fullAtMs) / 1000);
  const unheard = Math.max(0, -told({ ...room, granted, taken })) / seconds;
  const before = room.unheardPerSecond ?? 0;
  const unheardPerSecond = before + UNHEARD_WEIGHT * (unheard - before);
  const after = { ...room, granted, taken, refusals, carried: 0, fullAtMs: atMs };
  // In a moment too little happens to tell.
  return withRoom(state, name, seconds < LEAST_TELLING_SECONDS ? after : { ...after, unheardPerSecond });
}

/**
 * Takes in that tasks of a family were placed by a request of `sentAtMs`: rooms that were refused too seldom before were not full, and of
 * those that are known to be the next refusal may be chance again.
 */
export function findPlace(before: Rooms, names: readonly RoomName[], family: string, sentAtMs: number): Rooms {
  let state = before;
  for (const name of names.filter(isRefusedByChance)) {
    state = withoutFamily(state, name, family);
    const { [name]: room, ...others } = state.rooms;
    if (!room || sentAtMs < room.sinceMs) continue;
    if (!isProven(name, room)) state = { ...state, rooms: others };
    else if (room.refusals > PROOF) state = withRoom(state, name, { ...room, refusals: PROOF });
  }
  return state;
}

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

function withHeld(minute: Room['minutes'][string] | undefined, isOurs: boolean, seconds: number) {
  const { freed, heldSeconds, oursHeldSeconds } = minute ?? { freed: 0, heldSeconds: 0, oursHeldSeconds: 0 };
  const held = Math.max(0, seconds);
  return isOurs
    ? { freed, heldSeconds, oursHeldSeconds: oursHeldSeconds + held }
    : { freed: freed + 1, heldSeconds: heldSeconds + held, oursHeldSeconds };
}

/** Takes in that a task gave its place back or, of others' tasks, took one. */
export function countTask(before: Rooms, name: RoomName, change: PlaceChange, nowMs: number): Rooms {
  const state = change.freedMs === undefined ? startFamily(before, name, change.family) : before;
  const known = state.rooms[name];
  if (!known) return state;
  const { takenMs, freedMs, isOurs } = change;
  const room = kept(known, nowMs);
  const minute = minuteOf(nowMs);
  const isFreed = freedMs !== undefined;
  const isTaken = !isFreed && !isOurs;
  const minutes = isFreed
    ? { ...room.minutes, [minute]: withHeld(room.minutes[minute], isOurs, (freedMs - takenMs) / 1000) }
    : room.minutes;
  return withRoom(state, name, {
    ...room,
    minutes,
    ...(isFreed && { freed: [...room.freed, freedMs] }),
    ...(isTaken && { taken: [...room.taken, takenMs] }),
  });
}

/** Takes places back that nobody took, granted no later than `grantedAtMs`. */
export function givePlacesBack(
  state: Rooms,
  calls: readonly { readonly rooms: readonly RoomName[]; readonly tasks: number }[],
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
