import fc from 'fast-check';
import { expect, test } from 'vitest';
import { grantPlaces } from '../../../../lambda/core/rate/grant-places.ts';
import { refuseFamily, retried, startFamily } from '../../../../lambda/core/rate/misfits.ts';
import { cutProbe, growProbe, slowProbe, startProbe } from '../../../../lambda/core/rate/probe.ts';
import { AHEAD_MS } from '../../../../lambda/core/rate/pulse.ts';
import {
  givePermitsBack,
  handOverThrottle,
  reservePermits,
  signalThrottle,
  throttlePermit,
} from '../../../../lambda/core/rate/rate.ts';
import { initialRate, type RateState, rateStateSchema } from '../../../../lambda/core/rate/rate-state.ts';
import { countTask, findFull, findPlace, givePlacesBack } from '../../../../lambda/core/rate/room.ts';
import { stillShort } from '../../../../lambda/core/rate/room-level.ts';
import {
  kept,
  NO_ROOMS,
  type Room,
  type Rooms,
  roomSchema,
  roomsSchema,
} from '../../../../lambda/core/rate/room-state.ts';
import { BUCKET_UNITS, type Records } from '../../../../lambda/core/rate/traffic.ts';
import type { RateSettings } from '../../../../lambda/core/settings.ts';

/* What is written has to be read again: an item that no schema takes counts as none, and all that was learnt is gone. */

const NOW_MS = 1_768_000_000_000;
/** Clocks that go back, messages of later than now, and what is long over: everything may come in any order. */
const instant = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: NOW_MS - 20_000, max: NOW_MS + 2000 }) },
  { weight: 3, arbitrary: fc.integer({ min: NOW_MS - 160_000, max: NOW_MS + 10_000 }) },
  { weight: 3, arbitrary: fc.integer({ min: NOW_MS - 3, max: NOW_MS + 3 }) },
  { weight: 1, arbitrary: fc.integer({ min: NOW_MS - 86_400_000, max: NOW_MS + 86_400_000 }) },
  { weight: 1, arbitrary: fc.constant(0) },
);
const secondOf = (atMs: number) => Math.floor(atMs / 1000);
const second = instant.map(secondOf);
const perSecond = fc.double({ min: 1 / 60, max: 1000, noNaN: true });
const count = fc.nat(100);
const options = { numRuns: 500 };

function isReadable(schema: { parse: (value: unknown) => unknown }, state: unknown): void {
  const stored = JSON.parse(JSON.stringify(state));
  expect(schema.parse(stored)).toEqual(stored);
}

const settings: fc.Arbitrary<RateSettings> = fc
  .tuple(perSecond, perSecond, perSecond)
  .map((rates) => rates.toSorted((a, b) => a - b))
  .map(([minPerSecond = 1, initialPerSecond = 1, maxPerSecond = 1]) => ({
    minPerSecond,
    initialPerSecond,
    maxPerSecond,
  }));

/** A run of seconds, as storms and drains leave it. */
const seconds = <T>(of: fc.Arbitrary<T>) =>
  fc
    .tuple(second, fc.array(of, { maxLength: 30 }))
    .map(([first, values]) => values.map((value, index) => [first + index, value] as const));

const rateState: fc.Arbitrary<RateState> = fc
  .record(
    {
      nextPermitAtMs: instant,
      drainStartedAtMs: instant,
      probePerSecond: perSecond,
      probedAtMs: instant,
      measuredAtMs: instant,
      goodForMs: fc.integer({ min: 500, max: 17_000 }),
      ceilingPerSecond: perSecond,
      throttledAtMs: instant,
      signalledAtMs: instant,
      storm: fc.record({ sinceMs: instant, atMs: instant, toldAtMs: instant }),
      bucket: fc.record({
        unit: fc.constantFrom(...BUCKET_UNITS),
        refillPerSecond: perSecond,
        burst: count,
        sample: count,
        seenInSecond: second,
        atMs: instant,
      }),
      grants: seconds(count).map((all) => Object.fromEntries(all)),
    },
    { requiredKeys: [] },
  )
  .map((changes) => ({ ...initialRate({ minPerSecond: 1, initialPerSecond: 10, maxPerSecond: 100 }), ...changes }));

const traffic = seconds(fc.record({ accepted: count, throttled: count })).map((all) => new Map(all));
const records: fc.Arbitrary<Records> = fc.record({
  seconds: fc.record({ calls: traffic, tasks: traffic }),
  lagSeconds: fc.tuple(count, count).map(([a, b]) => ({ least: Math.min(a, b), most: Math.max(a, b) })),
  lags: fc.array(fc.tuple(count, count)).map((lags) => new Map(lags)),
});

/** All that yields a rate, each over whatever it is given. */
const RATE_STEPS = {
  initialRate: fc.tuple(settings).map(([limits]) => initialRate(limits)),
  reservePermits: fc
    .tuple(rateState, fc.array(count), records, instant, settings)
    .map(([state, wanted, seen, nowMs, limits]) => reservePermits(state, wanted, seen, nowMs, AHEAD_MS, limits).state),
  givePermitsBack: fc.tuple(rateState, fc.array(count)).map((args) => givePermitsBack(...args)),
  throttlePermit: fc
    .tuple(rateState, instant, instant, fc.integer({ min: 1, max: 10 }))
    .map((args) => throttlePermit(...args)),
  handOverThrottle: fc.tuple(rateState, instant, instant).map((args) => handOverThrottle(...args)),
  signalThrottle: fc.tuple(rateState, instant, instant).map((args) => signalThrottle(...args)),
  startProbe: fc.tuple(rateState, instant, settings).map((args) => startProbe(...args)),
  growProbe: fc.tuple(rateState, perSecond, instant, settings).map((args) => growProbe(...args)),
  cutProbe: fc.tuple(rateState, instant, instant).map((args) => cutProbe(...args)),
  slowProbe: fc.tuple(rateState, instant).map((args) => slowProbe(...args)),
};

