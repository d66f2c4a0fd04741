import { describe, expect, test } from 'vitest';
import { recordedDigest } from '../../../../lambda/core/rerun/acceptance.ts';
import type { Settings } from '../../../../lambda/core/settings.ts';
import { decide } from '../../../../lambda/core/verdict/decide.ts';
import type { Verdict } from '../../../../lambda/core/verdict/verdict.ts';
import {
  AIRFLOW_ROLE,
  CONTEXT,
  CRON_ROLE,
  decoded,
  EVENT_TIME_MS,
  eventText,
  fixtureText,
  OWN_ROLE,
  verdictOn,
} from '../../../support/records.ts';

const MINUTE = 60_000;
const session = (role: string) => `arn:aws:sts::111122223333:assumed-role/${role}/x`;
const as = (arn: string) => ({ detail: { userIdentity: { type: 'AssumedRole', arn } } });
const verdictOnFixture = (name: string) => decide(decoded(fixtureText(name)), CONTEXT);

describe('a throttled call is re-run', () => {
  test('with an input that holds the caller’s own request and nothing of its delivery', () => {
    const { detail } = JSON.parse(fixtureText('rerun-plain-throttle'));
    expect(verdictOnFixture('rerun-plain-throttle')).toEqual({
      kind: 'rerun',
      name: 'report-2d6c138652489cfcc1df737a3a61a119',
      input: {
        callId: '38d6c654c9f31d9d60b174a5e88a1e3b',
        call: {
          account: '111122223333',
          region: 'us-east-1',
          cluster: 'batch',
          family: 'report',
          caller: CRON_ROLE,
          principal: 'AROAEXAMPLEEXAMPLE123',
          eventTime: '2026-01-15T03:00:00.000Z',
        },
        settleUntil: '2026-01-15T03:00:30.000Z',
        deadline: '2026-01-15T03:55:00.000Z',
        request: detail.requestParameters,
        rooms: ['fargate', 'fargateCapacity', 'provisioning batch', 'addresses subnet-0aaa subnet-0bbb'],
        doneBy: {
          sinceMs: EVENT_TIME_MS - 3_600_000,
          count: 2,
          digest: recordedDigest(detail.requestParameters),
        },
      },
    });
  });

  test.each(['rerun-disguised-throttle', 'rerun-iam-user'])('%s', (fixture) => {
    expect(verdictOnFixture(fixture).kind).toBe('rerun');
  });

  test.each([
    ['when the service failed', { detail: { errorCode: 'ServerException' } }, {}],
    ['as a session of a listed role', as(session('cron')), {}],
    ['by anybody where anybody is listed', as(session('stranger')), { callers: [{ arn: '*' }] }],
    ['where ECS Exec is allowed', { request: { enableExecuteCommand: true } }, { allowExecuteCommand: true }],
  ])('%s', (_, changes, settings) => {
    expect(verdictOn(changes, settings).kind).toBe('rerun');
  });

  test('under one name and input, however late and often its record is found', () => {
    const later = verdictOn(
      { envelope: { id: 'other', time: '2026-01-15T03:20:00Z' } },
      {},
      EVENT_TIME_MS + 20 * MINUTE,
    );
    expect(later).toEqual(verdictOn({}));
  });

  test('a little later, if its record is delivered late: those of its own retries may come as late', () => {
    const verdict = (minutes: number) =>
      decide(decoded(eventText({})), { ...CONTEXT, deliveredAtMs: EVENT_TIME_MS + minutes * MINUTE });
    const [soon, late] = [verdict(0.2), verdict(2)] as (Verdict & { kind: 'rerun' })[];
    expect(late).toEqual({ ...soon, input: { ...soon?.input, settleUntil: '2026-01-15T03:02:12.000Z' } });
  });

  test('without a token, where that is allowed, under a token of ours that its record’s identity stands for', () => {
    const verdict = verdictOn({ request: { clientToken: undefined } }, { allowWithoutClientToken: true });
    expect(verdict).toMatchObject({
      kind: 'rerun',
      input: {
        callId: '99ab26d9faf08623fdd1c4fa25b897af',
        ownToken: 'substitute',
      },
    });
    expect(verdict.kind === 'rerun' && verdict.input.request).not.toHaveProperty('clientToken');
  });
});

const BATCH = 'AWSBatch-jobs-1234';
const ANY_CLUSTER: Partial<Settings> = { clusters: ['*'] };

