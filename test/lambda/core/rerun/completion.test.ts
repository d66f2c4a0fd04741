import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { spreadOf } from '../../../../lambda/core/identity.ts';
import { completionStep } from '../../../../lambda/core/rerun/completion.ts';
import {
  completeRequest,
  credibleRecord,
  generationPauseSeconds,
  type LaunchRecord,
  launchRecordSchema,
} from '../../../../lambda/core/rerun/launch-record.ts';
import { withoutRoom } from '../../../../lambda/core/rerun/rerun-input.ts';
import { settingsSchema } from '../../../../lambda/core/settings.ts';
import {
  AIRFLOW_ROLE,
  CRON_ROLE,
  EVENT_TIME_MS,
  fixtureText,
  HOME,
  SETTINGS,
  stoppedVerdictOn,
} from '../../../support/records.ts';

const MINUTE = 60_000;
const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';
const verdict = stoppedVerdictOn();
if (verdict.kind !== 'rerun' || !verdict.input.failedTask) throw new Error('expected the re-run of a failed task');
const rerun = verdict.input;
const { failedTask } = verdict.input;
const { requestParameters } = JSON.parse(fixtureText('refuse-hiddenEnvironment')).detail;
const REVISION = failedTask.taskDefinition;
const RECORD: LaunchRecord = { caller: CRON_ROLE, rootCallId: 'root', generation: 0, request: requestParameters };

type Input = Parameters<typeof completionStep>[0];
const step = (changes: Partial<Omit<Input, 'settings'>> & { readonly settings?: Partial<Input['settings']> } = {}) =>
  completionStep({
    rerun,
    failedTask,
    record: RECORD,
    hasLookedUp: false,
    awsEnvironment: HOME,
    nowMs: EVENT_TIME_MS + 20 * MINUTE,
    ...changes,
    settings: { ...SETTINGS, ...changes.settings },
  });
const refused = (reason: string) => ({ kind: 'fail', result: { kind: 'refused', reason, taskArns: [] } });

describe('a launch record that is not there', () => {
  const without = (afterMinutes: number, hasLookedUp = false) =>
    step({ record: undefined, hasLookedUp, nowMs: EVENT_TIME_MS + afterMinutes * MINUTE });

  /** The minute of the launch, with some seconds for clocks that differ, ends this long after the stop. */
  const WINDOW_MS = 5000;
  const minuteAfter = (minute: number) => EVENT_TIME_MS + WINDOW_MS + minute * MINUTE;
  const wait = (minute: number) => ({
    kind: 'wait',
    untilMs: minuteAfter(minute) + spreadOf(rerun.callId) * 2 * MINUTE,
  });

  test.each([
    [0, 2],
    [3, 5],
  ])('may come by itself: after %d minutes, wait until minute %d', (minutes, next) => {
    expect(without(minutes)).toEqual(wait(next));
  });

  test.each([
    [7, 5, 10],
    [16, 10, 20],
  ])(
    'is looked for after %d minutes, unless somebody did since minute %d, and again after minute %d',
    (minutes, since, next) => {
      expect(without(minutes)).toEqual({ kind: 'lookUp', freshSinceMs: minuteAfter(since) });
      expect(without(minutes, true)).toEqual(wait(next));
    },
  );

  test('and cannot be looked up either is refused', () => {
    expect(without(21)).toMatchObject({ kind: 'lookUp' });
    expect(without(21, true)).toEqual(refused('launchUnknown'));
  });
});

describe('of calls that ECS answered with a task', () => {
  const stranger = { ...RECORD, caller: 'stranger' };
  test.each([
    ['an unlisted caller’s may be the launch, by the time of the task', stranger, 5000, true],
    ['one of a second later repeated it', stranger, 6000, false],
    ['so did a service', { ...RECORD, isWatched: true }, 6000, false],
    ['a listed caller asked for the task, whenever', RECORD, 600_000, true],
  ])('%s', (_, record, afterMs, isCredible) => {
    const createdAtMs = Date.parse(failedTask.createdAt);
    const credible = credibleRecord({ atMs: createdAtMs + afterMs, record }, createdAtMs, SETTINGS);
    expect(credible).toBe(isCredible ? record : undefined);
  });
});