test.each(Object.entries(RATE_STEPS))('the rate that %s yields can be read', (_, after) => {
  fc.assert(
    fc.property(after, (state) => isReadable(rateStateSchema, state)),
    options,
  );
});

test('permits are due in order, from no longer ago than is caught up on', () => {
  fc.assert(
    fc.property(rateState, fc.array(count), records, instant, settings, (state, wanted, seen, nowMs, limits) => {
      const { permitsAtMs } = reservePermits(state, wanted, seen, nowMs, AHEAD_MS, limits);
      expect(permitsAtMs).toEqual(permitsAtMs.toSorted((a, b) => a - b));
      expect(permitsAtMs.every((atMs) => atMs >= nowMs - 700 && atMs <= nowMs + AHEAD_MS)).toBe(true);
    }),
    options,
  );
});

const ROOMS = ['instances batch', 'fargate FARGATE', 'addresses subnet-a', 'provisioning batch'] as const;
const roomName = fc.constantFrom(...ROOMS);
const family = fc.constantFrom('', 'report', 'huge');
const instants = fc.array(instant, { maxLength: 20 });
const quantity = fc.double({ min: 0, max: 1000, noNaN: true });
const room: fc.Arbitrary<Room> = fc.record({
  fullAtMs: instant,
  sinceMs: instant,
  freed: instants,
  taken: instants,
  granted: instants,
  carried: fc.integer({ min: -100, max: 100 }),
  minutes: fc.dictionary(
    instant.map((atMs) => String(Math.floor(atMs / 60_000))),
    fc.record({ freed: count, heldSeconds: quantity, oursHeldSeconds: quantity }),
    { maxKeys: 4, noNullPrototype: true },
  ),
  unheardPerSecond: fc.option(quantity),
  returns: fc.dictionary(
    instant.map((atMs) => String(Math.floor(atMs / 5000))),
    count,
    { maxKeys: 4, noNullPrototype: true },
  ),
  refusals: count,
});
const refused = fc.record({
  sinceMs: instant,
  refusedAtMs: instant,
  triedAtMs: instant,
  refusals: count,
  others: count,
});
const rooms: fc.Arbitrary<Rooms> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(NO_ROOMS) },
  {
    weight: 9,
    arbitrary: fc.record({
      rooms: fc.dictionary(roomName, room, { maxKeys: 4, noNullPrototype: true }),
      refused: fc.dictionary(
        fc.tuple(roomName, family).map(([name, of]) => `${name}|${of}`),
        refused,
        { maxKeys: 4, noNullPrototype: true },
      ),
    }),
  },
);
const unused = fc.option(fc.record({ grantedAtMs: instant, places: count }), { nil: undefined });
const refusal = fc.record({ room: roomName, atMs: instant, unused, family });
const change = fc.record({
  isOurs: fc.boolean(),
  family,
  takenMs: instant,
  freedMs: fc.option(instant, { nil: undefined }),
});
const roomCall = fc.record({
  rooms: fc.uniqueArray(roomName),
  tasks: count,
  family,
  spread: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});
const unusedPlaces = fc.array(fc.record({ rooms: fc.array(roomName), tasks: count }));

/** All that yields rooms, each over whatever it is given. */
const ROOM_STEPS = {
  findFull: fc.tuple(rooms, refusal, instant).map((args) => findFull(...args)),
  findPlace: fc.tuple(rooms, fc.array(roomName), family, instant).map((args) => findPlace(...args)),
  countTask: fc.tuple(rooms, roomName, change, instant).map((args) => countTask(...args)),
  givePlacesBack: fc.tuple(rooms, unusedPlaces, instant).map((args) => givePlacesBack(...args)),
  grantPlaces: fc.tuple(rooms, fc.array(roomCall), instant).map((args) => grantPlaces(...args).state),
  stillShort: fc.tuple(rooms, instant).map((args) => stillShort(...args)),
  refuseFamily: fc.tuple(rooms, roomName, family, instant).map((args) => refuseFamily(...args)),
  startFamily: fc.tuple(rooms, roomName, family).map((args) => startFamily(...args)),
  retried: fc.tuple(rooms, roomName, family, instant).map((args) => retried(...args)),
};

test.each(Object.entries(ROOM_STEPS))('rooms that %s yields can be read', (_, after) => {
  fc.assert(
    fc.property(after, (state) => isReadable(roomsSchema, state)),
    options,
  );
});

test('a room without what is over can be read', () => {
  fc.assert(
    fc.property(room, instant, (given, nowMs) => isReadable(roomSchema, kept(given, nowMs))),
    options,
  );
});

test('whoever finds no place is sent away for a second at least and a quarter of an hour at most', () => {
  fc.assert(
    fc.property(rooms, fc.array(roomCall), instant, (state, calls, nowMs) => {
      for (const place of grantPlaces(state, calls, nowMs).places) {
        if (place.kind === 'granted') continue;
        expect(Number.isInteger(place.awaySeconds)).toBe(true);
        expect(place.awaySeconds).toBeGreaterThanOrEqual(1);
        expect(place.awaySeconds).toBeLessThanOrEqual(905);
      }
    }),
    options,
  );
});
