import { describe, expect, test } from 'vitest';
import { grantPlaces } from '../../../../lambda/core/rate/grant-places.ts';
import { neverFits } from '../../../../lambda/core/rate/misfits.ts';
import {
  countTask,
  findFull,
  findPlace,
  givePlacesBack,
  type PlaceChange,
  type Refusal,
} from '../../../../lambda/core/rate/room.ts';
import { stillShort } from '../../../../lambda/core/rate/room-level.ts';
import { NO_ROOMS, type Rooms, roomsSchema } from '../../../../lambda/core/rate/room-state.ts';

const NOW_MS = 1_768_446_000_000;
const ROOM = 'fargate';
/** The room is found full by somebody. */
const full = (state: Rooms, refusal: Omit<Refusal, 'family'>, nowMs: number) =>
  findFull(state, { family: 'report', ...refusal }, nowMs);
const FULL = full(NO_ROOMS, { room: ROOM, atMs: NOW_MS }, NOW_MS);
const CALL = { rooms: [ROOM, 'provisioning batch'], tasks: 1, family: 'report', spread: 0.5 };

const granted = (state: Rooms, nowMs: number, calls = [CALL]) =>
  grantPlaces(state, calls, nowMs).places.filter(({ kind }) => kind === 'granted').length;
const many = (count: number) => new Array(count).fill(CALL);
/** A task of ours that ended at `atMs`. */
const ends = (state: Rooms, atMs: number, change: Partial<PlaceChange> = {}) =>
  countTask(
    state,
    ROOM,
    { isOurs: true, family: 'report', takenMs: atMs - 40_000, freedMs: atMs, ...change },
    atMs + 1000,
  );
const starts = (state: Rooms, atMs: number) =>
  countTask(state, ROOM, { isOurs: false, family: 'web', takenMs: atMs, freedMs: undefined }, atMs + 1000);

