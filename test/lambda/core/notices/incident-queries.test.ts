import { describe, expect, test } from 'vitest';
import { runQuery } from '../../../../lab/aws/cloudwatch/logs-insights.ts';
import { INCIDENT_QUERIES, incidentQuestion } from '../../../../lambda/core/notices/incident-queries.ts';
import { NOW_MS } from '../../../support/records.ts';

const MINUTE = 60_000;
/** A line of so many minutes after the beginning of the report's time. */
const line = (minute: number, fields: object) => ({
  '@timestamp': new Date(NOW_MS + minute * MINUTE).toISOString(),
  ...fields,
});
const verdict = (minute: number, kind: string, callId: string | undefined, rest: object = {}) =>
  line(minute, { message: 'verdict', kind, callId, ...rest });
const result = (minute: number, kind: string, callId: string, rest: object = {}) =>
  line(minute, { message: 'result', kind, callId, ...rest });
const ask = (name: (typeof INCIDENT_QUERIES)[number], ...lines: object[]) =>
  runQuery(incidentQuestion(name, NOW_MS).text, lines);

describe('the calls that throttling took', () => {
  test.each<[string, number, object[]]>([
    [
      'one, however often it was delivered',
      1,
      [verdict(1, 'rerun', 'a'), verdict(2, 'duplicate', 'a'), verdict(3, 'duplicate', 'a')],
    ],
    ['re-run and refused ones', 2, [verdict(1, 'rerun', 'a'), verdict(1, 'refuse', 'b')]],
    ['none that was ignored or recorded', 0, [verdict(1, 'ignore', 'a'), verdict(1, 'record', 'b')]],
    [
      'none that an earlier report told of, though a sweep came by it again',
      0,
      [verdict(-9, 'refuse', 'a'), verdict(6, 'refuse', 'a')],
    ],
    ['none without an identity', 0, [verdict(1, 'refuse', undefined)]],
  ])('are %s', (_, calls, lines) => {
    expect(ask('throttled', ...lines)[0]?.calls ?? 0).toBe(calls);
  });

  test('are told apart by whether ECS had accepted them', () => {
    const lines = [
      verdict(1, 'rerun', 'a', { taskArn: 'arn:a' }),
      verdict(2, 'duplicate', 'a', { taskArn: 'arn:a' }),
      verdict(1, 'rerun', 'b'),
    ];
    expect(ask('throttled', ...lines)).toEqual([{ calls: 2, failedStarts: 1 }]);
  });
});

describe('how the calls ended', () => {
  test.each<[string, object[], object[]]>([
    [
      'is their last end, where people redrove them',
      [{ ending: 'started', calls: 1 }],
      [result(1, 'gaveUp', 'a'), result(2, 'started', 'a')],
    ],
    [
      'is told in the report of its time, where people redrove them after another',
      [{ ending: 'started', calls: 1 }],
      [result(-5, 'gaveUp', 'a'), result(2, 'started', 'a')],
    ],
    ['is not told twice', [], [result(-5, 'started', 'a')]],
    [
      'is one refusal, though a sweep comes to the same',
      [{ ending: 'refuse', why: 'hiddenEnvironment', calls: 1 }],
      [
        verdict(1, 'refuse', 'a', { reason: 'hiddenEnvironment' }),
        verdict(9, 'refuse', 'a', { reason: 'hiddenEnvironment' }),
      ],
    ],
    ['is not a refusal that an earlier report told of', [], [verdict(-9, 'refuse', 'a'), verdict(9, 'refuse', 'a')]],
  ])('%s', (_, rows, lines) => {
    expect(ask('outcomes', ...lines)).toEqual(rows);
  });
});

test('requests are counted by the record that told of them, and by the answer', () => {
  const of = (eventId: string, answer?: string) =>
    verdict(1, 'ignore', undefined, { eventId, caller: 'arn:cron', answer });
  expect(
    ask('callers', of('1', 'throttled'), of('1', 'throttled'), of('2', 'accepted'), of('3', 'throttled'), of('4')),
  ).toEqual([
    { caller: 'arn:cron', answer: 'throttled', requests: 2 },
    { caller: 'arn:cron', answer: 'accepted', requests: 1 },
  ]);
});

test('throttled calls of ECS are counted by API, from the records of a trail', () => {
  const record = (eventName: string, changes: object = {}) =>
    line(1, {
      eventSource: 'ec2.amazonaws.com',
      eventName,
      userIdentity: { invokedBy: 'ecs.amazonaws.com' },
      errorCode: 'Client.RequestLimitExceeded',
      ...changes,
    });
  const lines = [
    record('AttachNetworkInterface'),
    record('CreateNetworkInterface'),
    record('CreateNetworkInterface'),
    record('CreateNetworkInterface', { errorCode: undefined }),
    record('CreateNetworkInterface', { userIdentity: { invokedBy: 'batch.amazonaws.com' } }),
  ];
  expect(ask('downstream', ...lines)).toEqual([
    { eventSource: 'ec2.amazonaws.com', eventName: 'CreateNetworkInterface', throttles: 2 },
    { eventSource: 'ec2.amazonaws.com', eventName: 'AttachNetworkInterface', throttles: 1 },
  ]);
  const trails = INCIDENT_QUERIES.filter((name) => incidentQuestion(name, NOW_MS).of === 'trail');
  expect(trails).toEqual(['downstream']);
});

test('the bucket is the one that was known last', () => {
  const permits = (bucketUnit: string | undefined, refillPerSecond: number) =>
    line(1, { message: 'permits', bucketUnit, refillPerSecond });
  expect(ask('bucket', permits('calls', 30), permits('calls', 39.5), permits(undefined, 1))).toEqual([
    { unit: 'calls', refillPerSecond: 39.5 },
  ]);
});

test('what was told earlier is looked for a day back, the rest in the time of the report', () => {
  const hoursBack = INCIDENT_QUERIES.map((name) => [
    name,
    (NOW_MS - incidentQuestion(name, NOW_MS).fromMs) / (60 * MINUTE),
  ]);
  expect(Object.fromEntries(hoursBack)).toEqual({
    throttled: 24,
    outcomes: 24,
    callers: 0,
    bucket: 0,
    rooms: 0,
    downstream: 0,
  });
});
