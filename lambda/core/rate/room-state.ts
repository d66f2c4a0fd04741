import * as z from 'zod';
import { isRefusedByChance, type RoomName } from './rooms-of.ts';

const instants = z.array(z.number());

/** Of what is sent to a full room all is refused. Where chance refuses too, so many in a row are none: nobody who knew of the first was placed. */
export const PROOF = 12;
/** In a room that is known to be full so many in a row end what is tried in it. */
export const PROOF_AGAIN = 2;

const minuteSchema = z.object({ freed: z.number(), heldSeconds: z.number(), oursHeldSeconds: z.number().default(0) });

/** One room that was full of late. Times are in milliseconds since the epoch. */
export const roomSchema = z.object({
  /** When somebody last found no place in it. */
  fullAtMs: z.number(),
  /** Since when its tasks are counted. */
  sinceMs: z.number(),
  /** Of the last minute: when places became free, when others' tasks took one, when we granted one. */
  freed: instants,
  taken: instants,
  granted: instants,
  /** What older ones since it was full come to: freed, less taken and granted. */
  carried: z.number(),
  /** By minute: how many places others' tasks gave back, and the seconds for which they had held them, and ours. */
  minutes: z.record(z.string(), minuteSchema),
  /** Places that become free in a second and that no event tells of, as the last refusals showed; null before the first. */
  unheardPerSecond: z.number().nullable(),
  /** How many of the calls that were sent away come back in each span of some seconds. */
  returns: z.record(z.string(), z.number()),
  /** How often it was found full without a place for anybody in between. Once that is proof, a place takes it back to that. */
  refusals: z.number().default(PROOF),
});
export type Room = z.infer<typeof roomSchema>;

/** A family that is refused in a room. */
export const refusedFamilySchema = z.object({
  sinceMs: z.number(),
  /** When it was last refused, and when its last try was granted. */
  refusedAtMs: z.number(),
  triedAtMs: z.number(),
  /** How often it was refused without a start in between ... */
  refusals: z.number(),
  /** ... and how many tasks of other families started meanwhile. */
  others: z.number(),
});
export type RefusedFamily = z.infer<typeof refusedFamilySchema>;

/** The rooms that were full of late, in one item. Where none is there is nothing to wait for. */
export const roomsSchema = z.object({
  rooms: z.record(z.string(), roomSchema),
  /** By room and family. */
  refused: z.record(z.string(), refusedFamilySchema),
});
export type Rooms = z.infer<typeof roomsSchema>;

export const NO_ROOMS: Rooms = { rooms: {}, refused: {} };

/** Somebody may be short of anything; of so many rooms that were full last it is kept. */
const MOST_ROOMS = 20;
/** For so long each instant is kept: records and failed starts tell of the past. */
export const KEPT_MS = 60_000;
/** More than this in a minute are carried sooner. */
const MOST_INSTANTS = 1000;
const MINUTES_KEPT = 3;
/** From the grant of a place to the request at ECS it takes about so long: what is underway when a room is found full takes its place after that. */
export const UNDERWAY_MS = 1500;

/** Whether a room is known to be full: where chance refuses too, it takes many refusals. */
export const isProven = (name: RoomName, { refusals }: Room): boolean => !isRefusedByChance(name) || refusals >= PROOF;

export const emptyRoom = (nowMs: number, fullAtMs: number): Room => ({
  fullAtMs,
  sinceMs: nowMs,
  freed: [],
  taken: [],
  granted: [],
  carried: 0,
  minutes: {},
  unheardPerSecond: null,
  returns: {},
  refusals: 0,
});

/** Calls that were sent away are counted by spans of so many seconds. */
export const SPAN_SECONDS = 5;
export const spanOf = (atMs: number): number => Math.floor(atMs / 1000 / SPAN_SECONDS);

export const minuteOf = (atMs: number): string => String(Math.floor(atMs / 60_000));

/** The room without instants that are over a minute old: what they come to is carried on. */
export function kept(room: Room, nowMs: number): Room {
  const beforeMs = nowMs - KEPT_MS;
  const { fullAtMs } = room;
  const split = (list: readonly number[], fromMs: number) => {
    const most = list.length > MOST_INSTANTS ? (list.toSorted((a, b) => b - a)[MOST_INSTANTS] ?? 0) : 0;
    const stays = (atMs: number) => atMs > Math.max(beforeMs, most);
    return {
      stay: list.filter(stays),
      carried: list.filter((atMs) => !stays(atMs) && atMs > fromMs).length,
    };
  };
  const freed = split(room.freed, fullAtMs);
  const taken = split(room.taken, fullAtMs);
  const granted = split(room.granted, fullAtMs - UNDERWAY_MS);
  const oldest = Number(minuteOf(nowMs)) - MINUTES_KEPT;
  const span = spanOf(nowMs);
  return {
    ...room,
    freed: freed.stay,
    taken: taken.stay,
    granted: granted.stay,
    carried: room.carried + freed.carried - taken.carried - granted.carried,
    minutes: Object.fromEntries(Object.entries(room.minutes).filter(([minute]) => Number(minute) > oldest)),
    returns: Object.fromEntries(Object.entries(room.returns).filter(([each]) => Number(each) >= span)),
  };
}

/** With this room as it is now; of too many the one goes that was full the longest ago. */
export function withRoom({ rooms, refused }: Rooms, name: RoomName, room: Room): Rooms {
  const all = Object.entries({ ...rooms, [name]: room });
  const newest = all.toSorted(([, a], [, b]) => b.fullAtMs - a.fullAtMs).slice(0, MOST_ROOMS);
  return { rooms: Object.fromEntries(newest), refused };
}
