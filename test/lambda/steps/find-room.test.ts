import { expect, test } from 'vitest';
import { grantPlaces } from '../../../lambda/core/rate/grant-places.ts';
import { countTask, findFull } from '../../../lambda/core/rate/room.ts';
import { NO_ROOMS, type Rooms } from '../../../lambda/core/rate/room-state.ts';
import { firstProgress } from '../../../lambda/core/rerun/next-step.ts';
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

interface Play {
  readonly ecs?: Answer;
  readonly isPaused?: boolean;
  readonly rerun?: object;
  readonly progress?: object;
  readonly nowMs?: number;
  /** Whether the permit came with places. */
  readonly isRoomShort?: boolean;
}

/** How many places of the room are granted after an attempt that got its permit with places. */
async function placesAfter(play: Play) {
  const { ecs = () => ({}), isPaused = false, rerun, progress, nowMs = NOW_MS, isRoomShort = true } = play;
  const table = openTable();
  await table.put({ id: { S: 'rooms' }, version: { N: '1' }, state: { S: JSON.stringify(granted) } });
  if (isPaused) await table.put({ id: { S: 'pause' } });
  const world = table.open({ capacity: { rerun: true, deadlineSeconds: 7200 } }, { ecs });
  world.at(nowMs);
  const permit = { grantedAt: new Date(nowMs).toISOString(), isRoomShort };
  const startedAt = new Date(NOW_MS).toISOString();
  const payload = {
    step: 'attempt',
    startedAt,
    rerun: { ...RERUN, ...rerun },
    progress: progress ? { ...firstProgress(TASKS), ...progress } : null,
    permit,
  };
  // Where asking again does not help the execution ends with an error.
  await makeHandler(world.dependencies)(payload).catch(() => undefined);
  const item = (await table.items()).find(({ id }) => id?.S === 'rooms');
  const { rooms }: Rooms = JSON.parse(item?.state?.S ?? '{}');
  return rooms[ROOM]?.granted.length ?? 0;
}

const throttled = failing([awsError('ThrottlingException', 'Rate exceeded')]);
const ended = { noRoom: { until: new Date(NOW_MS).toISOString(), room: ROOM, short: 'fargate' } };
const HOUR_MS = 3_600_000;

test.each<[string, Play]>([
  ['is throttled', { ecs: throttled }],
  ['gets no answer', { ecs: failing([awsError('ServerException', 'Service failed', 500)]) }],
  ['is rejected', { ecs: failing([awsError('AccessDeniedException', 'no')]) }],
  ['is paused', { isPaused: true }],
  ['is refused by the launch guard', { rerun: { call: { ...RERUN.call, caller: 'role/nobody' } } }],
  ['has waited for room in vain', { progress: ended }],
  ['comes after its deadline, without a proof', { nowMs: NOW_MS + HOUR_MS, rerun: { doneBy: undefined } }],
  ['comes after its deadline, and waits for the proof', { nowMs: NOW_MS + HOUR_MS }],
])('an attempt gives its places back when it %s', async (_, play) => {
  expect(granted.rooms[ROOM]?.granted).toHaveLength(TASKS);
  expect(await placesAfter(play)).toBe(0);
});

test('an attempt that starts its tasks keeps their places', async () => {
  const tasks = Array.from({ length: TASKS }, (_, index) => ({
    taskArn: `${index}`,
    createdAt: new Date(NOW_MS),
  }));
  expect(await placesAfter({ ecs: () => ({ tasks }) })).toBe(TASKS);
});

test('an attempt whose permit came without places takes back none of others', async () => {
  const failures = [{ reason: "You've reached the limit on the number of vCPUs you can run concurrently" }];
  const noRoom = () => ({ tasks: [], failures });
  expect(await placesAfter({ ecs: noRoom, isRoomShort: false })).toBe(TASKS);
  expect(await placesAfter({ ecs: throttled, isRoomShort: false })).toBe(TASKS);
  expect(await placesAfter({ ecs: noRoom })).toBe(0);
});
