import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type IncidentSigns,
  incidentBeginMs,
  isFirst,
  type RunningReport,
  reportDue,
  reportSinceMs,
  reportToMs,
} from '../../../../lambda/core/notices/incident.ts';
import { NOW_MS } from '../../../support/records.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const iso = (ms: number) => new Date(ms).toISOString();

describe('an incident began', () => {
  test.each<[string, unknown, number]>([
    ['ten minutes before its report, without a word about the alarm', {}, NOW_MS],
    [
      'ten minutes before its alarm, which reached the workflow hours late',
      { time: iso(NOW_MS - 3 * HOUR) },
      NOW_MS - 3 * HOUR,
    ],
    ['no later than that, whatever somebody wrote by hand', { time: iso(NOW_MS + HOUR) }, NOW_MS],
    ['as if nothing was said, where what was said is no time', { time: 'soon' }, NOW_MS],
    ['as if nothing was said, where the input is no object', 'now', NOW_MS],
  ])('%s', (_, trigger, expected) => {
    expect(incidentBeginMs(trigger, NOW_MS)).toBe(expected - 10 * MINUTE);
  });
});

describe('of several reports that are running', () => {
  const reports = fc.uniqueArray(fc.record({ name: fc.string({ minLength: 1 }), startedMs: fc.nat(3) }), {
    minLength: 1,
    selector: ({ name }) => name,
  });

  test('exactly one is the first, in whatever order they are listed', () => {
    fc.assert(
      fc.property(reports, (running) => {
        const firsts = (list: readonly RunningReport[]) => running.filter(({ name }) => isFirst(name, list));
        expect(firsts(running)).toHaveLength(1);
        expect(firsts(running.toReversed())).toEqual(firsts(running));
      }),
    );
  });

  test('none is first that is not on the list yet', () => {
    expect(isFirst('late', [])).toBe(false);
    expect(isFirst('late', [{ name: 'other', startedMs: NOW_MS }])).toBe(false);
  });
});

describe('a report', () => {
  const quiet: IncidentSigns = { reruns: 0, sweeps: 0, raisedAlarms: 0 };
  test.each<[string, Partial<IncidentSigns>, number, ReturnType<typeof reportDue>]>([
    ['is due when all is at rest', {}, 0, { isOver: true, rerunsUnderway: false }],
    ['waits for re-runs', { reruns: 1 }, HOUR, undefined],
    ['waits for sweeps', { sweeps: 1 }, HOUR, undefined],
    ['waits for alarms', { raisedAlarms: 1 }, HOUR, undefined],
    ['waits for six hours', { reruns: 1 }, 6 * HOUR, undefined],
    ['waits no longer', { reruns: 1 }, 6 * HOUR + 1, { isOver: false, rerunsUnderway: true }],
    ['says of re-runs alone that they are underway', { sweeps: 1 }, 7 * HOUR, { isOver: false, rerunsUnderway: false }],
  ])('%s', (_, signs, silentMs, expected) => {
    expect(reportDue({ ...quiet, ...signs }, NOW_MS - silentMs, NOW_MS)).toEqual(expected);
  });

  test.each<[string, number | undefined, number]>([
    ['from its beginning where none came before', undefined, NOW_MS],
    ['from where the one before ended, so that nothing is told of twice', NOW_MS + MINUTE, NOW_MS + MINUTE],
    ['from where the one before ended, so that nothing between two storms is left out', NOW_MS - HOUR, NOW_MS - HOUR],
    ['from its beginning where the one before was long ago', NOW_MS - 7 * HOUR, NOW_MS],
  ])('tells %s', (_, lastMs, expected) => {
    expect(reportSinceMs(NOW_MS, lastMs)).toBe(expected);
  });

  test('ends with a whole second, which holds what was logged last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: NOW_MS }), (nowMs) => {
        const toMs = reportToMs(nowMs);
        expect([toMs % 1000, toMs >= nowMs, toMs - nowMs < 1000]).toEqual([0, true, true]);
        expect(reportSinceMs(nowMs, undefined) % 1000).toBe(0);
      }),
    );
  });
});
