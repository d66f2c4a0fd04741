import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  givePermitsBack,
  handOverThrottle,
  reservePermits,
  signalThrottle,
  throttlePermit,
} from '../../../../lambda/core/rate/rate.ts';
import { initialRate, type RateState, rateStateSchema } from '../../../../lambda/core/rate/rate-state.ts';
import { takenPerSecond } from '../../../../lambda/core/rate/spare-rate.ts';
import type { Records, SecondOfTraffic, Traffic } from '../../../../lambda/core/rate/traffic.ts';
import type { RateSettings } from '../../../../lambda/core/settings.ts';

const CATCH_UP_MS = 700;
const PULSE_MS = 325;
const WINDOW_MS = 13_000;
/** A whole second in which a pulse is due. */
const NOW_MS = 1_000_012_000;
const NOW = NOW_MS / 1000;
const AT_ONCE = { least: 0, most: 0 };
const QUIET: Traffic = { seconds: new Map(), lagSeconds: AT_ONCE, lags: new Map() };
/** As if each call had asked for one task. */
const recordsOf = ({ seconds, lagSeconds, lags }: Traffic): Records => ({
  seconds: { calls: seconds, tasks: seconds },
  lagSeconds,
  lags,
});
const turnsPerSecond = (state: RateState, traffic: Traffic, nowMs: number, settings: RateSettings) =>
  takenPerSecond(state, recordsOf(traffic), nowMs, settings);
const ones = (count: number): number[] => Array(count).fill(1);
const SETTINGS: RateSettings = { initialPerSecond: 10, minPerSecond: 0.5, maxPerSecond: 500 };
const always = (perSecond: number): RateSettings => ({
  initialPerSecond: perSecond,
  minPerSecond: perSecond,
  maxPerSecond: perSecond,
});
/** A drain that is underway: its next permit is due now. */
const draining = (changes: Partial<RateState> = {}): RateState => ({
  ...initialRate(SETTINGS),
  nextPermitAtMs: NOW_MS,
  drainStartedAtMs: NOW_MS - 1000,
  probedAtMs: NOW_MS,
  ...changes,
});
const reserve = (state: RateState, wanted: number, nowMs = NOW_MS, settings = SETTINGS, traffic = QUIET) =>
  reservePermits(state, ones(wanted), recordsOf(traffic), nowMs, WINDOW_MS, settings);
const granted = (state: RateState) => Object.values(state.grants).reduce((sum, n) => sum + n, 0);

describe('a reservation', () => {
  test('has permits due in pulses, and remembers when the next is due and how many it granted when', () => {
    const { permitsAtMs, state } = reserve(draining({ nextPermitAtMs: NOW_MS + 850 }), 4);
    expect(permitsAtMs).toEqual([975, 975, 1300, 1300].map((inMs) => NOW_MS + inMs));
    expect(state).toMatchObject({ nextPermitAtMs: NOW_MS + 1250, grants: { [NOW]: 2, [NOW + 1]: 2 } });
  });

  test('counts a permit in the second in which it is due', () => {
    expect(reserve(draining({ nextPermitAtMs: NOW_MS + 700 }), 4).state.grants).toEqual({ [NOW]: 3, [NOW + 1]: 1 });
  });

  test('after a rest catches up on 0.7 s and no more', () => {
    expect(reserve(draining({ nextPermitAtMs: NOW_MS - 20_000 }), 10).permitsAtMs).toEqual(
      [-650, -325, -325, -325, 0, 0, 0, 0, 325, 325].map((inMs) => NOW_MS + inMs),
    );
  });

  test.each([
    ['as many as are wanted', 0, 4, 4],
    ['only those due within the window', 0, 10, 7],
    ['one that is due at its very end', WINDOW_MS, 10, 1],
    ['none where the next permit lies behind it', WINDOW_MS + 1, 10, 0],
    ['none where none is wanted', 0, 0, 0],
  ])('hands out %s', (_, nextInMs, wanted, count) => {
    const { permitsAtMs, state } = reserve(
      draining({ nextPermitAtMs: NOW_MS + nextInMs }),
      wanted,
      NOW_MS,
      always(0.5),
    );
    expect(permitsAtMs).toHaveLength(count);
    expect(granted(state)).toBe(count);
  });
});