describe('a launch record', () => {
  test('completes the request: one task, its spent token left out, the hidden values, and no container that nobody overrode', () => {
    const done = step();
    expect(done).toEqual({
      kind: 'ready',
      rerun: {
        ...rerun,
        call: { ...rerun.call, caller: CRON_ROLE },
        lineage: { rootCallId: 'root', generation: 1 },
        ownToken: 'generation',
        rooms: ['fargate', 'fargateCapacity', 'provisioning batch', 'addresses subnet-0aaa subnet-0bbb'],
        request: {
          ...requestParameters,
          taskDefinition: REVISION,
          count: 1,
          clientToken: undefined,
          overrides: { containerOverrides: [{ name: 'app', environment: failedTask.environments.app }] },
        },
      },
    });
    expect(JSON.stringify(done)).not.toContain(HIDDEN);
  });

  describe('of a task that found no room', () => {
    const until = '2026-01-15T05:00:00.000Z';
    const progress = withoutRoom(
      { short: 'addresses', sinceMs: EVENT_TIME_MS },
      { remaining: 1, round: 0 },
      settingsSchema.parse({}),
    );
    const waiting = { ...rerun, progress };
    const room = 'addresses subnet-0aaa subnet-0bbb';

    test('has it wait for that room at once: no pause, no generation used up', () => {
      const nowMs = EVENT_TIME_MS + 1000;
      const record = { ...RECORD, generation: SETTINGS.maxGenerations };
      expect(step({ rerun: waiting, record, nowMs })).toMatchObject({
        kind: 'ready',
        rerun: {
          deadline: progress.noRoom.until,
          progress: { noRoom: { until: progress.noRoom.until, short: 'addresses', room } },
          lineage: { generation: SETTINGS.maxGenerations },
        },
      });
    });

    test('counts from the first task of its lineage that found none', () => {
      const record = { ...RECORD, waitsForRoomUntil: until };
      expect(step({ rerun: waiting, record })).toMatchObject({
        rerun: { deadline: until, progress: { noRoom: { until } } },
      });
    });
  });

  test('that makes the request more than the workflow can carry is refused', () => {
    const record = { ...RECORD, request: { ...requestParameters, tags: [{ key: 'k', value: 'x'.repeat(255_000) }] } };
    expect(step({ record })).toEqual(refused('tooLarge'));
  });

  test('of a caller that is not listed makes it none of ours', () => {
    const record = { ...RECORD, caller: 'arn:aws:iam::111122223333:role/stranger' };
    expect(step({ record })).toEqual({ kind: 'ignore', reason: 'callerNotListed' });
    expect(step({ record: { ...RECORD, caller: '' } })).toEqual({ kind: 'ignore', reason: 'callerNotListed' });
  });

  test('of a caller that retries itself is as good: it cannot see that an accepted task never started', () => {
    expect(step({ record: { ...RECORD, caller: AIRFLOW_ROLE } }).kind).toBe('ready');
  });

  test.each([
    [0, 3, 'ready'],
    [1, 3, 'ready'],
    [2, 3, 'ready'],
    [3, 3, 'fail'],
    [0, 1, 'ready'],
    [1, 1, 'fail'],
    [0, 0, 'fail'],
  ])('of generation %i where %i are allowed: %s', (generation, maxGenerations, kind) => {
    const found = step({
      record: { ...RECORD, generation },
      settings: { maxGenerations },
      nowMs: EVENT_TIME_MS + 60 * MINUTE,
    });
    expect(found).toMatchObject(
      kind === 'fail'
        ? { kind, result: { kind: 'gaveUp', reason: 'maxGenerations' } }
        : { kind, rerun: { lineage: { rootCallId: 'root', generation: generation + 1 } } },
    );
  });

  test.each([
    [0, 1],
    [1, 5],
    [2, 15],
    [9, 15],
  ])('of generation %i is followed by a pause of %i minutes, give or take a quarter', (generation, minutes) => {
    const pauseMs = minutes * MINUTE * (0.75 + 0.5 * spreadOf(rerun.callId));
    const at = (nowMs: number) => step({ record: { ...RECORD, generation }, settings: { maxGenerations: 10 }, nowMs });
    const dueMs = EVENT_TIME_MS + pauseMs;
    expect(at(EVENT_TIME_MS)).toEqual({ kind: 'wait', untilMs: dueMs });
    expect(at(Math.floor(dueMs - 1))).toEqual({ kind: 'wait', untilMs: dueMs });
    expect(at(Math.ceil(dueMs)).kind).toBe('ready');
  });

  test('keeps its pause within a quarter of what it is, whatever the jitter', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.double({ min: 0, max: 1, noNaN: true }), (generation, spread) => {
        const about = [60, 300, 900][Math.min(generation, 3) - 1] ?? 0;
        const seconds = generationPauseSeconds(generation, spread);
        expect(seconds).toBeGreaterThanOrEqual(about * 0.75);
        expect(seconds).toBeLessThanOrEqual(about * 1.25);
      }),
    );
  });

  test.each([
    ['that CloudTrail dropped', null, 'missingParameters'],
    ['with a brand-new parameter', { ...requestParameters, brandNew: 1 }, 'unknownParameter'],
    ['with a value of the wrong type', { ...requestParameters, count: 'many' }, 'invalidParameter'],
    [
      'with the hidden environment of another container',
      { ...requestParameters, overrides: { containerOverrides: [{ name: 'sidecar', environment: HIDDEN }] } },
      'hiddenEnvironment',
    ],
  ])('of a request %s is refused', (_, request, reason) => {
    expect(step({ record: { ...RECORD, request } })).toEqual(refused(reason));
  });
});