describe('an event is ignored', () => {
  test.each<[string, string, Parameters<typeof verdictOn>[0], Partial<Settings>?, number?]>([
    ['a real mistake', 'notAThrottle', { detail: { errorCode: 'AccessDenied', errorMessage: 'no' } }],
    ['our own call', 'ownCall', as(OWN_ROLE), { callers: [{ arn: '*' }] }],
    [
      'our own call by its session',
      'ownCall',
      as(session('EcsThrottleRemediation-RunTask')),
      { callers: [{ arn: '*' }] },
    ],
    [
      'a call for Step Functions',
      'launcherRetries',
      { detail: { userIdentity: { invokedBy: 'states.amazonaws.com' } } },
    ],
    ['a call by Batch’s user agent', 'launcherRetries', { detail: { userAgent: 'batch.amazonaws.com' } }],
    ['a call by a pipe’s user agent', 'launcherRetries', { detail: { userAgent: 'pipes.amazonaws.com' } }],
    ['a call from a pipe', 'launcherRetries', { detail: { sourceIPAddress: 'pipes.amazonaws.com' } }],
    [
      'a call for a custom event bus',
      'launcherRetries',
      { detail: { userIdentity: { invokedBy: 'eventsv2.amazonaws.com' } } },
    ],
    ['a task of Step Functions', 'launcherRetries', { request: { startedBy: 'AWS Step Functions' } }],
    ['a task of a deployment', 'launcherRetries', { request: { startedBy: 'ecs-svc/123' } }],
    ['a task of a service', 'launcherRetries', { request: { group: 'service:web' } }],
    ['a cluster of Batch', 'launcherRetries', { request: { cluster: BATCH } }, ANY_CLUSTER],
    [
      'a cluster of Batch by ARN',
      'launcherRetries',
      { request: { cluster: `arn:aws:ecs:us-east-1:111122223333:cluster/${BATCH}` } },
      ANY_CLUSTER,
    ],
    [
      'a cluster of Batch of the older kind',
      'launcherRetries',
      { request: { cluster: 'env_Batch_0123' } },
      ANY_CLUSTER,
    ],
    ['a caller that repeats lost calls under new tokens', 'retriesItself', as(AIRFLOW_ROLE)],
    ['a call of another account', 'otherAccount', { detail: { recipientAccountId: '999999999999' } }],
    ['a call in another Region', 'otherRegion', { detail: { awsRegion: 'eu-west-1' } }],
    ['a replay', 'replayed', { envelope: { 'replay-name': 'yesterday' } }],
    ['a record of the day before', 'stale', {}, {}, EVENT_TIME_MS + 24 * 60 * MINUTE + 1],
    ['a caller that is not listed', 'callerNotListed', as(session('stranger'))],
    ['a family that is not listed', 'familyNotListed', { request: { taskDefinition: 'report-admin:3' } }],
    [
      'a family of another account',
      'familyNotListed',
      { request: { taskDefinition: 'arn:aws:ecs:us-east-1:999999999999:task-definition/report:3' } },
    ],
    ['a cluster that is not listed', 'clusterNotListed', { request: { cluster: 'batch2' } }],
    [
      'a request nobody can read, for a family that is not listed',
      'familyNotListed',
      { request: { taskDefinition: 'web', brandNew: 1 } },
    ],
    [
      'a request nobody can read, for a cluster that is not listed',
      'clusterNotListed',
      { request: { cluster: 'web', brandNew: 1 } },
    ],
  ])('%s: %s', (_, reason, changes, settings, nowMs) => {
    expect(verdictOn(changes, settings, nowMs)).toEqual({ kind: 'ignore', reason });
  });

  test.each(['launcherRetries', 'notAThrottle'])('fixture ignore-%s', (reason) => {
    expect(verdictOnFixture(`ignore-${reason}`)).toEqual({ kind: 'ignore', reason });
  });
});

describe('a call is refused', () => {
  test.each<[string, string, Parameters<typeof verdictOn>[0], object, Partial<Settings>?, number?]>([
    [
      'with a brand-new parameter',
      'unknownParameter',
      { request: { brandNew: 'canary' } },
      { family: 'report', members: ['brandNew'] },
    ],
    [
      'with a parameter of the wrong type',
      'invalidParameter',
      { request: { count: 'canary' } },
      { family: 'report', members: ['count'] },
    ],
    [
      'without its task definition',
      'missingParameters',
      { request: { taskDefinition: undefined } },
      { members: ['taskDefinition'] },
    ],
    ['without a token', 'noClientToken', { request: { clientToken: undefined } }, { family: 'report' }],
    [
      'that replaces a role',
      'roleOverride',
      { request: { overrides: { taskRoleArn: OWN_ROLE } } },
      { family: 'report' },
    ],
    ['that switches ECS Exec on', 'executeCommand', { request: { enableExecuteCommand: true } }, { family: 'report' }],
    [
      'even while observing',
      'noClientToken',
      { request: { clientToken: undefined } },
      { family: 'report' },
      { mode: 'observe' },
    ],
  ])('%s: %s', (_, reason, changes, more, settings, nowMs) => {
    const verdict = verdictOn(changes, settings, nowMs);
    expect(verdict).toEqual({ kind: 'refuse', reason, caller: CRON_ROLE, ...more });
    expect(JSON.stringify(verdict)).not.toContain('canary');
  });

  test.each([
    ['hiddenEnvironment', { family: 'report', members: ['overrides.containerOverrides.0.environment'] }],
    ['bareRecord', {}],
  ])('fixture refuse-%s', (reason, more) => {
    expect(verdictOnFixture(`refuse-${reason}`)).toEqual({ kind: 'refuse', reason, caller: CRON_ROLE, ...more });
  });

  test('not for being late: whether anything can still prove it safe is for the workflow to find out', () => {
    expect(verdictOn({}, {}, EVENT_TIME_MS + 23 * 60 * MINUTE)).toEqual(verdictOn({}));
  });

  test('with an empty token: noClientToken', () => {
    expect(verdictOn({ request: { clientToken: '' } })).toMatchObject({ kind: 'refuse', reason: 'noClientToken' });
  });

  test('not where its launcher retries, be the request legible or not', () => {
    const hidden = { containerOverrides: [{ name: 'app', environment: 'HIDDEN_DUE_TO_SECURITY_REASONS' }] };
    const verdict = verdictOn({ request: { startedBy: 'AWS Step Functions', overrides: hidden } });
    expect(verdict).toEqual({ kind: 'ignore', reason: 'launcherRetries' });
  });
});