describe('over any interleaving of reservations', () => {
  const steps = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 20_000 }),
      wanted: fc.integer({ min: 0, max: 10 }),
      throttled: fc.boolean(),
      unused: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 60 },
  );
  const second: fc.Arbitrary<SecondOfTraffic> = fc.record({
    accepted: fc.integer({ min: 0, max: 100 }),
    throttled: fc.integer({ min: 0, max: 50 }),
  });
  const traffics: fc.Arbitrary<Traffic> = fc.record({
    seconds: fc
      .array(second, { maxLength: 40 })
      .map((all) => new Map(all.map((each, index) => [NOW - 40 + index, each]))),
    lagSeconds: fc
      .tuple(fc.integer({ min: 0, max: 120 }), fc.integer({ min: 0, max: 120 }))
      .map(([one, other]) => ({ least: Math.min(one, other), most: Math.max(one, other) })),
    lags: fc
      .array(fc.tuple(fc.integer({ min: 0, max: 120 }), fc.integer({ min: 1, max: 60 })))
      .map((counts) => new Map(counts)),
  });
  const limits: fc.Arbitrary<RateSettings> = fc
    .tuple(...Array.from({ length: 3 }, () => fc.double({ min: 0.05, max: 500, noNaN: true })))
    .map((rates) => {
      const [minPerSecond = 0, initialPerSecond = 0, maxPerSecond = 0] = rates.toSorted((a, b) => a - b);
      return { minPerSecond, initialPerSecond, maxPerSecond };
    });

  test('never more permits come due within a span than the fastest rate allows, 0.7 s to catch up, and a pulse', () => {
    fc.assert(
      fc.property(limits, steps, traffics, (settings, batches, traffic) => {
        let state = initialRate(settings);
        let nowMs = NOW_MS;
        const taken: number[] = [];
        for (const { afterMs, wanted, throttled, unused } of batches) {
          nowMs += afterMs;
          const reserved = reserve(givePermitsBack(state, ones(unused)), wanted, nowMs, settings, traffic);
          state = throttled ? throttlePermit(reserved.state, nowMs, nowMs, 1) : reserved.state;
          for (const atMs of reserved.permitsAtMs) {
            expect(atMs).toBeGreaterThanOrEqual(nowMs - CATCH_UP_MS);
            expect(atMs).toBeLessThanOrEqual(nowMs + WINDOW_MS + 1e-6);
            // A permit reserved for the past is taken at once.
            taken.push(Math.max(atMs, nowMs));
          }
        }
        taken.forEach((fromMs, first) => {
          const seconds = ((taken.at(-1) ?? 0) - fromMs + CATCH_UP_MS + PULSE_MS) / 1000;
          expect(taken.length - first).toBeLessThanOrEqual(settings.maxPerSecond * seconds + 1 + 1e-3);
        });
      }),
    );
  });

  test('whoever waits never waits longer for the next permit than the slowest rate says, and a pulse', () => {
    fc.assert(
      fc.property(limits, steps, traffics, (settings, batches, traffic) => {
        let state = initialRate(settings);
        let nowMs = NOW_MS;
        for (const { afterMs, wanted, throttled } of batches) {
          nowMs += afterMs;
          const reserved = reserve(state, wanted, nowMs, settings, traffic);
          const spans = reserved.permitsAtMs.slice(1).map((atMs, index) => atMs - (reserved.permitsAtMs[index] ?? 0));
          for (const span of spans)
            expect(span).toBeLessThanOrEqual((1000 / settings.minPerSecond) * (1 + 1e-6) + PULSE_MS);
          state = throttled ? throttlePermit(reserved.state, nowMs, nowMs, 1) : reserved.state;
        }
      }),
    );
  });

  test('its state can be stored and read again', () => {
    fc.assert(
      fc.property(limits, steps, traffics, (settings, batches, traffic) => {
        let state = initialRate(settings);
        for (const [index, { wanted, unused }] of batches.entries()) {
          state = reserve(givePermitsBack(state, ones(unused)), wanted, NOW_MS + index * 5000, settings, traffic).state;
        }
        expect(rateStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
      }),
    );
  });
});

/** Asks for a permit every second, so that permits are used all the time. */
function drainFor(seconds: number, state: RateState, settings = SETTINGS) {
  let last = state;
  for (let second = 1; second <= seconds; second++) last = reserve(last, 1, NOW_MS + second * 1000, settings).state;
  return last;
}

describe('while nothing is known of the bucket', () => {
  test('begins at the configured rate', () => {
    expect(turnsPerSecond(reserve(initialRate(SETTINGS), 1).state, QUIET, NOW_MS, SETTINGS)).toBe(10);
  });

  test('grows fast up to three quarters of the usual refill, then slowly, while its permits are used and nothing is throttled', () => {
    const rates = [1, 2, 3, 4, 5].map((seconds) => drainFor(seconds, draining()).probePerSecond);
    expect(rates.map((rate) => Math.round(rate * 10) / 10)).toEqual([20, 40, 44, 48.4, 53.2]);
  });

  test('grows fast beyond them where so much was got for seconds that the bucket must be a larger one', () => {
    const seconds = Array.from({ length: 6 }, (_, index) => NOW - 6 + index);
    const grants = (perSecond: number) => Object.fromEntries(seconds.map((second) => [second, perSecond]));
    const grown = (perSecond: number) =>
      drainFor(1, draining({ probePerSecond: 40, throttledAtMs: NOW_MS - 6000, grants: grants(perSecond) }))
        .probePerSecond;
    expect([grown(20), grown(32)].map(Math.round)).toEqual([44, 60]);
  });

  test('does not grow while others are throttled', () => {
    expect(
      drainFor(3, draining({ storm: { sinceMs: NOW_MS, atMs: NOW_MS + 60_000, toldAtMs: NOW_MS + 60_000 } }))
        .probePerSecond,
    ).toBe(10);
  });

  test('starts afresh after a minute without permits, whatever it was before', () => {
    const fast = draining({ probePerSecond: 300, nextPermitAtMs: NOW_MS - 60_001 });
    expect(reserve(fast, 1).state).toMatchObject({ probePerSecond: 10, drainStartedAtMs: NOW_MS });
    expect(reserve({ ...fast, nextPermitAtMs: NOW_MS - 60_000 }, 1).state).toMatchObject({ probePerSecond: 300 });
  });

  test('resumes at half of what it really got, however far it has grown', () => {
    const grown = drainFor(60, draining({ probePerSecond: 5 }));
    const nowMs = NOW_MS + 60_000;
    expect(turnsPerSecond(throttlePermit(grown, nowMs, nowMs, 1), QUIET, nowMs, SETTINGS)).toBeCloseTo(0.5, 1);
  });
});