describe('a completed request', () => {
  test('is for the very revision that failed, also where the call named only its family', () => {
    const failed = { environments: {}, taskDefinition: REVISION };
    const record = { ...RECORD, request: { taskDefinition: 'report' } };
    expect(completeRequest(record, failed)).toEqual({ request: { taskDefinition: REVISION, count: 1 } });
    expect(REVISION).toMatch(/:task-definition\/report:\d+$/);
  });

  const environments = { app: [{ name: 'A', value: 'event' }], 'aws-guardduty-agent-x': [{ name: 'B', value: 'x' }] };
  const complete = (containerOverrides: unknown) => {
    const request = { taskDefinition: 'report', overrides: { cpu: '256', containerOverrides } };
    const completed = completeRequest({ ...RECORD, request }, { environments, taskDefinition: REVISION });
    return 'request' in completed ? completed.request.overrides : completed;
  };

  test.each<[string, unknown, unknown]>([
    [
      'the event’s values in place of hidden ones',
      [{ name: 'app', environment: HIDDEN }],
      [{ name: 'app', environment: environments.app }],
    ],
    [
      'the event’s values in place of its own, which are the same',
      [{ name: 'app', environment: [{ name: 'A', value: 'event' }] }],
      [{ name: 'app', environment: environments.app }],
    ],
    ['no values where its caller gave none', [{ name: 'app', command: ['x'] }], [{ name: 'app', command: ['x'] }]],
    ['no container that its caller did not override', [{ name: 'other' }], [{ name: 'other' }]],
    ['no container where none was overridden', [], []],
  ])('has %s', (_, containers, expected) => {
    expect(complete(containers)).toEqual({ cpu: '256', containerOverrides: expected });
  });

  test('of anything recorded is a request or a reason, never an exception', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (request) => {
        const completed = completeRequest({ ...RECORD, request }, { environments, taskDefinition: REVISION });
        expect('request' in completed || 'reason' in completed).toBe(true);
      }),
    );
  });
});

test.each([{}, null, { ...RECORD, generation: -1 }, { ...RECORD, caller: 7 }, { ...RECORD, rootCallId: undefined }])(
  'a stored launch record of %j is none',
  (stored) => {
    expect(launchRecordSchema.safeParse(stored).success).toBe(false);
  },
);