describe('a room', () => {
  test('that nobody found full is no limit', () => {
    const { state, places } = grantPlaces(NO_ROOMS, many(50), NOW_MS);
    expect(places).toEqual(many(50).map(() => ({ kind: 'granted' })));
    expect(state).toBe(NO_ROOMS);
  });

  test('that is full grants nothing, until a task ends: then one place, to one call', () => {
    expect(granted(FULL, NOW_MS + 5000, many(5))).toBe(0);
    const ended = ends(FULL, NOW_MS + 5000);
    expect(granted(ended, NOW_MS + 6000, many(5))).toBe(1);
    const { state } = grantPlaces(ended, many(5), NOW_MS + 6000);
    expect(granted(state, NOW_MS + 6100, many(5))).toBe(0);
  });

  test('does not hold back calls that are not short of it', () => {
    expect(granted(FULL, NOW_MS, [{ ...CALL, rooms: ['instances batch'] }])).toBe(1);
  });

  test('has no credit for what ended before it was full, nor for a place that others took since', () => {
    expect(granted(ends(FULL, NOW_MS - 100), NOW_MS + 2000)).toBe(0);
    const taken = ends(starts(FULL, NOW_MS + 5000), NOW_MS + 5000);
    expect(granted(taken, NOW_MS + 6000)).toBe(0);
  });

  test('leaves to others what they start in a second, which nobody has told of yet', () => {
    let state = FULL;
    for (let second = 1; second <= 60; second++) {
      const atMs = NOW_MS + second * 1000;
      for (let task = 0; task < 2; task++) state = ends(starts(state, atMs), atMs, { isOurs: false, takenMs: atMs });
    }
    state = full(state, { room: ROOM, atMs: NOW_MS + 60_500 }, NOW_MS + 60_500);
    for (let task = 0; task < 3; task++) state = ends(state, NOW_MS + 61_000);
    expect(granted(state, NOW_MS + 61_000, many(5))).toBe(1);
  });

  describe('leaves others headroom', () => {
    /** Of the others one a second starts and stays for a hundred seconds: there are a hundred of them. It was found full lately. */
    function places(afterSeconds: number, ended: number, heldSeconds: number): number {
      let state = FULL;
      for (let second = 1; second <= afterSeconds; second++) {
        const atMs = NOW_MS + second * 1000;
        state = ends(starts(state, atMs), atMs + 1, { isOurs: false, takenMs: atMs - 100_000 });
      }
      const at = NOW_MS + (afterSeconds + 1) * 1000;
      state = full(state, { room: ROOM, atMs: at - 500 }, at);
      for (let free = 0; free < ended; free++) state = ends(state, at, { takenMs: at - heldSeconds * 1000 });
      return granted(state, at + 1000, many(20));
    }

    test('by how many there are', () => {
      expect(places(60, 4, 600)).toBe(0);
      expect(places(60, 10, 600)).toBeGreaterThan(0);
      expect(places(60, 10, 600)).toBeLessThan(6);
    });

    test('of no more than a tenth of what we have, once that shows', () => {
      expect(places(60, 10, 60)).toBe(places(60, 10, 600));
      expect(places(200, 10, 60)).toBeGreaterThan(places(200, 10, 600));
    });
  });

  test('is tried after a while, one place first and then ever more, and one refusal ends it', () => {
    const minutes = 60_000;
    expect(granted(FULL, NOW_MS + 9 * minutes, many(5))).toBe(0);
    const later = NOW_MS + 10 * minutes + 1000;
    expect(granted(FULL, later, many(5))).toBe(1);
    const { state } = grantPlaces(FULL, many(5), later);
    expect(granted(state, later + 1000, many(5))).toBe(0);
    expect(granted(state, later + 31_000, many(9))).toBe(3);
    const refused = full(state, { room: ROOM, atMs: later + 2000 }, later + 2000);
    expect(granted(refused, later + 31_000, many(9))).toBe(0);
  });

  test('is tried sooner before anything is known of events that get lost, then by how many others there are', () => {
    /** Of the others one starts every ten seconds, and one ends: in ten minutes a hundred do neither. */
    const exchanged = (state: Rooms, fromMs: number) =>
      Array.from({ length: 17 }, (_, index) => fromMs + (index + 1) * 10_000).reduce(
        (before, atMs) => ends(starts(before, atMs), atMs + 1, { isOurs: false }),
        state,
      );
    const triedAtMs = NOW_MS + 173_000;
    expect(granted(exchanged(FULL, NOW_MS), triedAtMs, many(50))).toBeGreaterThan(0);
    const refused = full(FULL, { room: ROOM, atMs: triedAtMs }, triedAtMs);
    expect(granted(exchanged(refused, triedAtMs), triedAtMs + 173_000, many(50))).toBe(0);
  });

  test('is forgotten when all that tried it found a place', () => {
    expect(stillShort(FULL, NOW_MS + 700_000).rooms).toHaveProperty(ROOM);
    expect(stillShort(FULL, NOW_MS + 800_000)).toEqual(NO_ROOMS);
  });

  test('that was refused gets its place back, and what was underway meanwhile counts as taken', () => {
    let state = FULL;
    for (let free = 0; free < 3; free++) state = ends(state, NOW_MS + 5000);
    ({ state } = grantPlaces(state, many(3), NOW_MS + 6000));
    const atMs = NOW_MS + 6500;
    state = full(state, { room: ROOM, atMs, unused: { grantedAtMs: NOW_MS + 6100, places: 1 } }, atMs);
    expect(state.rooms[ROOM]?.granted).toHaveLength(2);
    for (let free = 0; free < 2; free++) state = ends(state, NOW_MS + 7000);
    expect(granted(state, NOW_MS + 8000, many(3))).toBe(0);
    expect(granted(ends(state, NOW_MS + 7000), NOW_MS + 8000, many(3))).toBe(1);
  });

  test('takes back places that nobody took', () => {
    const { state } = grantPlaces(ends(FULL, NOW_MS + 5000), many(1), NOW_MS + 6000);
    expect(granted(givePlacesBack(state, [CALL], NOW_MS + 6000), NOW_MS + 7000)).toBe(1);
  });

  test('is known to be full by others’ records too, which come late: what ended after that is free', () => {
    const late = full(ends(FULL, NOW_MS + 20_000), { room: ROOM, atMs: NOW_MS + 10_000 }, NOW_MS + 25_000);
    expect(granted(late, NOW_MS + 25_000)).toBe(1);
    const later = full(ends(FULL, NOW_MS + 20_000), { room: ROOM, atMs: NOW_MS + 22_000 }, NOW_MS + 25_000);
    expect(granted(later, NOW_MS + 25_000)).toBe(0);
  });

  test('of a task that got no address was full when that was created, and its place was never taken', () => {
    const taken = ends(starts(FULL, NOW_MS + 5000), NOW_MS + 8000);
    const failed = full(taken, { room: ROOM, atMs: NOW_MS + 5000 }, NOW_MS + 20_000);
    expect(failed.rooms[ROOM]).toMatchObject({ fullAtMs: NOW_MS + 5000, taken: [], freed: [NOW_MS + 8000] });
  });

  test('grants a call of several tasks only where there is a place for each', () => {
    const two = ends(ends(FULL, NOW_MS + 5000), NOW_MS + 5000);
    expect(granted(two, NOW_MS + 6000, [{ ...CALL, tasks: 3 }])).toBe(0);
    expect(granted(two, NOW_MS + 6000, [{ ...CALL, tasks: 2 }])).toBe(1);
  });

  test('is one of several that a call may be short of: all of them must have a place', () => {
    const both = full(ends(FULL, NOW_MS + 5000), { room: 'provisioning batch', atMs: NOW_MS }, NOW_MS);
    expect(granted(both, NOW_MS + 6000)).toBe(0);
    expect(grantPlaces(both, [CALL], NOW_MS + 6000).state.rooms[ROOM]?.granted).toEqual([]);
  });
});

