import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEvent, decodeHistoryRecord } from '../../../../lambda/core/events/event.ts';
import {
  acceptedText,
  decoded,
  EVENT_TIME_MS,
  eventText,
  fixtureText,
  HOME,
  stoppedText,
} from '../../../support/records.ts';

const problemsOf = (text: string): readonly string[] => {
  const event = decodeEvent(text);
  return 'kind' in event ? [] : event.problems;
};

describe('a CloudTrail record of RunTask', () => {
  test('is decoded into just what verdicts need', () => {
    const text = fixtureText('rerun-plain-throttle');
    expect(decodeEvent(text)).toEqual({
      kind: 'runTaskRecord',
      eventId: 'e5c1f7a2-0000-4000-8000-000000000001',
      requestId: '0f6a2a1e-64a5-4b63-8a3a-9d8b43ad2c01',
      account: '111122223333',
      region: 'us-east-1',
      eventTimeMs: EVENT_TIME_MS,
      caller: {
        principalArn: 'arn:aws:iam::111122223333:role/jobs/cron',
        principalId: 'AROAEXAMPLEEXAMPLE123',
        userAgent: expect.stringContaining('aws-sdk-js/3'),
      },
      error: { code: 'ThrottlingException', message: 'Rate exceeded' },
      requestParameters: JSON.parse(text).detail.requestParameters,
      taskArns: [],
      failureReasons: [],
      replayed: false,
      origin: HOME,
    });
  });

  test('of an accepted call names its tasks, and why others were not placed', () => {
    const event = decoded(acceptedText(['a', 'b'], [{ arn: 'c', reason: 'RESOURCE:CPU' }, { reason: null }]));
    expect(event).toMatchObject({ taskArns: ['a', 'b'], failureReasons: ['RESOURCE:CPU', ''] });
    expect(event).not.toHaveProperty('error');
  });

  test.each([
    ['null', null],
    ['empty', {}],
    ['without tasks', { failures: null }],
  ])('whose answer is %s names none', (_, responseElements) => {
    expect(decoded(eventText({ detail: { responseElements } }))).toMatchObject({ taskArns: [], failureReasons: [] });
  });

  test.each([
    ['the role behind a session, with its path', {}, 'arn:aws:iam::111122223333:role/jobs/cron'],
    [
      'the user itself',
      { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/ops' },
      'arn:aws:iam::111122223333:user/ops',
    ],
    [
      'the session where its issuer is missing',
      { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/cron/x', sessionContext: { attributes: {} } },
      'arn:aws:sts::111122223333:assumed-role/cron/x',
    ],
    [
      'the session that a user issued for somebody, which may be scoped to nothing',
      {
        type: 'FederatedUser',
        arn: 'arn:aws:sts::111122223333:federated-user/guest',
        sessionContext: { sessionIssuer: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/ops' } },
      },
      'arn:aws:sts::111122223333:federated-user/guest',
    ],
    ['nobody where AWS itself called', { type: 'AWSService', invokedBy: 'events.amazonaws.com' }, ''],
  ])('names as its caller %s', (_, userIdentity, principalArn) => {
    const detail = Object.keys(userIdentity).length > 0 ? { userIdentity } : {};
    expect(decoded(eventText({ detail }))).toMatchObject({ caller: { principalArn } });
  });

  test.each([
    [
      'of an AWS service tells which',
      { detail: { userIdentity: { invokedBy: 'states.amazonaws.com' } } },
      { caller: { principalArn: '', invokedBy: 'states.amazonaws.com', userAgent: expect.any(String) } },
    ],
    [
      'without a message is kept',
      { detail: { errorMessage: undefined } },
      { error: { code: 'ThrottlingException', message: '' } },
    ],
    ['without its request is kept', { detail: { requestParameters: null } }, { requestParameters: null }],
    ['from an archive says so', { envelope: { 'replay-name': 'yesterday' } }, { replayed: true }],
    [
      'belongs to the account that it names',
      { detail: { recipientAccountId: '999999999999' } },
      { account: '999999999999' },
    ],
    [
      'belongs to the bus’s account where it names none',
      { detail: { recipientAccountId: undefined } },
      { account: '111122223333' },
    ],
    [
      'may give its time with an offset',
      { detail: { eventTime: '2026-01-15T04:00:00+01:00' } },
      { eventTimeMs: EVENT_TIME_MS },
    ],
  ])('%s', (_, changes, expected) => {
    expect(decoded(eventText(changes))).toMatchObject(expected);
  });
});

test('a record without even the member of its request is kept', () => {
  expect(decoded(eventText({ detail: { requestParameters: undefined } }))).toMatchObject({ requestParameters: null });
});

test('an event that was forwarded from elsewhere says on whose bus it arrived first', () => {
  const origin = { account: '999999999999', region: 'eu-west-1' };
  expect(decoded(eventText({ envelope: origin }))).toMatchObject({ ...HOME, origin });
  expect(decoded(stoppedText({}, origin))).toMatchObject({ ...origin, origin });
});

describe('a record of the event history', () => {
  const { detail } = JSON.parse(eventText());

  test('is decoded like one that an event brought', () => {
    const { replayed: _, origin: __, ...record } = decoded(eventText());
    expect(decodeHistoryRecord(JSON.stringify(detail))).toEqual(record);
  });

  test.each(['', '{', 'null', '{"eventName":"RunTask"}'])('that is none (%s) is said to be none', (text) => {
    expect(decodeHistoryRecord(text)).toHaveProperty('problems');
  });
});

describe('poison', () => {
  test.each([
    ['that is not JSON', '{"detail": "canary', [expect.stringContaining('the event: ')]],
    ['that is empty', '', [expect.stringContaining('the event: ')]],
    ['that is null', 'null', [expect.stringContaining('the event: ')]],
    ['that is a list', '[]', [expect.stringContaining('the event: ')]],
    [
      'of another kind',
      eventText({ envelope: { 'detail-type': 'canary' } }),
      [expect.stringContaining('detail-type: ')],
    ],
    [
      'of another operation',
      eventText({ detail: { eventName: 'canary' } }),
      [expect.stringContaining('detail.eventName: ')],
    ],
    [
      'of another service',
      eventText({ detail: { eventSource: 'canary' } }),
      [expect.stringContaining('detail.eventSource: ')],
    ],
    [
      'of a service other than ECS',
      eventText({ envelope: { source: 'canary' } }),
      [expect.stringContaining('source: ')],
    ],
    ['of a task without a name', stoppedText({ taskArn: 7 }), [expect.stringContaining('detail.taskArn: ')]],
    ['without a time', eventText({ detail: { eventTime: 'canary' } }), [expect.stringContaining('detail.eventTime: ')]],
    [
      'without a caller',
      eventText({ detail: { userIdentity: undefined } }),
      [expect.stringContaining('detail.userIdentity: ')],
    ],
    [
      'of wrong types',
      fixtureText('malformed-wrong-types'),
      ['detail.eventID: ', 'detail.eventTime: ', 'detail.userIdentity: '].map((place) =>
        expect.stringContaining(place),
      ),
    ],
  ])('%s is named by places and expectations, never by what it holds', (_, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
    expect(problemsOf(text).join()).not.toContain('canary');
  });

  test('of 200 KB in an otherwise good record is decoded', () => {
    const text = eventText({
      request: { overrides: { containerOverrides: [{ name: 'app', command: ['x'.repeat(200_000)] }] } },
    });
    expect(decodeEvent(text)).toMatchObject({ kind: 'runTaskRecord' });
  });

  test('of any shape is never thrown at us', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(problemsOf(text).length).toBeGreaterThan(0);
      }),
    );
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('userIdentity', 'eventTime', 'requestParameters'),
        (value, member) => {
          expect(() => decodeEvent(eventText({ detail: { [member]: value } }))).not.toThrow();
        },
      ),
    );
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('overrides', 'containers', 'stoppedAt', 'stopCode', 'group'),
        (value, member) => {
          expect(() => decodeEvent(stoppedText({ [member]: value }))).not.toThrow();
        },
      ),
    );
  });
});
