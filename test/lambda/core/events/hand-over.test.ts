import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeHandOver } from '../../../../lambda/core/events/hand-over.ts';
import { HOME, NOW_MS } from '../../../support/records.ts';

const CALLER = { principalArn: 'arn:aws:iam::111122223333:role/ops', principalId: 'AROAOPS' };
const decode = (body: string) =>
  decodeHandOver({ messageId: 'message-1', body, sentAtMs: NOW_MS, caller: CALLER }, HOME);
const REQUEST = { taskDefinition: 'report:3', clientToken: 'token' };
const AT = '2026-01-15T03:00:00.250Z';
const ERROR = { code: 'ThrottlingException', message: 'Rate exceeded', requestIds: ['request-1'] };

describe('a message of the hand-over queue', () => {
  test.each<[string, object, object]>([
    [
      'that tells of a rejected call',
      { request: REQUEST, error: ERROR, firstAttemptAt: AT },
      {
        kind: 'rejected',
        error: { code: 'ThrottlingException', message: 'Rate exceeded' },
        requestIds: ['request-1'],
        firstAttemptAtMs: Date.parse(AT),
      },
    ],
    [
      'whose error has neither a message nor request ids',
      { request: REQUEST, error: { code: 'ThrottlingException' }, firstAttemptAt: AT },
      { kind: 'rejected', error: { code: 'ThrottlingException', message: '' }, requestIds: [] },
    ],
    [
      'whose request ids are many, or other text',
      {
        request: REQUEST,
        error: { ...ERROR, requestIds: ['a\nb', 'x'.repeat(129), ...Array.from({ length: 60 }, (_, n) => `id-${n}`)] },
        firstAttemptAt: AT,
      },
      { kind: 'rejected', requestIds: Array.from({ length: 50 }, (_, n) => `id-${n}`) },
    ],
    [
      'whose error has no name of AWS’s',
      { request: REQUEST, error: { ...ERROR, code: '503', status: 503 }, firstAttemptAt: AT },
      { kind: 'rejected', error: { code: '503', message: 'Rate exceeded', status: 503 } },
    ],
    [
      'that tells of an answer in part',
      { request: REQUEST, answer: { tasks: ['a'], failures: [{ reason: 'RESOURCE:MEMORY' }] }, firstAttemptAt: AT },
      { kind: 'answered', taskArns: ['a'], failureReasons: ['RESOURCE:MEMORY'], firstAttemptAtMs: Date.parse(AT) },
    ],
    [
      'that tells of a time after it was sent, of a clock that is fast: then when it was sent counts',
      { request: REQUEST, answer: { tasks: [], failures: [{ arn: 'x' }] }, firstAttemptAt: new Date(NOW_MS + 1000) },
      { kind: 'answered', taskArns: [], failureReasons: [''], firstAttemptAtMs: NOW_MS },
    ],
    [
      'that asks for a job that nobody attempted',
      { request: REQUEST, key: 'nightly-1' },
      { kind: 'never', key: 'nightly-1' },
    ],
  ])('%s is decoded', (_, message, attempted) => {
    expect(decode(JSON.stringify(message))).toMatchObject({
      kind: 'handedOverCall',
      messageId: 'message-1',
      ...HOME,
      caller: CALLER,
      request: REQUEST,
      attempted,
    });
  });

  test.each<[string, string]>([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['a request alone', JSON.stringify({ request: REQUEST })],
    ['an error without the time of the first attempt', JSON.stringify({ request: REQUEST, error: ERROR })],
    ['an empty key', JSON.stringify({ request: REQUEST, key: '' })],
    ['a key beside an error without its time', JSON.stringify({ request: REQUEST, key: 'k', error: ERROR })],
    ['a time that is none', JSON.stringify({ request: REQUEST, error: ERROR, firstAttemptAt: 'yesterday' })],
  ])('with %s is malformed, and what it holds is not repeated', (_, body) => {
    const decoded = decode(body);
    expect(decoded).toHaveProperty('problems');
    expect(JSON.stringify(decoded)).not.toContain('report:3');
  });

  test('of any text is decoded or malformed, and never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (body) => void decode(body)));
  });
});
