import type { BusEvent } from '../core/events/event.ts';
import type { TaskChange } from '../core/events/task-change.ts';
import { countTask, findFull, roomsWith } from '../core/rate/room.ts';
import { newsOf, refusalIn } from '../core/rate/room-news.ts';
import { NO_ROOMS, type Rooms, roomsSchema } from '../core/rate/room-state.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { makeCounted } from '../state/counted.ts';
import { ITEMS } from '../state/items.ts';
import { makeLaunchStore } from '../state/launch-store.ts';
import { makeVersionedItem } from '../state/versioned-item.ts';
import { reportFull, reportTaken } from './report-room.ts';

/** For so long a function that knows of no room that is short does not look again. */
const LOOK_MS = 1000;

/** A state-change event, and the message that brought it. */
export interface CountedTask {
  readonly messageId: string;
  readonly change: TaskChange;
}

/** Keeps count of the rooms that are short: who found them full, and which tasks took places and gave them back. */
export function makeRoomCounter(dependencies: HandlerDependencies<'dynamoDb'>) {
  const { clock, environment } = dependencies;
  const { awsEnvironment } = environment;
  const ownRoleArn = environment.variable('runTaskRoleArn');
  const item = makeVersionedItem(dependencies, ITEMS.rooms.id, roomsSchema);
  const launches = makeLaunchStore(dependencies);
  const isNew = makeCounted(dependencies);
  let looked: { readonly atMs: number; readonly rooms: Rooms } | undefined;

  async function short(): Promise<Rooms> {
    if (!looked || clock.now() - looked.atMs >= LOOK_MS) {
      looked = { atMs: clock.now(), rooms: (await item.read()) ?? NO_ROOMS };
    }
    return looked.rooms;
  }

  /** What one event changes in each room that is short; nothing where it was counted before. */
  async function changesOf({ messageId, change }: CountedTask, rooms: Rooms) {
    const names = roomsWith(rooms, change.place);
    if (names.length === 0) return [];
    const isOurs = (await launches.get(change.taskArn))?.record.isOurs ?? false;
    const changes = names.map(async (room) => {
      const news = newsOf(change, room);
      if (!(await isNew(`${room} ${news.name}`, messageId))) return undefined;
      if (news.kind === 'place' && news.change.freedMs === undefined) {
        reportTaken(dependencies, { room, family: change.family });
      }
      return (state: Rooms, nowMs: number): Rooms => {
        if (news.kind === 'place') return countTask(state, room, { ...news.change, isOurs }, nowMs);
        const unused = isOurs ? { grantedAtMs: news.atMs, places: 1 } : undefined;
        return findFull(state, { room, atMs: news.atMs, unused, family: change.family }, nowMs);
      };
    });
    return (await Promise.all(changes)).filter((each) => each !== undefined);
  }

  return async function countRooms(events: readonly BusEvent[], tasks: readonly CountedTask[]): Promise<void> {
    const refusals = events.flatMap((event) => refusalIn(event, ownRoleArn, awsEnvironment) ?? []);
    for (const refusal of refusals) reportFull(dependencies, refusal);
    const rooms = tasks.length > 0 ? await short() : NO_ROOMS;
    const changes = (await Promise.all(tasks.map((task) => changesOf(task, rooms)))).flat();
    if (refusals.length + changes.length === 0) return;
    const { state } = await item.update((before = NO_ROOMS) => {
      const nowMs = clock.now();
      const found = refusals.reduce((after, refusal) => findFull(after, refusal, nowMs), before);
      return { state: changes.reduce((after, change) => change(after, nowMs), found) };
    });
    looked = { atMs: clock.now(), rooms: state };
  };
}
