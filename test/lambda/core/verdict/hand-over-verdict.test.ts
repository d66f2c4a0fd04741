import { describe, expect, test } from 'vitest';
import type { Attempted, HandedOverCall } from '../../../../lambda/core/events/hand-over.ts';
import { keyedCallId, synchronousCallId } from '../../../../lambda/core/identity.ts';
import type { Settings } from '../../../../lambda/core/settings.ts';
import { decide } from '../../../../lambda/core/verdict/decide.ts';
import { CONTEXT, EVENT_TIME_MS, HOME, NOW_MS, SETTINGS } from '../../../support/records.ts';

const OPS = 'arn:aws:iam::111122223333:role/ops';
const RULE = 'arn:aws:events:us-east-1:111122223333:rule/nightly';
const CALLER = { principalArn: OPS, principalId: 'AROAOPS' };
const REQUEST = { cluster: 'batch', taskDefinition: 'report:3', count: 2, clientToken: 'token' };
const THROTTLED: Attempted = {
  kind: 'rejected',
  error: { code: 'ThrottlingException', message: 'Rate exceeded' },
  requestIds: ['request-1'],
  firstAttemptAtMs: EVENT_TIME_MS,
};
const IN_PART: Attempted = {
  kind: 'answered',
  taskArns: ['a'],
  failureReasons: ['RESOURCE:MEMORY'],
  requestIds: [],
  firstAttemptAtMs: EVENT_TIME_MS,
};
const NEVER: Attempted = { kind: 'never', key: 'nightly-1' };

function verdictOn(changes: Partial<HandedOverCall> = {}, settings: Partial<Settings> = {}) {
  const call: HandedOverCall = {
    kind: 'handedOverCall',
    messageId: 'message-1',
    ...HOME,
    caller: CALLER,
    request: REQUEST,
    sentAtMs: NOW_MS,
    attempted: THROTTLED,
    ...changes,
  };
  const callers = [{ arn: OPS, handsOver: true }, { arn: RULE, handsOver: true }, { arn: `${OPS}-silent` }];
  return decide(call, { ...CONTEXT, settings: { ...SETTINGS, callers, ...settings } });
}
const asking = (request: object) => ({ request: { ...REQUEST, ...request } });