describe('a throttle of ours', () => {
  const perSecond = (permits: number, seconds: number, from = 0) =>
    Object.fromEntries(Array.from({ length: seconds }, (_, second) => [NOW + from + second, permits]));

  test('halves the probe and says when', () => {
    expect(throttlePermit(draining(), NOW_MS, NOW_MS + 200, 1)).toMatchObject({
      probePerSecond: 5,
      throttledAtMs: NOW_MS + 200,
    });
  });

  test('counts once for permits that were underway together, in any order', () => {
    const once = throttlePermit(draining(), NOW_MS, NOW_MS + 200, 1);
    for (const grantedAtMs of [NOW_MS - 5000, NOW_MS - 1, NOW_MS, NOW_MS + 200]) {
      expect(throttlePermit(once, grantedAtMs, NOW_MS + 300, 1)).toBe(once);
    }
  });

  test('takes back the permit: a request that was denied took nothing', () => {
    const state = draining({ grants: { [NOW]: 3 }, throttledAtMs: NOW_MS });
    expect(throttlePermit(state, NOW_MS, NOW_MS + 100, 1).grants).toEqual({ [NOW]: 2 });
  });

  test('takes back all that it would have taken of a bucket of tasks', () => {
    const bucket = { unit: 'tasks', refillPerSecond: 20, burst: 20, sample: 100, seenInSecond: 0, atMs: 0 } as const;
    const state = draining({ grants: { [NOW]: 12 }, bucket });
    expect(throttlePermit(state, NOW_MS, NOW_MS + 100, 10).grants).toEqual({ [NOW]: 2 });
  });

  test('soon after a rest tells how full the bucket was, too', () => {
    const state = draining({ drainStartedAtMs: NOW_MS - 4000, probePerSecond: 20, grants: perSecond(20, 4, -4) });
    const rested = { ...state, throttledAtMs: NOW_MS - 65_000 };
    expect(throttlePermit(rested, NOW_MS, NOW_MS, 1)).toMatchObject({ probePerSecond: 10, goodForMs: 500 });
    const unthrottled = { throttledAtMs: NOW_MS - 151_000, drainStartedAtMs: NOW_MS - 300_000 };
    const long = { ...state, ...unthrottled, grants: perSecond(20, 150, -150) };
    expect(throttlePermit(long, NOW_MS, NOW_MS, 1)).toMatchObject({ probePerSecond: 10, goodForMs: 500 });
    const busy = { ...state, throttledAtMs: NOW_MS - 63_000 };
    expect(throttlePermit(busy, NOW_MS, NOW_MS, 1)).toMatchObject({ goodForMs: 17_000 });
  });

  test('says nothing new while the bucket is still about empty from the one before', () => {
    const once = throttlePermit(draining(), NOW_MS, NOW_MS + 200, 1);
    expect(throttlePermit(once, NOW_MS + 1700, NOW_MS + 1800, 1)).toBe(once);
    expect(throttlePermit(once, NOW_MS + 1701, NOW_MS + 1800, 1)).toMatchObject({ throttledAtMs: NOW_MS + 1800 });
  });

  test('stops all until the bucket holds something again', () => {
    const { nextPermitAtMs } = throttlePermit(draining({ probePerSecond: 40 }), NOW_MS, NOW_MS, 1);
    expect(nextPermitAtMs).toBe(NOW_MS + 500);
  });

  test.each([
    ['what was got least in the spans before it', 0, 17.5],
    ['but not in those in which a storm took what there was to be had', 5500, 35],
  ])('bounds the rate by %s', (_, stormEndsMs, ceilingPerSecond) => {
    const got = [0, 0, 0, 0, 0, 0, 20, 40, 40, 40];
    const state = draining({
      drainStartedAtMs: NOW_MS,
      grants: Object.fromEntries(got.map((permits, second) => [NOW + second, permits])),
      storm: { sinceMs: NOW_MS, atMs: NOW_MS + stormEndsMs, toldAtMs: NOW_MS + stormEndsMs },
    });
    expect(throttlePermit(state, NOW_MS + 10_000, NOW_MS + 10_000, 1)).toMatchObject({ ceilingPerSecond });
  });

  test('measures what the bucket has to spare: what was got since it was last empty', () => {
    const grants = Object.fromEntries(Array.from({ length: 10 }, (_, second) => [NOW + second, 20]));
    const state = draining({
      drainStartedAtMs: NOW_MS,
      grants,
      storm: { sinceMs: NOW_MS, atMs: NOW_MS, toldAtMs: NOW_MS },
      probePerSecond: 40,
    });
    expect(throttlePermit(state, NOW_MS + 10_000, NOW_MS + 10_000, 1)).toMatchObject({
      probePerSecond: 0.9 * 20,
      goodForMs: 10_000,
      measuredAtMs: NOW_MS + 10_000,
      ceilingPerSecond: 20,
    });
  });

  test.each([
    ['grows slowly at first after a measurement', 17_000, 10, 1.042],
    ['and then faster and faster', 17_000, 60, 1.499],
    ['leaves sooner what was measured over two seconds', 2000, 5, 1.188],
    ['leaves at once what a single permit told', 500, 3, 1.482],
  ])('the rate %s', (_, goodForMs, seconds, expected) => {
    const measured = draining({ probePerSecond: 20, measuredAtMs: NOW_MS, goodForMs });
    expect(drainFor(seconds, measured).probePerSecond / 20).toBeCloseTo(expected, 2);
  });

  test.each<[string, Partial<RateState>]>([
    ['another storm', { storm: { sinceMs: NOW_MS - 500, atMs: NOW_MS - 500, toldAtMs: NOW_MS - 500 } }],
    ['a signal', { signalledAtMs: NOW_MS - 500 }],
  ])('grows slowly again after %s', (_, since) => {
    const measured = { probePerSecond: 20, drainStartedAtMs: NOW_MS - 60_000, measuredAtMs: NOW_MS - 40_000 };
    const grown = (more: Partial<RateState>) =>
      drainFor(1, draining({ ...measured, goodForMs: 17_000, ...more })).probePerSecond;
    expect(grown({})).toBeCloseTo(20 * 1.0082);
    expect(grown(since)).toBeCloseTo(20 * 1.0041);
  });

  test.each([
    ['what ran over while the rate was low, which is got when it is not', 10, 20, 10, 200 / 11],
    ['what ran over until a few seconds ago', 10, 40, 6, 240 / 7],
    ['but not what a full bucket held, which is got once', 20, 22, 10, 20.5],
    ['and not the least that any bucket holds, where little is got', 0.6, 1, 10, 0.7],
    ['nor where a little more is', 1, 3, 10, 2.5],
  ])('counts %s', (_, first, last, lastSeconds, spared) => {
    const grants = { ...perSecond(first, 40), ...perSecond(last, lastSeconds, 40 - lastSeconds) };
    const state = draining({ probePerSecond: last, drainStartedAtMs: NOW_MS, throttledAtMs: NOW_MS, grants });
    const { probePerSecond } = throttlePermit(state, NOW_MS + 40_000, NOW_MS + 40_000, 1);
    expect(probePerSecond).toBeCloseTo(0.9 * spared);
  });

  const storm30 = { accepted: 1, throttled: 30 };
  test.each([
    ['in the first whole second after it', 0, [0], storm30, true],
    ['in the last whole second of it', 0, [9], storm30, true],
    ['for seconds, and after the measurement too', 0, [4, 2, 12], storm30, true],
    ['in the last message’s own second only', 300, [0], storm30, false],
    ['in the second of the permit only, which may be what that was of', 0, [10], storm30, false],
    ['after the measurement only', 0, [11], storm30, false],
    ['no more', 0, [-1], storm30, false],
    ['no more: three calls are a drain’s own mistake', 0, [4], { accepted: 0, throttled: 3 }, false],
    ['for four calls', 0, [4], { accepted: 0, throttled: 4 }, true],
    ['no more: so are few of many', 0, [4], { accepted: 10, throttled: 4 }, false],
  ])(
    'a measurement since a storm’s last message is doubted by whether it went on: %s',
    (_, lastMs, seconds, calls, is) => {
      const storm = { sinceMs: NOW_MS - 3000, atMs: NOW_MS + lastMs, toldAtMs: NOW_MS };
      const inCalls = { ...QUIET, seconds: new Map(seconds.map((at) => [NOW + at, calls])) };
      const records = { ...recordsOf(inCalls), seconds: { calls: inCalls.seconds, tasks: new Map() } };
      const seen = (permits: number) => {
        const drain = {
          drainStartedAtMs: NOW_MS - 3000,
          probePerSecond: permits,
          storm,
          grants: perSecond(permits, 11),
        };
        const measured = throttlePermit(draining(drain), NOW_MS + 10_900, NOW_MS + 11_200, 1);
        const { state } = reservePermits(measured, [1], records, NOW_MS + 14_000, WINDOW_MS, SETTINGS);
        return { state, goodForMs: measured.goodForMs };
      };
      const high = seen(20);
      expect(high.state).toMatchObject({ measuredAtMs: NOW_MS + 10_900, goodForMs: is ? 500 : high.goodForMs });
      expect(seen(2).state.measuredAtMs).toBe(is ? 0 : NOW_MS + 10_900);
    },
  );

  test.each([
    ['of none', { sinceMs: 0, atMs: 0 }, 2, {}, false],
    ['of one before it', { sinceMs: NOW_MS - 5000, atMs: NOW_MS - 1 }, 2, {}, false],
    ['of one that began after it', { sinceMs: NOW_MS + 9001, atMs: NOW_MS + 9001 }, 2, {}, false],
    ['of one that began meanwhile', { sinceMs: NOW_MS + 1000, atMs: NOW_MS + 1000 }, 2, {}, true],
    ['by messages alone, of what came meanwhile', { sinceMs: NOW_MS - 5000, atMs: NOW_MS + 100 }, 20, {}, false],
    ['where an older state does not say since when it was', { sinceMs: 1, atMs: 1 }, 2, { measuredFromMs: 0 }, false],
  ])('a measurement is doubted for a storm: %s', (_, times, throttledIn, older, is) => {
    const seconds = new Map([[NOW + throttledIn, { accepted: 1, throttled: 30 }]]);
    const measured = { drainStartedAtMs: NOW_MS - 9000, measuredFromMs: NOW_MS, measuredAtMs: NOW_MS + 9000 };
    const state = draining({ probePerSecond: 2, storm: { ...times, toldAtMs: times.atMs }, ...measured, ...older });
    const { state: seen } = reserve(state, 1, NOW_MS + 12_000, SETTINGS, { ...QUIET, seconds });
    expect(seen.measuredAtMs).toBe(is ? 0 : NOW_MS + 9000);
  });

  test.each([
    ['as long as it took', 20, 10, 10_000],
    ['not for a second only', 20, 1, 2000],
    ['not for longer than a while', 20, 40, 17_000],
    ['less where a few permits tell it', 3, 4, 3000],
    ['next to nothing where one does', 1, 1, 500],
  ])('what was got since a storm is good for %s', (_, permits, seconds, goodForMs) => {
    const storm = { sinceMs: NOW_MS, atMs: NOW_MS, toldAtMs: NOW_MS };
    const state = draining({ probePerSecond: 4, drainStartedAtMs: NOW_MS, grants: perSecond(permits, seconds), storm });
    const atMs = NOW_MS + seconds * 1000;
    // Its last message may be late: what it tells is older than that.
    expect(throttlePermit({ ...state, storm: { ...storm, toldAtMs: 0 } }, atMs, atMs, 1)).toMatchObject({ goodForMs });
  });

  test('what ran over makes it good for no longer: only what was got counts', () => {
    const storm = { sinceMs: NOW_MS, atMs: NOW_MS, toldAtMs: 0 };
    const grants = { ...perSecond(1, 4), ...perSecond(5, 4, 4) };
    const state = draining({ probePerSecond: 5, drainStartedAtMs: NOW_MS, grants, storm });
    expect(throttlePermit(state, NOW_MS + 8000, NOW_MS + 8000, 1)).toMatchObject({ goodForMs: 6000 });
  });

  test('what was got between two throttles of ours is good for as long as it took, however few permits there were', () => {
    const state = draining({ probePerSecond: 1, drainStartedAtMs: NOW_MS, grants: perSecond(1, 10) });
    const measured = throttlePermit({ ...state, throttledAtMs: NOW_MS }, NOW_MS + 10_000, NOW_MS + 10_000, 1);
    expect(measured).toMatchObject({ probePerSecond: 0.9, goodForMs: 10_000 });
  });

  test('in a storm that nobody tells of leaves nothing of what was measured before: the rate doubles when it is over', () => {
    const state = draining({
      measuredAtMs: NOW_MS - 4000,
      throttledAtMs: NOW_MS - 4000,
      drainStartedAtMs: NOW_MS - 9000,
    });
    const asking = throttlePermit(state, NOW_MS, NOW_MS, 1);
    expect(asking).toMatchObject({ probePerSecond: 1, measuredAtMs: 0 });
    expect(drainFor(1, asking).probePerSecond).toBe(2);
  });

  test('lets the bucket fill after the first one, which tells how full it was rather than what it has to spare', () => {
    const grants = Object.fromEntries([1, 2, 3, 4].map((second) => [NOW - second, 20]));
    const state = draining({ drainStartedAtMs: NOW_MS - 4000, grants, probePerSecond: 20 });
    const cut = throttlePermit(state, NOW_MS, NOW_MS, 1);
    expect(cut).toMatchObject({
      probePerSecond: 10,
      measuredFromMs: NOW_MS - 4000,
      measuredAtMs: NOW_MS,
      goodForMs: 500,
    });
    expect(drainFor(4, cut).probePerSecond).toBeLessThan(18);
    expect(drainFor(6, cut).probePerSecond).toBeGreaterThan(20);
  });

  test.each([0, 100])('leaves a state that can be read where a message is %d ms newer than the permit', (newerMs) => {
    const atMs = NOW_MS + newerMs;
    const fast = draining({
      probePerSecond: 80,
      grants: Object.fromEntries([1, 2, 3, 4].map((second) => [NOW - second, 80])),
      storm: { sinceMs: atMs, atMs, toldAtMs: atMs },
    });
    const { measuredAtMs, ...state } = throttlePermit(fast, NOW_MS, NOW_MS + 200, 1);
    expect(measuredAtMs).toBe(NOW_MS);
    expect(rateStateSchema.safeParse({ measuredAtMs, ...state }).success).toBe(true);
  });

  test('that a storm went on after is no measurement of what there is to be had when it is over, if it is low', () => {
    const storm = { sinceMs: NOW_MS - 20_000, atMs: NOW_MS - 2000, toldAtMs: NOW_MS - 2000 };
    const measured = { measuredFromMs: NOW_MS - 10_000, measuredAtMs: NOW_MS - 9000 };
    const grown = (probePerSecond: number) =>
      drainFor(1, draining({ drainStartedAtMs: NOW_MS - 10_000, storm, ...measured, probePerSecond })).probePerSecond;
    expect(grown(2)).toBe(4);
    expect(grown(9.9)).toBe(19.8);
    expect(grown(10)).toBeCloseTo(10 * 1.0041);
  });

  test.each([
    ['a storm that began since', 1, 500],
    ['the storm that it was measured after', 0, 12_000],
  ])('that messages of %s tell of leaves what was measured for as long as it is good for', (_, sinceMs, goodForMs) => {
    const measuredAtMs = NOW_MS - 9000;
    const storm = { sinceMs: measuredAtMs + sinceMs, atMs: NOW_MS - 500, toldAtMs: NOW_MS - 100 };
    const measured = { measuredFromMs: NOW_MS - 20_000, measuredAtMs, goodForMs: 12_000, probePerSecond: 20 };
    const cut = throttlePermit(draining({ drainStartedAtMs: NOW_MS - 20_000, storm, ...measured }), NOW_MS, NOW_MS, 1);
    expect(cut).toMatchObject({ probePerSecond: 10, measuredAtMs, goodForMs });
  });

  test('in a storm that messages tell of leaves the rate as it is: they tell when it is over', () => {
    const storm = { sinceMs: NOW_MS - 5000, atMs: NOW_MS - 3000, toldAtMs: NOW_MS - 100 };
    const resumed = (more: Partial<RateState>) => throttlePermit(draining(more), NOW_MS, NOW_MS, 1).probePerSecond;
    expect(resumed({ storm })).toBe(10);
    expect(resumed({ storm, probePerSecond: 30 })).toBe(10);
    expect(resumed({ storm, probePerSecond: 2 })).toBe(2);
    expect(resumed({ storm: { ...storm, toldAtMs: NOW_MS - 500 } })).toBe(1);
    expect(resumed({ storm: { ...storm, sinceMs: NOW_MS - 200_000 } })).toBe(1);
  });

  test('in a storm of others has it ask once a second whether that is over', () => {
    let state = draining();
    for (let n = 1; n <= 100; n++) state = throttlePermit(state, NOW_MS + n * 2000, NOW_MS + n * 2000, 1);
    expect(turnsPerSecond(state, QUIET, NOW_MS, SETTINGS)).toBe(1);
    expect(rateStateSchema.safeParse(state).success).toBe(true);
  });
});

