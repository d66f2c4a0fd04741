import { describe, expect, test } from 'vitest';
import { decide } from '../../../../lambda/core/verdict/decide.ts';
import { verdictLine } from '../../../../lambda/core/verdict/verdict-line.ts';
import {
  acceptedText,
  CONTEXT,
  decoded,
  eventText,
  HOME,
  NOW_MS,
  OPS_USER,
  rerunOf,
  stoppedText,
} from '../../../support/records.ts';

const lineOf = (text: string) => {
  const event = decoded(text);
  return verdictLine(decide(event, CONTEXT), event, CONTEXT);
};
const rejected = (errorCode: string, errorMessage = '') => eventText({ detail: { errorCode, errorMessage } });

describe('the log line of a verdict', () => {
  test.each<[string, string, string]>([
    ['a throttle', eventText(), 'throttled'],
    [
      'a throttle in disguise',
      rejected(
        'InvalidParameterException',
        'Error retrieving subnet information for [subnet-0ab]: Rate exceeded (ErrorCode: Throttling)',
      ),
      'throttled',
    ],
    ['a wrong request', rejected('InvalidParameterException', 'Invalid launch type'), 'rejected'],
    ['a failing service', rejected('ServerException'), 'rejected'],
    ['an accepted call', acceptedText(), 'accepted'],
    [
      'an accepted call that shares the bucket',
      eventText({ detail: { eventName: 'StopTask', errorCode: undefined } }),
      'accepted',
    ],
  ])('says of %s how ECS answered', (_, text, answer) => {
    expect(lineOf(text)).toMatchObject({ answer });
  });

  test.each([
    ['another account', { recipientAccountId: '999999999999' }, {}],
    ['another Region', { awsRegion: 'eu-west-1' }, {}],
    ['an archive', {}, { 'replay-name': 'again' }],
  ])('says no answer where the record is from %s: it took nothing from this bucket', (_, detail, envelope) => {
    expect(lineOf(eventText({ detail, envelope }))).not.toHaveProperty('answer');
  });

  test.each([
    ['ThrottlingException', 'ThrottlingException'],
    ['a secret\nof the sender', 'unnamed'],
  ])('shows no text of a sender in place of an error’s name: %j', (code, errorCode) => {
    const call = {
      kind: 'handedOverCall',
      messageId: 'message-1',
      ...HOME,
      caller: { principalArn: OPS_USER },
      request: {},
      sentAtMs: NOW_MS,
      attempted: { kind: 'rejected', error: { code, message: '' }, requestIds: [], firstAttemptAtMs: NOW_MS },
    } as const;
    expect(verdictLine(decide(call, CONTEXT), call, CONTEXT)).toMatchObject({ errorCode });
  });

  test('names a call alike, whether it was re-run or refused, in whichever of its records', () => {
    const { callId } = rerunOf();
    const anotherAttempt = { eventID: 'e5c1f7a2-0000-4000-8000-00000000ffff' };
    const hidden = {
      overrides: { containerOverrides: [{ name: 'app', environment: 'HIDDEN_DUE_TO_SECURITY_REASONS' }] },
    };
    expect(lineOf(eventText())).toMatchObject({ kind: 'rerun', callId });
    expect(lineOf(eventText({ detail: anotherAttempt }))).toMatchObject({ kind: 'rerun', callId });
    expect(lineOf(eventText({ request: hidden }))).toMatchObject({ kind: 'refuse', callId });
  });

  test('names calls without a token by their records, and failed tasks by their own identity', () => {
    const tokenless = [1, 2].map((n) =>
      lineOf(eventText({ request: { clientToken: undefined }, detail: { eventID: `${n}` } })),
    );
    const ids = [...tokenless, lineOf(stoppedText())].map((line) => ('callId' in line ? line.callId : undefined));
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(3);
  });
});
