import { expect, test } from 'vitest';
import { grantPlaces } from '../../../lambda/core/rate/grant-places.ts';
import { countTask, findFull } from '../../../lambda/core/rate/room.ts';
import { NO_ROOMS, type Rooms } from '../../../lambda/core/rate/room-state.ts';
import { makeHandler } from '../../../lambda/run-task.ts';
import { type Answer, awsError, failing } from '../../support/dependencies.ts';
import { NOW_MS, rerunOf } from '../../support/records.ts';
import { openTable } from '../../support/table.ts';

const ROOM = 'fargate';
const RERUN = { ...rerunOf(), rooms: [ROOM] };
const TASKS = RERUN.request.count ?? 1;
const call = { rooms: [ROOM], tasks: TASKS, family: 'report', spread: 0.5 };
const full = findFull(NO_ROOMS, { room: ROOM, atMs: NOW_MS - 5000, family: 'report' }, NOW_MS);
const freed = Array.from({ length: TASKS }).reduce<Rooms>(
  (state) => countTask(state, ROOM, { isOurs: true, family: 'report', takenMs: 0, freedMs: NOW_MS - 1000 }, NOW_MS),
  full,
);
const granted = grantPlaces(freed, [call], NOW_MS).state;

/** How many places of the room are granted after an attempt that got its permit with places. */
async function placesAfter(ecs: Answer, isPaused = false): Promise<number> {
  const table = openTable();
  await table.put({ id: { S: 'rooms' }, version: { N: '1' }, state: { S: JSON.stringify(granted) } });
  if (isPaused) await table.put({ id: { S: 'pause' } });
  const world = table.open({}, { ecs });
  const permit = { grantedAt: new Date(NOW_MS).toISOString(), isRoomShort: true };
  const startedAt = new Date(NOW_MS).toISOString();
  const payload = { step: 'attempt', startedAt, rerun: RERUN, progress: null, permit };
  // Where asking again does not help the execution ends with an error.
  await makeHandler(world.dependencies)(payload).catch(() => undefined);
  const item = (await table.items()).find(({ id }) => id?.S === 'rooms');
  const { rooms }: Rooms = JSON.parse(item?.state?.S ?? '{}');
  return rooms[ROOM]?.granted.length ?? 0;
}

test('an attempt that starts no task gives its places back: throttled, unavailable, rejected or paused', async () => {
  expect(granted.rooms[ROOM]?.granted).toHaveLength(TASKS);
  expect(await placesAfter(failing([awsError('ThrottlingException', 'Rate exceeded')]))).toBe(0);
  expect(await placesAfter(failing([awsError('ServerException', 'Service failed', 500)]))).toBe(0);
  expect(await placesAfter(failing([awsError('AccessDeniedException', 'no')]))).toBe(0);
  expect(await placesAfter(() => ({}), true)).toBe(0);
});

test('an attempt that starts its tasks keeps their places', async () => {
  const tasks = Array.from({ length: TASKS }, (_, index) => ({
    taskArn: `${index}`,
    createdAt: new Date(NOW_MS),
  }));
  expect(await placesAfter(() => ({ tasks }))).toBe(TASKS);
});