describe('what is told late or twice of a room', () => {
  const refused = (state: Rooms, atMs: number, nowMs = atMs) => full(state, { room: ROOM, atMs }, nowMs);
  const freeAt = (state: Rooms, nowMs: number) => granted(state, nowMs, many(20));

  test('is no news where somebody was refused since: what ended in between is taken', () => {
    const told = ends(refused(refused(FULL, NOW_MS + 10_000), NOW_MS + 2000, NOW_MS + 12_000), NOW_MS + 5000);
    expect(freeAt(told, NOW_MS + 13_000)).toBe(0);
  });

  test('is no news where it is over a minute old: what ended before it may be free', () => {
    const ended = ends(FULL, NOW_MS + 10_000);
    expect(freeAt(refused(ended, NOW_MS + 20_000, NOW_MS + 100_000), NOW_MS + 100_000)).toBe(1);
    expect(freeAt(refused(ended, NOW_MS + 50_000, NOW_MS + 100_000), NOW_MS + 100_000)).toBe(0);
  });

  test('is over with the next refusal, also what ended so long ago that only its number is kept', () => {
    expect(freeAt(refused(ends(FULL, NOW_MS + 1000), NOW_MS + 71_000), NOW_MS + 72_000)).toBe(0);
  });

  test('counts a place once that was granted as the room was found full, also when only its number is kept', () => {
    const { state } = grantPlaces(ends(FULL, NOW_MS + 5000), many(1), NOW_MS + 9000);
    const ended = ends(refused(state, NOW_MS + 10_000), NOW_MS + 11_000);
    expect(freeAt(ended, NOW_MS + 12_000)).toBe(0);
    expect(freeAt(ends(ended, NOW_MS + 72_000), NOW_MS + 73_000)).toBe(1);
  });

  test('is a start of ours, whose place was counted when it was granted', () => {
    const { state } = grantPlaces(ends(FULL, NOW_MS + 5000), many(1), NOW_MS + 6000);
    const ours = { isOurs: true, family: 'report', takenMs: NOW_MS + 6100, freedMs: undefined };
    expect(freeAt(ends(countTask(state, ROOM, ours, NOW_MS + 6500), NOW_MS + 7000), NOW_MS + 8000)).toBe(1);
  });

  test('gives no places back that were granted later', () => {
    const two = ends(ends(FULL, NOW_MS + 5000), NOW_MS + 5000);
    const once = grantPlaces(two, many(1), NOW_MS + 6000).state;
    const { state } = grantPlaces(once, many(1), NOW_MS + 8000);
    const given = givePlacesBack(state, [{ rooms: [ROOM], tasks: 2 }], NOW_MS + 6000);
    expect(given.rooms[ROOM]?.granted).toEqual([NOW_MS + 8000]);
  });

  test.each([
    [20, 0],
    [40, 1],
  ])('shows how many end unheard by two refusals %d s apart: %d', (seconds, expected) => {
    let state = FULL;
    for (let task = 0; task < 20; task++) state = starts(state, NOW_MS + 5000);
    const atMs = NOW_MS + seconds * 1000;
    expect(Math.sign(freeAt(refused(state, atMs), atMs + 100_000))).toBe(expected);
  });
});

