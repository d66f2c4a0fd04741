import { isMisfit, mayRetry, retried } from './misfits.ts';
import { placesIn, since, stillShort } from './room-level.ts';
import { isProven, KEPT_MS, kept, type Room, type Rooms, SPAN_SECONDS, spanOf, withRoom } from './room-state.ts';
import type { RoomName } from './rooms-of.ts';

/** Calls that have no place yet come back, so many times as often as places become free ... */
const LOOKS_PER_PLACE = 3;
/** ... and at least so often a second, all together; each within so many seconds, whatever that comes to. */
const LEAST_LOOKS = 1;
const MOST_AWAY_SECONDS = 120;
/** Where it is known how fast places become free, each comes back when it is its turn, and no more than this later. */
const MOST_AWAY_WHEN_KNOWN_SECONDS = 900;

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