describe('a look that grants nothing', () => {
  const look = (state: RateState, nowMs = NOW_MS) =>
    reservePermits(state, ones(1), recordsOf(QUIET), nowMs, 100, SETTINGS).state;
  const waiting = draining({ nextPermitAtMs: NOW_MS + 3000 });

  test('leaves the very state that it was given where nothing came of it', () => {
    expect(look(waiting)).toBe(waiting);
  });

  test('keeps the step by which the rate grew', () => {
    expect(look({ ...waiting, probedAtMs: NOW_MS - 1000 }).probePerSecond).toBe(20);
  });

  test('begins a drain that a storm holds, once, however long it holds', () => {
    const storm = (atMs: number) => ({ sinceMs: NOW_MS, atMs, toldAtMs: atMs });
    let state = { ...initialRate(SETTINGS), storm: storm(NOW_MS) };
    const begins = new Set<number>();
    for (let nowMs = NOW_MS; nowMs < NOW_MS + 119_000; nowMs += 100) {
      state = look({ ...state, storm: storm(nowMs) }, nowMs);
      begins.add(state.drainStartedAtMs);
    }
    expect([...begins]).toEqual([NOW_MS]);
  });
});

describe('a call that was handed over since it was throttled', () => {
  const stormy = (ageMs: number, sinceMs = NOW_MS - ageMs) =>
    draining({ storm: { sinceMs, atMs: NOW_MS - ageMs, toldAtMs: NOW_MS - ageMs } });

  test('holds all permits for a second', () => {
    expect(reservePermits(stormy(0), ones(1), recordsOf(QUIET), NOW_MS, 999, SETTINGS).permitsAtMs).toEqual([]);
    expect(reserve(stormy(0), 1).permitsAtMs).toEqual([NOW_MS + 1300]);
    expect(reserve(stormy(1000), 1).permitsAtMs).toEqual([NOW_MS]);
  });

  test('has the rate grow with the time that permits are held', () => {
    const held = reserve(stormy(900), 1).state;
    expect(reserve(held, 1, NOW_MS + 100).state.probePerSecond).toBe(20);
  });

  test.each([
    ['a throttle of ours', (state: RateState) => throttlePermit(state, NOW_MS, NOW_MS, 1)],
    ['a signal', (state: RateState) => signalThrottle(state, NOW_MS, NOW_MS)],
  ])('has the rate not grow over %s that comes meanwhile', (_, slow) => {
    const slowed = slow(stormy(900));
    const held = reserve(slowed, 1, NOW_MS + 50).state;
    expect(reserve(held, 1, NOW_MS + 110).state.probePerSecond).toBe(slowed.probePerSecond);
  });

  test('holds none where that goes on for more than two minutes', () => {
    expect(reserve(stormy(0, NOW_MS - 120_001), 1).permitsAtMs).toEqual([NOW_MS]);
  });

  test.each([
    ['is news', NOW_MS + 500, { sinceMs: NOW_MS, atMs: NOW_MS + 500 }],
    ['is none where it is older', NOW_MS - 500, { sinceMs: NOW_MS, atMs: NOW_MS }],
    ['tells of another storm after a minute', NOW_MS + 60_001, { sinceMs: NOW_MS + 60_001, atMs: NOW_MS + 60_001 }],
    ['tells nothing of the future', NOW_MS + 90_000, { sinceMs: NOW_MS + 70_000, atMs: NOW_MS + 70_000 }],
  ])('%s', (_, sentAtMs, storm) => {
    expect(handOverThrottle(stormy(0), sentAtMs, NOW_MS + 70_000).storm).toMatchObject(storm);
  });
});

