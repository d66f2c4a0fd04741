import { describe, expect, test } from 'vitest';
import {
  afterPass,
  firstSweepState,
  historyWindow,
  type SweepState,
} from '../../../../lambda/core/sweep/sweep-state.ts';
import { readTrigger, UNLISTED } from '../../../../lambda/core/sweep/trigger.ts';
import { EVENT_TIME_MS, HOME, NOW_MS, SETTINGS } from '../../../support/records.ts';

const MINUTE = 60_000;
const CLUSTER_ARN = 'arn:aws:ecs:us-east-1:111122223333:cluster/batch';
const trigger = (input: unknown, coveredUntilMs?: number, askedAtMs = NOW_MS, settings = SETTINGS) =>
  readTrigger(input, { awsEnvironment: HOME, nowMs: NOW_MS, askedAtMs, settings, coveredUntilMs });

/** As AWS documents service events; it publishes no sample of the two. */
const serviceEvent = (detail: object = {}, envelope: object = {}) => ({
  'detail-type': 'ECS Service Action',
  source: 'aws.ecs',
  time: '2026-01-15T03:00:00Z',
  resources: ['arn:aws:ecs:us-east-1:111122223333:service/batch/web'],
  detail: {
    eventType: 'ERROR',
    eventName: 'ECS_OPERATION_THROTTLED',
    clusterArn: CLUSTER_ARN,
    createdAt: '2026-01-15T03:00:00.123Z',
    ...detail,
  },
  ...envelope,
});

describe('clusters that nobody named share one sweep', () => {
  const arn = (cluster: string) => `arn:aws:ecs:us-east-1:111122223333:cluster/${cluster}`;
  const any = { ...SETTINGS, clusters: ['*'] };

  test.each([
    ['of services in clusters that are not listed', serviceEvent({ clusterArn: arn('evil1') }), SETTINGS, UNLISTED],
    ['by hand', { cluster: 'evil1' }, SETTINGS, UNLISTED],
    ['of all that are, where any is', serviceEvent({ clusterArn: arn('evil1') }), any, '*'],
    ['of one that is listed', serviceEvent(), SETTINGS, 'batch'],
  ])('%s', (_, input, settings, cluster) => {
    expect(trigger(input, undefined, NOW_MS, settings)).toMatchObject({ cluster });
  });
});

describe('a sweep is started', () => {
  const before = { cluster: 'batch', signalAtMs: NOW_MS };
  test.each([
    [
      'by a service event, and looks back before its throttling',
      serviceEvent(),
      { ...before, throttledAtMs: EVENT_TIME_MS + 123, sinceMs: EVENT_TIME_MS + 123 - 15 * MINUTE },
    ],
    [
      'by an event of Cloud Map alike',
      serviceEvent({ eventName: 'SERVICE_DISCOVERY_OPERATION_THROTTLED', reason: 'x', capacityProviderArns: [] }),
      before,
    ],
    [
      'by an event that says only when it was sent',
      serviceEvent({ createdAt: undefined }),
      { ...before, throttledAtMs: EVENT_TIME_MS },
    ],
    [
      'by an event without any time, as of now',
      serviceEvent({ createdAt: undefined }, { time: undefined }),
      { ...before, throttledAtMs: NOW_MS },
    ],
    [
      'by an event of the future, as of now',
      serviceEvent({ createdAt: '2027-01-01T00:00:00Z' }),
      { ...before, throttledAtMs: NOW_MS },
    ],
    [
      'by an event that names its cluster in its service’s ARN only',
      serviceEvent({ clusterArn: undefined }),
      { ...before, throttledAtMs: EVENT_TIME_MS + 123 },
    ],
    [
      'by hand, for the last hour',
      { cluster: 'batch' },
      { cluster: 'batch', throttledAtMs: NOW_MS, signalAtMs: NOW_MS, sinceMs: NOW_MS - 60 * MINUTE },
    ],
    [
      'by hand, from an instant on',
      { cluster: CLUSTER_ARN, since: '2026-01-14T22:00:00-05:00' },
      { cluster: 'batch', signalAtMs: NOW_MS, sinceMs: EVENT_TIME_MS },
    ],
    ['by hand, for every listed cluster', { cluster: '*' }, { cluster: '*', signalAtMs: NOW_MS }],
    [
      'by the clock for the first time, for every listed cluster, for the last hour',
      { scheduled: true },
      { cluster: '*', signalAtMs: 0, sinceMs: NOW_MS - 60 * MINUTE },
    ],
  ])('%s', (_, input, expected) => {
    expect(trigger(input)).toMatchObject(expected);
  });

  test.each([
    ['before the last one', 30, 35],
    ['where sweeps have got to, where that is longer ago', 200, 200],
    ['a day ago, where sweeps have stood still for longer', 24 * 60 + 1, 24 * 60],
  ])('by the clock, from %s', (_, coveredMinutesAgo, minutesAgo) => {
    const scheduled = trigger({ scheduled: true }, NOW_MS - coveredMinutesAgo * MINUTE);
    expect(scheduled).toMatchObject({ cluster: '*', signalAtMs: 0, sinceMs: NOW_MS - minutesAgo * MINUTE });
  });

  test.each([
    ['null', null],
    ['a text', 'batch'],
    ['an empty object', {}],
    ['a misspelt member', { cluster: 'batch', sinse: '2026-01-15T03:00:00Z' }],
    ['an instant that is none', { cluster: 'batch', since: 'yesterday' }],
    ['an instant without its zone', { cluster: 'batch', since: '2026-01-15T03:00:00' }],
    ['a cluster of another account', { cluster: 'arn:aws:ecs:us-east-1:999999999999:cluster/batch' }],
    ['an event of another Region', serviceEvent({ clusterArn: 'arn:aws:ecs:eu-west-1:111122223333:cluster/batch' })],
    ['an event without a cluster', serviceEvent({ clusterArn: undefined }, { resources: undefined })],
    [
      'an event whose service has an ARN of the old format',
      serviceEvent({ clusterArn: undefined }, { resources: ['arn:aws:ecs:us-east-1:111122223333:service/web'] }),
    ],
    ['an event of another kind', serviceEvent({}, { 'detail-type': 'ECS Task State Change' })],
    ['a schedule that is none', { scheduled: false }],
  ])('not by %s', (_, input) => {
    expect(trigger(input)).toBeUndefined();
  });
});

