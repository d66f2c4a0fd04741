import { describe, expect, test } from 'vitest';
import { recordedDigest } from '../../../../lambda/core/rerun/acceptance.ts';
import type { Settings } from '../../../../lambda/core/settings.ts';
import { decide } from '../../../../lambda/core/verdict/decide.ts';
import { launchesOf } from '../../../../lambda/core/verdict/recorded-call.ts';
import {
  AIRFLOW_ROLE,
  acceptedText,
  type Changes,
  CONTEXT,
  CRON_ROLE,
  decoded,
  EVENT_TIME_MS,
  eventText,
  OWN_ROLE,
  rerunOf,
  SETTINGS,
} from '../../../support/records.ts';

const CALL_ID = '38d6c654c9f31d9d60b174a5e88a1e3b';
const { requestParameters: request } = JSON.parse(eventText()).detail;
const NO_ROOM = [{ reason: 'RESOURCE:CPU' }];
const by = (arn: string) => ({ detail: { userIdentity: { arn } } });
const launch = (taskArn: string) => ({
  taskArn,
  record: { caller: CRON_ROLE, rootCallId: CALL_ID, generation: 0, isWatched: false, request },
});

/** The verdict on a call for two tasks that ECS accepted. */
const verdictOn = (
  taskArns: string[],
  failures: { reason: string }[],
  changes: Changes = {},
  settings: Partial<Settings> = {},
) => decide(decoded(acceptedText(taskArns, failures, changes)), { ...CONTEXT, settings: { ...SETTINGS, ...settings } });

describe('an accepted call', () => {
  test('is recorded for each of its tasks, hidden values and all', () => {
    expect(verdictOn(['a', 'b'], [])).toMatchObject({ kind: 'record', launches: [launch('a'), launch('b')] });
  });

  test('is known as accepted under its call id, so that a re-run of an earlier attempt needs no permit', () => {
    const digest = recordedDigest(rerunOf().request);
    expect(verdictOn(['a', 'b'], [])).toMatchObject({
      acceptance: { callId: CALL_ID, acceptance: { atMs: EVENT_TIME_MS, taskArns: ['a', 'b'], digest } },
    });
  });

  test.each([
    [
      'made by a launcher, whose rejected calls are left alone',
      { detail: { userIdentity: { arn: CRON_ROLE, invokedBy: 'events.amazonaws.com' } } },
    ],
    ['without a token', { request: { clientToken: undefined } }],
  ])('%s is not', (_, changes) => {
    expect(verdictOn(['a'], [], changes)).not.toHaveProperty('acceptance');
  });

  test.each([
    ['of a caller that retries itself: it cannot see a start that fails', by(AIRFLOW_ROLE)],
    [
      'of EventBridge, which takes an accepted task for a started one',
      { detail: { userIdentity: { arn: CRON_ROLE, invokedBy: 'events.amazonaws.com' } } },
    ],
    ['of a pipe alike', { detail: { userIdentity: { arn: CRON_ROLE, invokedBy: 'pipes.amazonaws.com' } } }],
    ['of Scheduler alike', { detail: { userIdentity: { arn: CRON_ROLE, invokedBy: 'scheduler.amazonaws.com' } } }],
    ['without a token', { request: { clientToken: undefined } }],
    ['whose request CloudTrail dropped', { detail: { requestParameters: null } }],
  ])('is recorded %s', (_, changes) => {
    expect(verdictOn(['a'], [], changes)).toMatchObject({ kind: 'record', launches: [{ taskArn: 'a' }] });
  });

  test.each([
    ['ownCall', by(OWN_ROLE)],
    ['callerNotListed', by('arn:aws:iam::111122223333:role/stranger')],
    ['launcherRetries', { detail: { userIdentity: { arn: CRON_ROLE, invokedBy: 'states.amazonaws.com' } } }],
    ['familyNotListed', { request: { taskDefinition: 'web:1' } }],
    ['clusterNotListed', { request: { cluster: 'web' } }],
  ])('is ignored: %s', (reason, changes) => {
    expect(verdictOn(['a'], [], changes)).toMatchObject({ kind: 'ignore', reason });
  });
});