describe('a signal that somebody else was throttled', () => {
  const state = draining({ drainStartedAtMs: NOW_MS - 300_000, probedAtMs: NOW_MS - 1000 });

  test('halves the probe, however lately it grew', () => {
    expect(signalThrottle(state, NOW_MS, NOW_MS + 500)).toMatchObject({
      probePerSecond: 5,
      probedAtMs: NOW_MS + 500,
      signalledAtMs: NOW_MS,
    });
  });

  test('counts once a minute', () => {
    const once = signalThrottle(state, NOW_MS, NOW_MS);
    expect(signalThrottle(once, NOW_MS + 60_000, NOW_MS + 60_000)).toBe(once);
    expect(signalThrottle(once, NOW_MS + 60_001, NOW_MS + 60_001)).toMatchObject({ probePerSecond: 2.5 });
  });

  test('with a throttle of ours says nothing that the throttle did not', () => {
    const throttled = { ...state, throttledAtMs: NOW_MS - 100 };
    expect(signalThrottle(throttled, NOW_MS, NOW_MS)).toBe(throttled);
    expect(signalThrottle(throttled, NOW_MS + 1500, NOW_MS + 1500)).toMatchObject({ probePerSecond: 5 });
  });

  test('from before the drain is one of the storm that it remedies', () => {
    expect(signalThrottle(state, state.drainStartedAtMs, NOW_MS)).toBe(state);
  });
});

