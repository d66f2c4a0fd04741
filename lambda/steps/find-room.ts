import type { RunTaskRequest } from '../core/events/run-task-request.ts';
import { neverFits } from '../core/rate/misfits.ts';
import { findFull, findPlace, givePlacesBack } from '../core/rate/room.ts';
import { NO_ROOMS, type Rooms, roomsSchema } from '../core/rate/room-state.ts';
import { type RoomName, roomOf, shortageIn } from '../core/rate/rooms-of.ts';
import type { FoundNoRoom } from '../core/rerun/next-step.ts';
import type { Outcome } from '../core/rerun/outcome.ts';
import {
  KEYED_LIFE_MS,
  type Progress,
  provesUntilMs,
  type RerunInput,
  roomDeadlineMs,
} from '../core/rerun/rerun-input.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { ITEMS } from '../state/items.ts';
import { makeVersionedItem } from '../state/versioned-item.ts';
import { reportFull } from './report-room.ts';

/** What an attempt is about to send, and the permit that it has for that. */
export interface PermittedRequest {
  readonly rerun: RerunInput;
  readonly request: RunTaskRequest;
  readonly progress: Progress;
  /** When the rate limiter gave the permit; undefined without one. Nothing is launched without a permit. */
  readonly grantedAtMs: number | undefined;
  /** Whether a room had been found full of late when it got its permit: then it came with places. */
  readonly isRoomShort?: boolean;
}

/** The rooms that its permit brought places in: its own, and the one that it was refused for last. */
function roomsGranted({ rerun, progress, isRoomShort }: PermittedRequest): RoomName[] {
  if (!isRoomShort) return [];
  return [...new Set([...(rerun.rooms ?? []), progress.noRoom?.room].filter((name) => name !== undefined))];
}

/** What attempts find of the rooms that they have places in. */
export function makeRoomFinder(dependencies: HandlerDependencies<'dynamoDb'>) {
  const { clock } = dependencies;
  const { awsEnvironment, settings } = dependencies.environment;
  const rooms = makeVersionedItem(dependencies, ITEMS.rooms.id, roomsSchema);

  /** Takes in that there was no room for so many tasks of a call; returns what it waits for, and until when. */
  async function findNoRoom(
    permitted: PermittedRequest,
    outcome: Extract<Outcome, { kind: 'noRoom' | 'partlyStarted' }>,
    sentAtMs: number,
  ): Promise<{ readonly found: FoundNoRoom; readonly isMisfit: boolean }> {
    const { rerun, request, progress, grantedAtMs = clock.now() } = permitted;
    const granted = roomsGranted(permitted);
    const places = outcome.kind === 'noRoom' ? progress.remaining : outcome.remaining;
    const short = outcome.short ?? shortageIn(request);
    const room = roomOf(short, request, awsEnvironment);
    const unused = { grantedAtMs, places: granted.includes(room) ? places : 0 };
    const nowMs = clock.now();
    const others = granted.filter((name) => name !== room);
    const { family } = rerun.call;
    const { state } = await rooms.update((state = NO_ROOMS) => {
      const placed = outcome.kind === 'partlyStarted' ? findPlace(state, granted, family, sentAtMs) : state;
      const full = findFull(placed, { room, atMs: nowMs, unused, family }, nowMs);
      return { state: givePlacesBack(full, [{ rooms: others, tasks: places }], grantedAtMs) };
    });
    const eventTimeMs = Date.parse(rerun.call.eventTime);
    const ownMs = rerun.ownToken === 'keyed' ? eventTimeMs + KEYED_LIFE_MS : provesUntilMs(eventTimeMs, settings);
    const until = progress.noRoom?.until ?? new Date(roomDeadlineMs(nowMs, ownMs, settings)).toISOString();
    reportFull(dependencies, { room, family, caller: rerun.call.caller });
    const isMisfit = neverFits(state, room, family, settings.maxAttempts, nowMs);
    return { found: { until, short, room }, isMisfit };
  }

  /** Gives back so many places that came with a permit and that no task took: else nobody has them until a room is full again. */
  async function leavePlaces(permitted: PermittedRequest, tasks: number): Promise<void> {
    const { grantedAtMs } = permitted;
    const granted = roomsGranted(permitted);
    if (tasks <= 0 || grantedAtMs === undefined || granted.length === 0) return;
    const { rooms: short } = (await rooms.read()) ?? NO_ROOMS;
    const names = granted.filter((name) => short[name]);
    if (names.length === 0) return;
    await rooms.update((state = NO_ROOMS) => ({
      state: givePlacesBack(state, [{ rooms: names, tasks }], grantedAtMs),
    }));
  }

  /** Takes in that tasks were placed: a room that one call found full may not be. */
  async function findPlaced(permitted: PermittedRequest, sentAtMs: number): Promise<void> {
    const names = roomsGranted(permitted);
    if (names.length === 0) return;
    const known = (await rooms.read()) ?? NO_ROOMS;
    const placed = (state: Rooms) => findPlace(state, names, permitted.rerun.call.family, sentAtMs);
    if (placed(known) === known) return;
    await rooms.update((state = NO_ROOMS) => ({ state: placed(state) }));
  }

  return { findNoRoom, findPlaced, leavePlaces };
}