test.each([
  ['ECS itself throttled a service', serviceEvent(), true],
  [
    'Cloud Map did, whose bucket is another',
    serviceEvent({ eventName: 'SERVICE_DISCOVERY_OPERATION_THROTTLED' }),
    false,
  ],
  ['it was started by hand', { cluster: 'batch' }, false],
  ['it was started by the clock', { scheduled: true }, false],
])('a sweep slows the rate where ECS throttled: %s', (_, input, slowsRate) => {
  expect(trigger(input)?.slowsRate).toBe(slowsRate);
});

test.each([{ scheduled: true }, { cluster: 'batch' }])(
  'a sweep that its handler was too long out of service for looks back from when it was asked for: %j',
  (input) => {
    const askedAtMs = NOW_MS - 50 * MINUTE;
    expect(trigger(input, undefined, askedAtMs)).toMatchObject({ sinceMs: askedAtMs - 60 * MINUTE });
  },
);

describe('a sweep goes on until it is quiet', () => {
  const called = firstSweepState({
    cluster: 'batch',
    sinceMs: 0,
    signalAtMs: NOW_MS,
    throttledAtMs: NOW_MS,
    slowsRate: false,
  });
  const uncalled = firstSweepState({
    cluster: '*',
    sinceMs: 0,
    signalAtMs: 0,
    throttledAtMs: NOW_MS,
    slowsRate: false,
  });
  const looked = (state: SweepState, found: number, nowMs: number) => afterPass(state, found, nowMs - 1000, nowMs);

  test('passes again five minutes after its last pass began', () => {
    expect(
      looked({ ...called, pass: { startedAtMs: 0, found: 0, isHistoryDone: true, hasGaps: false } }, 0, NOW_MS + 1000),
    ).toEqual({
      kind: 'wait',
      untilMs: NOW_MS + 5 * MINUTE,
      state: { ...called, quietPasses: 1, lastPassAtMs: NOW_MS },
    });
  });

  test.each([
    ['ends after two passes that found nothing and 15 quiet minutes', 1, 0, 15 * MINUTE, 'end'],
    ['goes on while the 15 minutes are not over', 1, 0, 15 * MINUTE - 1, 'wait'],
    ['goes on after the first pass that found nothing, however late', 0, 0, 60 * MINUTE, 'wait'],
    ['goes on after a candidate, however long it was quiet', 5, 1, 60 * MINUTE, 'wait'],
  ] as const)('%s', (_, quietPasses, found, afterMs, kind) => {
    expect(looked({ ...called, quietPasses }, found, NOW_MS + afterMs).kind).toBe(kind);
  });

  test('counts its quiet from the last candidate', () => {
    const found = looked({ ...called, quietPasses: 1 }, 3, NOW_MS + 60 * MINUTE);
    expect(found).toMatchObject({ state: { quietPasses: 0, lastSignAtMs: NOW_MS + 60 * MINUTE } });
  });

  test('looks once where nothing called for it, and on where it finds something', () => {
    expect(looked(uncalled, 0, NOW_MS).kind).toBe('end');
    expect(looked(uncalled, 1, NOW_MS)).toMatchObject({ kind: 'wait', state: { lastSignAtMs: NOW_MS } });
  });
});

describe('the history that a pass reads', () => {
  const state = {
    ...firstSweepState({ cluster: 'batch', sinceMs: 5000, signalAtMs: 0, throttledAtMs: 0, slowsRate: false }),
  };
  const pass = { startedAtMs: NOW_MS, found: 0, isHistoryDone: false, hasGaps: false };

  test('is all of it at first', () => {
    expect(historyWindow({ ...state, pass })).toEqual({ fromMs: 5000, toMs: NOW_MS });
  });

  test('is then what may have come late since the last look', () => {
    const lastPassAtMs = NOW_MS - 5 * MINUTE;
    expect(historyWindow({ ...state, pass, lastPassAtMs }).fromMs).toBe(lastPassAtMs - 20 * MINUTE);
    expect(historyWindow({ ...state, pass, lastPassAtMs: 6000 }).fromMs).toBe(5000);
  });
});