describe('once a storm has shown the bucket', () => {
  /** So many calls accepted and throttled in each second from `from` on. */
  const storm = (from: number, seconds: readonly SecondOfTraffic[]): Traffic => ({
    seconds: new Map(seconds.map((each, index) => [from + index, each])),
    lagSeconds: AT_ONCE,
    lags: new Map(),
  });
  const full = { accepted: 140, throttled: 60 };
  const empty = { accepted: 40, throttled: 160 };
  const SHOWN = storm(NOW - 30, [full, ...Array(10).fill(empty)]);
  const learnt = reserve(draining({ nextPermitAtMs: NOW_MS + 60_000 }), 0, NOW_MS, SETTINGS, SHOWN).state;
  const rate = (traffic: Traffic, nowMs: number, state = learnt) => turnsPerSecond(state, traffic, nowMs, SETTINGS);

  test('its refill is learnt exactly', () => {
    expect(learnt.bucket).toMatchObject({ refillPerSecond: 40, atMs: NOW_MS });
  });

  test('the rate is near the refill, and slower for what others take', () => {
    const others = new Map(SHOWN.seconds);
    for (let second = NOW - 19; second < NOW; second++) others.set(second, { accepted: 10, throttled: 0 });
    const alone = rate(SHOWN, NOW_MS);
    const beside = rate({ ...SHOWN, seconds: others }, NOW_MS);
    expect(alone).toBeGreaterThan(35);
    expect(alone).toBeLessThan(50);
    expect(alone - beside).toBeGreaterThan(9);
  });

  test('the rate goes by the bucket only once the records of its storm are all in', () => {
    const late = { least: 0, most: 20 };
    expect(rate({ ...SHOWN, lagSeconds: late }, NOW_MS)).toBeGreaterThan(35);
    // Its last throttles were 20 seconds ago.
    expect(rate({ ...SHOWN, lagSeconds: { ...late, most: 21 } }, NOW_MS)).toBe(learnt.probePerSecond);
  });

  test('the probe leaves others a fifth of the refill, where it is not known what others take', () => {
    const fast = { ...learnt, probePerSecond: 300 };
    const during = storm(NOW - 10, Array(10).fill(empty));
    expect(rate(during, NOW_MS, fast)).toBe(0.8 * 40);
    expect(rate(during, NOW_MS, { ...learnt, probePerSecond: 7 })).toBe(7);
  });

  test('what it cannot have held takes nothing from it: what is known then is not believed', () => {
    const since = (accepted: number) =>
      new Map([
        ...SHOWN.seconds,
        ...Array.from({ length: 19 }, (_, n) => [NOW - 19 + n, { accepted, throttled: 0 }] as const),
      ]);
    expect(rate({ ...SHOWN, seconds: since(60) }, NOW_MS)).toBe(learnt.probePerSecond);
    expect(rate({ ...SHOWN, seconds: since(45) }, NOW_MS)).toBe(SETTINGS.minPerSecond);
  });

  test('a fuller count of the same storm replaces it', () => {
    const fuller = storm(NOW - 30, [full, ...Array(10).fill({ accepted: 45, throttled: 160 })]);
    const again = reserve(learnt, 0, NOW_MS + 1000, SETTINGS, fuller).state;
    expect(again.bucket).toMatchObject({ refillPerSecond: 45, atMs: NOW_MS + 1000 });
    expect(reserve(again, 0, NOW_MS + 2000, SETTINGS, SHOWN).state.bucket).toEqual(again.bucket);
  });

  test('the rate rises while the bucket is replayed to be fuller', () => {
    const rates = [NOW - 18, NOW - 16, NOW - 14].map((second) => rate(SHOWN, second * 1000));
    expect(rates).toEqual(rates.toSorted((a, b) => a - b));
    expect(rates[0]).toBeLessThan(rates[2] ?? 0);
  });

  test('permits granted since count as taken', () => {
    const grants = Object.fromEntries(Array.from({ length: 19 }, (_, n) => [NOW - 19 + n, 40]));
    expect(rate(SHOWN, NOW_MS, { ...learnt, grants })).toBeLessThan(rate(SHOWN, NOW_MS));
  });

  test('permits granted count as taken also where nothing was throttled for as long as is looked back', () => {
    const later = NOW_MS + 3_600_000;
    const grants = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [later / 1000 - 20 + n, 60]));
    expect(rate(QUIET, later, { ...learnt, grants })).toBeLessThan(rate(QUIET, later));
  });

  test('a throttle of ours empties the replayed bucket', () => {
    expect(rate(SHOWN, NOW_MS, { ...learnt, throttledAtMs: NOW_MS })).toBeLessThan(rate(SHOWN, NOW_MS));
  });

  describe('beside bursts of others', () => {
    /** A second in which others made so many calls, some of which were throttled. */
    const burst = (ago: number, calls: number) => [NOW - ago, { accepted: calls - 30, throttled: 30 }] as const;
    const beside = (...bursts: ReturnType<typeof burst>[]): Traffic => ({
      ...SHOWN,
      seconds: new Map([...SHOWN.seconds, ...bursts]),
    });

    test('that come again, it leaves what they take in the mean', () => {
      const once = rate(beside(burst(10, 90)), NOW_MS);
      const again = rate(beside(burst(80, 90), burst(10, 90)), NOW_MS);
      expect(once - again).toBeCloseTo((0.98 * 90) / 80);
    });

    test('what a throttle of ours after one of them measured is no bound', () => {
      const late = { ...beside(burst(12, 90)), lagSeconds: { least: 0, most: 15 } };
      const throttled = (ago: number) =>
        rate(late, NOW_MS, { ...learnt, throttledAtMs: NOW_MS - ago * 1000, ceilingPerSecond: 3 });
      expect([13, 12, 11, 10, 9].map((ago) => throttled(ago) > 3)).toEqual([false, true, true, true, false]);
    });
  });

  test('it is remembered after the storm for a day, and forgotten then', () => {
    const later = NOW_MS + 86_400_000;
    expect(rate(QUIET, later - 1)).toBeGreaterThan(35);
    expect(rate(QUIET, later)).toBe(learnt.probePerSecond);
  });
});