test.each([
  ['states.amazonaws.com', true],
  ['batch.amazonaws.com', true],
  ['ecs.amazonaws.com', true],
  ['events.amazonaws.com', false],
  ['scheduler.amazonaws.com', false],
  ['pipes.amazonaws.com', false],
  ['eventsv2.amazonaws.com', false],
])('a launch by %s says whether a service watches its tasks', (invokedBy, isWatched) => {
  const text = acceptedText(['a'], [], { detail: { userIdentity: { arn: CRON_ROLE, invokedBy } } });
  const event = decoded(text);
  if (event.kind !== 'runTaskRecord') throw new Error('expected a record');
  expect(launchesOf(event, CONTEXT)).toMatchObject([{ taskArn: 'a', record: { isWatched } }]);
});

describe('an accepted call that was placed in part', () => {
  test('is recorded, and re-run for what is left, as the call that it is', () => {
    expect(verdictOn(['a'], NO_ROOM)).toMatchObject({
      kind: 'rerun',
      launches: [launch('a')],
      input: { callId: CALL_ID, progress: { attempts: 0, unanswered: 0, remaining: 1, round: 1, taskArns: ['a'] } },
    });
    expect(verdictOn([], NO_ROOM)).toMatchObject({ kind: 'rerun', input: { progress: { remaining: 2 } } });
  });

  test.each<[string, string[], { reason: string }[], Changes?, Partial<Settings>?]>([
    ['where waiting would not help', ['a'], [{ reason: 'MISSING' }]],
    ['where nothing is left', ['a', 'b'], NO_ROOM],
    ['where ECS was not asked for room', ['a'], [{ reason: 'ATTRIBUTE' }]],
    ['where its caller retries by itself', ['a'], NO_ROOM, by(AIRFLOW_ROLE)],
    ['where room is not awaited', ['a'], NO_ROOM, {}, { capacity: { rerun: false, deadlineSeconds: 7200 } }],
  ])('is only recorded %s', (_, tasks, failures, changes, settings) => {
    expect(verdictOn(tasks, failures, changes, settings).kind).toBe('record');
  });

  test.each(['events', 'scheduler', 'pipes', 'eventsv2'])(
    'is re-run where %s takes the answer for success: it never comes back, so nothing has to tell its next attempt from ours',
    (name) => {
      const detail = { userIdentity: { arn: CRON_ROLE, invokedBy: `${name}.amazonaws.com` } };
      expect(verdictOn([], NO_ROOM, { detail })).toMatchObject({
        kind: 'rerun',
        input: {
          settleUntil: new Date(EVENT_TIME_MS).toISOString(),
          progress: { remaining: 2, round: 1 },
        },
      });
      expect(verdictOn(['a'], NO_ROOM, { detail, request: { clientToken: undefined } })).toMatchObject({
        kind: 'rerun',
        input: { ownToken: 'substitute', progress: { remaining: 1, round: 1, taskArns: ['a'] } },
      });
    },
  );

  test('waits for room for as long as the configuration says, whatever the hour of the token', () => {
    const capacity = { rerun: true, deadlineSeconds: 82_800 };
    const until = new Date(EVENT_TIME_MS + 82_800_000).toISOString();
    expect(verdictOn([], NO_ROOM, {}, { capacity })).toMatchObject({
      input: { deadline: until, progress: { noRoom: { until, short: 'instances' } } },
    });
  });

  test.each(['AGENT', 'You’ve reached the limit on the number of vCPUs you can run concurrently'])(
    'is re-run whatever it was short of: %s',
    (reason) => {
      expect(verdictOn(['a'], [{ reason }])).toMatchObject({ kind: 'rerun', input: { progress: { remaining: 1 } } });
    },
  );

  test('is refused for the rest where that cannot be repeated, and recorded all the same', () => {
    expect(verdictOn(['a'], NO_ROOM, { request: { brandNew: 1 } })).toMatchObject({
      kind: 'refuse',
      reason: 'unknownParameter',
      launches: [{ taskArn: 'a' }],
    });
    expect(verdictOn(['a'], NO_ROOM, { request: { clientToken: undefined } })).toMatchObject({
      kind: 'refuse',
      reason: 'noClientToken',
      launches: [{ taskArn: 'a' }],
    });
  });
});

test('a recorded request of wrong types is a verdict, never an exception', () => {
  expect(verdictOn(['a'], [], { request: { cluster: 7 } })).toMatchObject({ kind: 'record' });
});