describe('a family that is larger than any instance', () => {
  const POOL = 'instances batch';
  const huge = { ...CALL, rooms: [POOL], family: 'huge' };
  const small = { ...CALL, rooms: [POOL], family: 'report' };
  const start = (state: Rooms, family: string, atMs: number, room = POOL) =>
    countTask(state, room, { isOurs: true, family, takenMs: atMs, freedMs: undefined }, atMs);
  const free = (state: Rooms, atMs: number) =>
    countTask(state, POOL, { isOurs: true, family: 'report', takenMs: atMs - 1, freedMs: atMs }, atMs);
  const refuse = (state: Rooms, atMs: number, family = 'huge', room = POOL) =>
    findFull(state, { room, atMs, unused: { grantedAtMs: atMs, places: 1 }, family }, atMs);
  /** So often that it is no chance. */
  const refuseAll = (before: Rooms, atMs: number, family = 'huge') =>
    Array.from({ length: 14 }, (_, index) => atMs + index).reduce((state, each) => refuse(state, each, family), before);
  /** It is refused so often, and others start in between. */
  function refused(times: number, everyMs: number, room = POOL): Rooms {
    let state = findFull(NO_ROOMS, { room, atMs: NOW_MS, family: 'huge' }, NOW_MS);
    for (let time = 1; time <= times; time++) {
      const atMs = NOW_MS + time * everyMs;
      state = refuse(state, atMs, 'huge', room);
      for (const family of ['report', 'report', 'web']) state = start(state, family, atMs, room);
    }
    return state;
  }

  test('does not make others wait: its refusals say nothing of the room', () => {
    const state = free(refused(8, 1000), NOW_MS + 8500);
    expect(granted(refuseAll(state, NOW_MS + 9000), NOW_MS + 9500, [small])).toBe(1);
    expect(granted(refuseAll(state, NOW_MS + 9000, 'report'), NOW_MS + 9500, [small])).toBe(0);
  });

  test('is tried now and then, as instances may have been added', () => {
    const atMs = NOW_MS + 200_000;
    const before = free(free(free(refused(8, 1000), atMs), atMs), atMs);
    const { state, places } = grantPlaces(before, [huge, huge], atMs);
    expect(places.map(({ kind }) => kind)).toEqual(['granted', 'none']);
    expect(granted(state, atMs + 29_000, [huge])).toBe(0);
    expect(granted(state, atMs + 31_000, [huge])).toBe(1);
  });

  test('is given up when it was refused for long while many others started', () => {
    const minutes = (times: number, everyMs: number) => {
      const atMs = NOW_MS + times * everyMs;
      return neverFits(refused(times, everyMs), POOL, 'huge', 8, atMs);
    };
    expect(minutes(40, 30_000)).toBe(true);
    expect(minutes(20, 30_000)).toBe(false);
    expect(minutes(7, 300_000)).toBe(false);
  });

  test('waits until its deadline for a quota of vCPUs, of which small tasks may only have been sooner each time', () => {
    expect(neverFits(refused(40, 30_000, 'fargate'), 'fargate', 'huge', 8, NOW_MS + 1_300_000)).toBe(false);
  });

  test('fits after all as soon as a task of it starts', () => {
    const state = start(refused(40, 30_000), 'huge', NOW_MS + 1_300_000);
    expect(neverFits(state, POOL, 'huge', 8, NOW_MS + 1_300_000)).toBe(false);
    expect(granted(refuseAll(free(state, NOW_MS + 1_300_000), NOW_MS + 1_300_001), NOW_MS + 1_300_500, [small])).toBe(
      0,
    );
  });

  test('fits after all where an attempt of ours was placed, which no event has told of yet', () => {
    const state = refused(40, 1000);
    expect(granted(state, NOW_MS + 50_000, [huge, huge])).toBe(1);
    expect(granted(findPlace(state, [POOL], 'huge', NOW_MS + 49_000), NOW_MS + 50_000, [huge, huge])).toBe(2);
    expect(granted(findPlace(state, [POOL], 'web', NOW_MS + 49_000), NOW_MS + 50_000, [huge, huge])).toBe(1);
  });

  test('is known in a room that each start of others takes for not full', () => {
    let state: Rooms = NO_ROOMS;
    for (let second = 1; second <= 10; second++) {
      const atMs = NOW_MS + second * 1000;
      state = start(findPlace(refuse(state, atMs), [POOL], 'report', atMs + 100), 'report', atMs + 100);
    }
    expect(state.rooms).toEqual({});
    expect(granted(state, NOW_MS + 11_000, [huge, huge])).toBe(1);
  });

  test('is none that nobody can name', () => {
    expect(refuse(FULL, NOW_MS + 1000, '', ROOM).refused).toEqual({});
  });

  test('is none where no others start either, or where size does not matter', () => {
    let state = FULL;
    for (let time = 1; time <= 40; time++) state = refuse(state, NOW_MS + time * 30_000);
    expect(neverFits(state, POOL, 'huge', 8, NOW_MS + 1_300_000)).toBe(false);
    const short = refuse(NO_ROOMS, NOW_MS, 'huge', 'addresses subnet-a');
    expect(refuse(short, NOW_MS + 1000, 'huge', 'addresses subnet-a').refused).toEqual({});
  });
});