describe('where the rate at which Fargate launches is the limit', () => {
  /** Twenty tasks a second: calls for one task get through, calls for ten do not. */
  const storm: Records = {
    seconds: {
      calls: new Map(Array.from({ length: 12 }, (_, n) => [NOW - 30 + n, { accepted: 20, throttled: 30 }])),
      tasks: new Map(Array.from({ length: 12 }, (_, n) => [NOW - 30 + n, { accepted: 20, throttled: 165 }])),
    },
    lagSeconds: AT_ONCE,
    lags: new Map(),
  };
  const { state } = reservePermits(
    draining({ nextPermitAtMs: NOW_MS + 60_000 }),
    [],
    storm,
    NOW_MS,
    WINDOW_MS,
    SETTINGS,
  );

  test('the bucket counts tasks', () => {
    expect(state.bucket).toMatchObject({ unit: 'tasks', refillPerSecond: 20 });
  });

  test('a permit takes as long as the tasks that its call asks for', () => {
    const now = { ...state, nextPermitAtMs: NOW_MS };
    const { permitsAtMs, state: after } = reservePermits(now, [1, 10, 4, 1], storm, NOW_MS, WINDOW_MS, SETTINGS);
    const spacingMs = 1000 / takenPerSecond(now, storm, NOW_MS, SETTINGS);
    expect(permitsAtMs).toEqual(
      [0, 1, 11, 15].map((tasks) => NOW_MS + Math.ceil((tasks * spacingMs) / PULSE_MS) * PULSE_MS),
    );
    expect(Math.round((after.nextPermitAtMs - NOW_MS) / spacingMs)).toBe(16);
    expect(granted(after)).toBe(16);
    expect(granted(givePermitsBack(after, [10]))).toBe(6);
  });

  test('calls that all ask for as many are counted as calls, which comes to the same', () => {
    const { calls } = storm.seconds;
    const tenfold = new Map(
      [...calls].map(([second, { accepted, throttled }]) => [
        second,
        { accepted: accepted * 10, throttled: throttled * 10 },
      ]),
    );
    const same = { ...storm, seconds: { calls, tasks: tenfold } };
    expect(reservePermits(draining(), [], same, NOW_MS, WINDOW_MS, SETTINGS).state.bucket?.unit).toBe('calls');
  });
});

describe('permits given back', () => {
  test('count as not granted, the latest first, and their times are gone', () => {
    const { state } = reserve(draining(), 15);
    expect(givePermitsBack(state, ones(6))).toEqual({ ...state, grants: { [NOW]: 9, [NOW + 1]: 0 } });
  });

  test('are never more than were granted', () => {
    const { state } = reserve(draining(), 5);
    expect(granted(givePermitsBack(state, ones(1000)))).toBe(0);
    expect(givePermitsBack(state, [])).toEqual(state);
  });
});

test.each([
  {},
  { ...initialRate(SETTINGS), probePerSecond: 0 },
  { ...initialRate(SETTINGS), nextPermitAtMs: '0' },
  { ...initialRate(SETTINGS), grants: { '1': 'x' } },
  { perSecond: 10, nextPermitAtMs: 0 },
  null,
])('a stored rate of %j is none', (stored) => {
  expect(rateStateSchema.safeParse(stored).success).toBe(false);
});
