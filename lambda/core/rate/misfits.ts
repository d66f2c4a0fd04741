import type { RefusedFamily, Rooms } from './room-state.ts';
import { isInstances, type RoomName } from './rooms-of.ts';

/*
 * AWS calls want of instances mostly a configuration error: a task that is larger than any. It is refused each time while tasks
 * of other families start in the same room. What it finds says nothing of the room, so others must not wait for it.
 */

/** Chance refuses one family so often in a row hardly ever, while so many others start. Fewer refusals than prove a room full. */
const SUSPICIOUS = { refusals: 8, others: 3 };
/** A misfit is tried again, as instances may have been added, but no sooner than this. */
const RETRY_MS = 30_000;
/** It is given up only after so long, and when so many others started. */
const PROVEN = { ms: 15 * 60_000, others: 20 };
/** What was not refused for so long is forgotten; of so many families it is kept. */
const MEMORY_MS = 3_600_000;
const MOST_FAMILIES = 20;

const keyOf = (room: RoomName, family: string) => `${room}|${family}`;
const roomIn = (key: string): RoomName => key.slice(0, key.lastIndexOf('|'));

/** Whether the size of a task says whether it fits: an address and a place in PROVISIONING are as good for any task. */
const hasSizes = (room: RoomName): boolean => /^(instances|fargate)/.test(room);

/** Takes in that a family was refused. */
export function refuseFamily(state: Rooms, room: RoomName, family: string, nowMs: number): Rooms {
  if (!hasSizes(room) || family === '') return state;
  const key = keyOf(room, family);
  const known = state.refused[key] ?? { sinceMs: nowMs, refusedAtMs: nowMs, triedAtMs: 0, refusals: 0, others: 0 };
  const all = { ...state.refused, [key]: { ...known, refusedAtMs: nowMs, refusals: known.refusals + 1 } };
  const kept = Object.entries(all)
    .filter(([, { refusedAtMs }]) => nowMs - refusedAtMs < MEMORY_MS)
    .toSorted(([, a], [, b]) => b.refusedAtMs - a.refusedAtMs);
  return { ...state, refused: Object.fromEntries(kept.slice(0, MOST_FAMILIES)) };
}

/** Takes in that a family found a place: it fits. */
export function withoutFamily(state: Rooms, room: RoomName, family: string): Rooms {
  const { [keyOf(room, family)]: known, ...refused } = state.refused;
  return known ? { ...state, refused } : state;
}

/** Takes in that a task of a family started in a room: that family fits, and others that are refused do not for want of room. */
export function startFamily(state: Rooms, room: RoomName, family: string): Rooms {
  const fits = withoutFamily(state, room, family);
  const entries = Object.entries(fits.refused);
  if (!entries.some(([key]) => roomIn(key) === room)) return fits;
  const after = entries.map(
    ([key, known]) => [key, roomIn(key) === room ? { ...known, others: known.others + 1 } : known] as const,
  );
  return { ...fits, refused: Object.fromEntries(after) };
}

const entryOf = ({ refused }: Rooms, room: RoomName, family: string): RefusedFamily | undefined =>
  refused[keyOf(room, family)];

/** Whether a family seems not to fit in a room, whatever is free in it. */
export function isMisfit(state: Rooms, room: RoomName, family: string): boolean {
  const { refusals = 0, others = 0 } = entryOf(state, room, family) ?? {};
  return refusals >= SUSPICIOUS.refusals && others >= SUSPICIOUS.others;
}

/** Whether a family that seems not to fit may be tried again. */
export function mayRetry(state: Rooms, room: RoomName, family: string, nowMs: number): boolean {
  return nowMs - (entryOf(state, room, family)?.triedAtMs ?? 0) >= RETRY_MS;
}

export function retried(state: Rooms, room: RoomName, family: string, nowMs: number): Rooms {
  const known = entryOf(state, room, family);
  return known
    ? { ...state, refused: { ...state.refused, [keyOf(room, family)]: { ...known, triedAtMs: nowMs } } }
    : state;
}

/**
 * Whether a family was refused so often and for so long while others started that it is larger than any instance. Against a
 * quota of vCPUs a large task only comes too late each time: it waits until its deadline.
 */
export function neverFits(state: Rooms, room: RoomName, family: string, maxAttempts: number, nowMs: number): boolean {
  const known = entryOf(state, room, family);
  if (!known || !isInstances(room)) return false;
  const { sinceMs, refusals, others } = known;
  return refusals >= maxAttempts && others >= PROVEN.others && nowMs - sinceMs >= PROVEN.ms;
}

/** The rooms in which starts are to be counted for the sake of families that are refused there. */
export const roomsOfRefused = ({ refused }: Rooms): RoomName[] => Object.keys(refused).map(roomIn);