describe('a call that was handed over', () => {
  test('is re-run as its caller made it, without grace, as the call that its token names', () => {
    const callId = synchronousCallId({ ...HOME, principal: 'AROAOPS', cluster: 'batch', clientToken: 'token' });
    expect(verdictOn()).toMatchObject({
      kind: 'rerun',
      input: {
        callId,
        call: { caller: OPS, family: 'report', cluster: 'batch', principal: 'AROAOPS' },
        settleUntil: '2026-01-15T03:00:00.000Z',
        deadline: '2026-01-15T03:55:00.000Z',
        request: REQUEST,
      },
    });
  });

  test('is the call that its own full record names, under the same name', () => {
    const verdict = verdictOn();
    const record = decide(
      {
        kind: 'runTaskRecord',
        eventId: 'event-1',
        ...HOME,
        eventTimeMs: EVENT_TIME_MS,
        caller: CALLER,
        error: { code: 'ThrottlingException', message: 'Rate exceeded' },
        requestParameters: REQUEST,
        taskArns: [],
        failureReasons: [],
        replayed: false,
        origin: HOME,
      },
      { ...CONTEXT, settings: { ...SETTINGS, callers: [{ arn: OPS, handsOver: true }] } },
    );
    if (verdict.kind !== 'rerun' || record.kind !== 'rerun') throw new Error('expected two re-runs');
    expect(record.name).toBe(verdict.name);
    expect(record.input.callId).toBe(verdict.input.callId);
  });

  test('is re-run for what is left where it was answered in part', () => {
    expect(verdictOn({ attempted: IN_PART })).toMatchObject({
      kind: 'rerun',
      input: { progress: { remaining: 1, round: 1, taskArns: ['a'] } },
    });
  });

  const UNPLACED: Attempted = {
    kind: 'rejected',
    error: { code: 'ClientException', message: 'Tasks provisioning capacity limit exceeded.' },
    requestIds: [],
    firstAttemptAtMs: EVENT_TIME_MS,
  };

  test('waits for room under its own token where it was rejected whole: a loop around its caller makes the same call', () => {
    expect(verdictOn({ attempted: UNPLACED })).toMatchObject({
      kind: 'rerun',
      input: {
        deadline: new Date(EVENT_TIME_MS + 7_200_000).toISOString(),
        progress: { remaining: 2, round: 0, noRoom: { short: 'provisioning', room: 'provisioning batch' } },
        doneBy: { count: 2 },
      },
    });
    expect(verdictOn({ attempted: UNPLACED })).not.toHaveProperty('input.ownToken');
  });

  test.each([
    ['whole', UNPLACED],
    ['in part', IN_PART],
  ] as const)(
    'is refused, so that its caller hears of it, where room is not awaited and it found none: %s',
    (_, attempted) => {
      const capacity = { rerun: false, deadlineSeconds: 7200 };
      expect(verdictOn({ attempted }, { capacity })).toMatchObject({ kind: 'refuse', reason: 'roomNotAwaited' });
    },
  );

  test('is started under a token of its own where nobody attempted it, for a day', () => {
    const { clientToken: _, ...request } = REQUEST;
    const callId = keyedCallId({ ...HOME, cluster: 'batch', family: 'report', key: 'nightly-1' });
    expect(verdictOn({ attempted: NEVER, request })).toMatchObject({
      kind: 'rerun',
      input: {
        callId,
        call: { eventTime: new Date(NOW_MS).toISOString() },
        deadline: new Date(NOW_MS + 86_400_000).toISOString(),
        request,
        ownToken: 'keyed',
      },
    });
  });

  test('has one name for all copies of a key, however far apart, and another for another family', () => {
    const nameOf = (changes: Partial<HandedOverCall>, settings: Partial<Settings> = {}) => {
      const verdict = verdictOn({ attempted: NEVER, ...changes }, settings);
      return verdict.kind === 'rerun' ? verdict.name : verdict.kind;
    };
    expect(nameOf({ sentAtMs: NOW_MS + 7_200_000, messageId: 'message-2' })).toBe(nameOf({}));
    expect(nameOf({ caller: { principalArn: RULE } })).toBe(nameOf({}));
    const families = { families: ['report', 'import'] };
    expect(nameOf(asking({ taskDefinition: 'import' }), families)).not.toBe(nameOf({}));
  });

  test.each<[string, Partial<HandedOverCall>, string, Partial<Settings>?]>([
    ['by somebody unlisted', { caller: { principalArn: 'AROASTRANGER' } }, 'callerNotListed'],
    ['by a caller that is not said to hand over', { caller: { principalArn: `${OPS}-silent` } }, 'callerNotListed'],
    ['while only observing', {}, 'observeMode', { mode: 'observe' }],
    ['without a request', { request: null }, 'missingParameters'],
    ['with an unknown parameter', asking({ color: 'red' }), 'unknownParameter'],
    ['for an unlisted family', asking({ taskDefinition: 'other' }), 'familyNotListed'],
    ['for an unlisted cluster', asking({ cluster: 'prod' }), 'clusterNotListed'],
    ['of another account', asking({ cluster: 'arn:aws:ecs:us-east-1:444455556666:cluster/batch' }), 'clusterNotListed'],
    ['in a service’s name', asking({ startedBy: 'ecs-svc/1' }), 'notOptedIn'],
    [
      'with a role of its own',
      asking({ overrides: { taskRoleArn: 'arn:aws:iam::111122223333:role/x' } }),
      'roleOverride',
    ],
    ['with ECS Exec', asking({ enableExecuteCommand: true }), 'executeCommand'],
    ['without a token', asking({ clientToken: undefined }), 'noClientToken'],
    [
      'without a token, where calls without one are allowed',
      asking({ clientToken: '' }),
      'noClientToken',
      { allowWithoutClientToken: true },
    ],
    [
      'for an error that is no throttle',
      { attempted: { ...THROTTLED, error: { code: 'ClientException', message: 'no such task definition' } } },
      'rejectedByEcs',
    ],
    ['for an answer that will not change', { attempted: { ...IN_PART, failureReasons: ['MISSING'] } }, 'rejectedByEcs'],
    ['for an answer with all its tasks', { attempted: { ...IN_PART, taskArns: ['a', 'b'] } }, 'invalidParameter'],
  ])('%s is refused, so that its caller hears of it', (_, changes, reason, settings) => {
    expect(verdictOn(changes, settings)).toMatchObject({ kind: 'refuse', reason });
  });
});

describe('a record without its request', () => {
  const record = (handsOver: boolean, requestParameters: unknown = null) =>
    decide(
      {
        kind: 'runTaskRecord',
        eventId: 'event-1',
        ...HOME,
        eventTimeMs: EVENT_TIME_MS,
        caller: CALLER,
        error: { code: 'ThrottlingException', message: 'Rate exceeded' },
        requestParameters,
        taskArns: [],
        failureReasons: [],
        replayed: false,
        origin: HOME,
      },
      { ...CONTEXT, settings: { ...SETTINGS, callers: [{ arn: OPS, handsOver }] } },
    );

  test('is left to the message of a caller that hands over', () => {
    expect(record(true)).toEqual({ kind: 'ignore', reason: 'handedOver' });
  });
  test('is refused as bare where its caller does not', () => {
    expect(record(false)).toEqual({ kind: 'refuse', reason: 'bareRecord', caller: OPS });
  });
  test('is left to the message also where only part of it is missing', () => {
    const hidden = {
      ...REQUEST,
      overrides: { containerOverrides: [{ environment: 'HIDDEN_DUE_TO_SECURITY_REASONS' }] },
    };
    expect(record(true, hidden)).toEqual({ kind: 'ignore', reason: 'handedOver' });
    expect(record(false, hidden)).toMatchObject({ kind: 'refuse', reason: 'hiddenEnvironment' });
  });
});
