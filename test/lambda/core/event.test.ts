import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEvent } from '../../../lambda/core/event.ts';
import { decoded, EVENT_TIME_MS, eventText, fixtureText } from '../../support/records.ts';

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
      account: '111122223333',
      region: 'us-east-1',
      eventTimeMs: EVENT_TIME_MS,
      caller: {
        principalArn: 'arn:aws:iam::111122223333:role/jobs/cron',
        userAgent: expect.stringContaining('aws-sdk-js/3'),
      },
      error: { code: 'ThrottlingException', message: 'Rate exceeded' },
      requestParameters: JSON.parse(text).detail.requestParameters,
      replayed: false,
    });
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
    ['nobody where AWS itself called', { type: 'AWSService', invokedBy: 'events.amazonaws.com' }, ''],
  ])('names as its caller %s', (_, userIdentity, principalArn) => {
    const detail = Object.keys(userIdentity).length > 0 ? { userIdentity } : {};
    expect(decoded(eventText({ detail })).caller.principalArn).toBe(principalArn);
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

// Known defect: `z.unknown()` requires the key, so a record that CloudTrail cut for its size counts as malformed.
test.fails('a record without even the member of its request is kept', () => {
  expect(decoded(eventText({ detail: { requestParameters: undefined } })).requestParameters).toBeNull();
});

describe('poison', () => {
  test.each([
    ['that is not JSON', '{"detail": "canary', ['expected JSON']],
    ['that is empty', '', ['expected JSON']],
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
      'without an error',
      eventText({ detail: { errorCode: undefined } }),
      [expect.stringContaining('detail.errorCode: ')],
    ],
    ['without a time', eventText({ detail: { eventTime: 'canary' } }), [expect.stringContaining('detail.eventTime: ')]],
    [
      'without a caller',
      eventText({ detail: { userIdentity: undefined } }),
      [expect.stringContaining('detail.userIdentity: ')],
    ],
    [
      'of wrong types',
      fixtureText('malformed-wrong-types'),
      ['detail.eventID: ', 'detail.eventTime: ', 'detail.errorCode: ', 'detail.userIdentity: '].map((place) =>
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
  });
});