describe('a call that has no place yet', () => {
  const awayOf = (state: Rooms, count: number) => {
    const { places } = grantPlaces(
      state,
      many(count).map((call, index) => ({ ...call, spread: (index % 10) / 10 })),
      NOW_MS,
    );
    return places.map((place) => (place.kind === 'none' ? place.awaySeconds : 0));
  };

  test('comes back soon where few wait', () => {
    expect(Math.max(...awayOf(FULL, 3))).toBeLessThanOrEqual(5);
  });

  test('comes back within two minutes, however many wait, and no more often at once than places become free', () => {
    const away = awayOf(FULL, 1000);
    expect(Math.max(...away)).toBeLessThanOrEqual(120);
    expect(away.filter((seconds) => seconds <= 10).length).toBeLessThan(150);
    expect(away.filter((seconds) => seconds > 60).length).toBeGreaterThan(300);
  });
});

test('of more rooms than anybody is short of at once those are kept that were full last', () => {
  let state = NO_ROOMS;
  for (let room = 0; room < 30; room++)
    state = full(state, { room: `instances c${room}`, atMs: NOW_MS + room }, NOW_MS + room);
  expect(Object.keys(state.rooms)).toHaveLength(20);
  expect(state.rooms).toHaveProperty('instances c29');
  expect(state.rooms).not.toHaveProperty('instances c9');
});

test('what is kept of a room does not grow with its tasks, and counts them all', () => {
  let state = FULL;
  for (let second = 1; second <= 150; second++) {
    for (let task = 0; task < 20; task++) state = ends(state, NOW_MS + second * 1000);
    state = grantPlaces(state, many(19), NOW_MS + second * 1000 + 1000).state;
  }
  expect(JSON.stringify(roomsSchema.parse(state)).length).toBeLessThan(60_000);
  expect(granted(state, NOW_MS + 152_000, many(400))).toBe(150);
});

describe('a room of instances', () => {
  const INSTANCES = 'instances batch';
  const ASK = { ...CALL, rooms: [INSTANCES] };
  const refused = (state: Rooms, atMs: number) =>
    full(state, { room: INSTANCES, atMs, unused: { grantedAtMs: atMs - 100, places: 1 } }, atMs);
  /** The first refusal creates the room, the others are of calls that knew of it. */
  const refusedTimes = (times: number, before: Rooms = NO_ROOMS, fromMs = NOW_MS) =>
    Array.from({ length: times }, (_, index) => fromMs + 200 * index).reduce(refused, before);
  const FULL_FOR_SURE = refusedTimes(13);
  const LATER_MS = NOW_MS + 10_000;

  test('is not full for a few refusals, which may be chance or one call’s size: after the first it takes twelve in a row', () => {
    expect(granted(refusedTimes(12), NOW_MS + 4000, [ASK])).toBe(1);
    expect(granted(FULL_FOR_SURE, NOW_MS + 4000, [ASK])).toBe(0);
  });

  test.each(['instances batch spot', 'fargateCapacity', 'fargateSpotCapacity'])(
    'is one of those by chance: %s',
    (room) => {
      const state = full(NO_ROOMS, { room, atMs: NOW_MS }, NOW_MS);
      expect(granted(state, NOW_MS + 100, [{ ...CALL, rooms: [room] }])).toBe(1);
      expect(findPlace(state, [room], 'report', NOW_MS + 50).rooms).toEqual({});
    },
  );

  test.each(['fargate', 'fargateSpot', 'provisioning batch', 'addresses subnet-a'])(
    'is a quota, of which one refusal is proof: %s',
    (room) => {
      const state = full(NO_ROOMS, { room, atMs: NOW_MS }, NOW_MS);
      expect(granted(state, NOW_MS + 100, [{ ...CALL, rooms: [room] }])).toBe(0);
      expect(findPlace(state, [room], 'report', NOW_MS + 50)).toBe(state);
    },
  );

  test.each([
    ['came without places', 0],
    ['came with places, before that', 1],
  ])('is not proven full by calls that were underway at the first refusal: their permits %s', (_, places) => {
    const unused = { grantedAtMs: NOW_MS - 900, places };
    const underway = Array.from({ length: 20 }, (_, index) => NOW_MS + 10 * index).reduce(
      (state, atMs) => full(state, { room: INSTANCES, atMs, unused }, atMs),
      NO_ROOMS,
    );
    expect(granted(underway, NOW_MS + 1000, [ASK])).toBe(1);
  });

  test('was not full where somebody was placed after the first refusal', () => {
    expect(findPlace(refusedTimes(12), [INSTANCES], 'report', NOW_MS + 500).rooms).toEqual({});
    // Sent before the refusal, it says nothing; nor of other rooms.
    for (const [names, sentAtMs] of [
      [[INSTANCES], NOW_MS - 1],
      [['instances other'], NOW_MS + 500],
    ] as const) {
      const state = refusedTimes(12);
      expect(findPlace(state, names, 'web', sentAtMs)).toBe(state);
    }
  });

  test('stays full where somebody is placed once that is known, as others leave', () => {
    expect(findPlace(FULL_FOR_SURE, [INSTANCES], 'web', LATER_MS)).toBe(FULL_FOR_SURE);
  });

  test('that is full is tried on after one refusal, which may be chance, and not after two in a row', () => {
    const fullAt = (state: Rooms) => state.rooms[INSTANCES]?.fullAtMs;
    const once = refusedTimes(1, FULL_FOR_SURE, LATER_MS);
    expect(fullAt(once)).toBe(fullAt(FULL_FOR_SURE));
    expect(fullAt(refusedTimes(2, FULL_FOR_SURE, LATER_MS))).toBe(LATER_MS + 200);
    const placed = findPlace(once, [INSTANCES], 'report', LATER_MS + 100);
    expect(fullAt(refusedTimes(1, placed, LATER_MS + 200))).toBe(fullAt(FULL_FOR_SURE));
  });

  test('that is full is full again at a refusal of somebody else', () => {
    const state = full(FULL_FOR_SURE, { room: INSTANCES, atMs: LATER_MS }, LATER_MS);
    expect(state.rooms[INSTANCES]?.fullAtMs).toBe(LATER_MS);
  });

  test('is not proven full by records of others, which do not say who was placed in between', () => {
    const records = [0, 1, 2, 3, 4].reduce(
      (state, second) => full(state, { room: INSTANCES, atMs: NOW_MS + 1000 * second }, NOW_MS + 6000),
      NO_ROOMS,
    );
    expect(granted(records, NOW_MS + 7000, [ASK])).toBe(1);
  });
});
