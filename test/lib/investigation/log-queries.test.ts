import { describe, expect, test } from 'vitest';
import { runQuery } from '../../../lab/aws/cloudwatch/logs-insights.ts';
import { REFUSE_REASONS } from '../../../lambda/core/contract.ts';
import { classifyError } from '../../../lambda/core/events/throttle.ts';
import { OWN_QUERIES, TRAIL_QUERIES, textOf } from '../../../lib/investigation/log-queries.ts';
import { fixtureText } from '../../support/records.ts';
import type { Json } from '../../support/stacks.ts';
import { trailLines } from '../../support/trail-records.ts';

const query = (name: string) => {
  const found = [...TRAIL_QUERIES, ...OWN_QUERIES].find((each) => each.name === name);
  if (!found) throw new Error(`no query ${name}`);
  return textOf(found);
};
const lines = trailLines();
const isThrottle = ({ errorCode, errorMessage }: Json) =>
  errorCode !== undefined && classifyError({ code: errorCode, message: errorMessage ?? '' }) === 'throttle';
const throttled = lines.filter(isThrottle).length;

describe('saved queries on a trail', () => {
  test('count what the handlers take for a throttle, and nothing else', () => {
    for (const name of ['Throttles by caller', 'Throttles by API', 'Throttles over time']) {
      const counts = runQuery(query(name), lines).map(({ throttles }) => Number(throttles));
      expect(
        counts.reduce((sum, count) => sum + count, 0),
        name,
      ).toBe(throttled);
    }
  });

  test('put the caller with the most throttles first', () => {
    const [first] = runQuery(query('Throttles by caller'), lines);
    expect(first).toEqual({
      'userIdentity.arn': 'arn:aws:sts::111122223333:assumed-role/cron/nightly',
      'userIdentity.sessionContext.sessionIssuer.arn': 'arn:aws:iam::111122223333:role/jobs/cron',
      userAgent: expect.stringContaining('aws-sdk-js'),
      sourceIPAddress: '203.0.113.10',
      throttles: 4,
    });
  });

  test('tell APIs apart', () => {
    const rows = runQuery(query('Throttles by API'), lines);
    expect(rows.map(({ eventSource, eventName }) => `${eventSource} ${eventName}`)).toEqual(
      expect.arrayContaining([
        'ecs.amazonaws.com RunTask',
        'ecs.amazonaws.com StopTask',
        'ec2.amazonaws.com CreateNetworkInterface',
      ]),
    );
  });

  test('tell apart what ECS called itself, however a record names it', () => {
    const rows = runQuery(query('Throttles of calls that ECS makes'), lines);
    expect(rows.map(({ eventSource, eventName, throttles }) => [eventSource, eventName, throttles])).toEqual([
      ['ec2.amazonaws.com', 'CreateNetworkInterface', 3],
      ['servicediscovery.amazonaws.com', 'RegisterInstance', 2],
      ['elasticloadbalancing.amazonaws.com', 'DescribeTargetHealth', 1],
    ]);
  });

  test('take no call that somebody else made of ECS for one of its own', () => {
    const [byEcs] = lines.filter(({ sourceIPAddress }) => sourceIPAddress === 'ecs.amazonaws.com');
    const other = {
      ...byEcs,
      userIdentity: { arn: 'arn:aws:sts::111122223333:assumed-role/MyAWSServiceRoleForECS/x' },
      sourceIPAddress: '203.0.113.10',
      userAgent: 'ecs.amazonaws.com.example',
    };
    const toEcs = { ...byEcs, eventSource: 'ecs.amazonaws.com', eventName: 'RunTask' };
    expect(runQuery(query('Throttles of calls that ECS makes'), [other, toEcs])).toEqual([]);
    expect(runQuery(query('Throttles of calls that ECS makes'), [byEcs])).toHaveLength(1);
  });

  test('find one cluster by name, however the caller wrote it', () => {
    const rows = runQuery(query('RunTask throttles of one cluster').replace('YOUR-CLUSTER', 'batch'), lines);
    const batch = lines.filter(
      (line) => isThrottle(line) && line.eventName === 'RunTask' && /batch$/.test(line.requestParameters?.cluster),
    );
    expect(batch.length).toBeGreaterThan(2);
    expect(rows.reduce((sum, { throttles }) => sum + Number(throttles), 0)).toBe(batch.length);
  });

  test('show the disguised ones alone, the latest first', () => {
    const rows = runQuery(query('Disguised throttles'), lines);
    expect(rows.map(({ errorCode }) => errorCode)).toEqual(['InvalidParameterException', 'InvalidParameterException']);
    expect(rows.map((row) => row['@timestamp'])).toEqual(['2026-01-15T04:10:00Z', '2026-01-15T03:00:09Z']);
  });

  test('read the fixture of a plain throttle as EventBridge delivers it', () => {
    const { detail } = JSON.parse(fixtureText('rerun-plain-throttle'));
    expect(runQuery(query('Throttles by API'), [detail])).toEqual([
      { eventSource: 'ecs.amazonaws.com', eventName: 'RunTask', errorCode: 'ThrottlingException', throttles: 1 },
    ]);
  });
});

describe('the reasons in saved queries', () => {
  test('are those of refused calls, whoever refused them', () => {
    const refusals = REFUSE_REASONS.flatMap((reason) => [
      { message: 'verdict', service: 'intake', kind: 'refuse', reason },
      { message: 'result', service: 'run-task', kind: 'refused', reason },
    ]);
    const others = [
      { message: 'verdict', service: 'intake', kind: 'ignore', reason: 'stale' },
      { message: 'result', service: 'run-task', kind: 'started' },
    ];
    const rows = runQuery(query('Refusals by reason'), [...refusals, ...others]);
    expect(rows).toHaveLength(refusals.length);
    expect(new Set(rows.map(({ reason }) => reason))).toEqual(new Set(REFUSE_REASONS));
  });
});

test('the attempts of calls that were handed over stand beside their records, by caller and hour, each record once', () => {
  const line = (minute: string, caller: string, fields: object) => ({
    '@timestamp': `2026-01-15T${minute}:00Z`,
    message: 'verdict',
    service: 'intake',
    caller,
    ...fields,
  });
  const bare = (minute: string, caller: string, requestId: string) =>
    line(minute, caller, { kind: 'ignore', reason: 'handedOver', requestId });
  const rows = runQuery(query('Attempts that no message names'), [
    bare('03:01', 'etl', 'a'),
    bare('03:02', 'etl', 'b'),
    bare('03:02', 'etl', 'b'),
    bare('03:59', 'ops', 'c'),
    bare('04:00', 'etl', 'd'),
    line('03:03', 'etl', { kind: 'rerun', handedOver: 'rejected', requestIds: ['a', 'b'], attempts: 2 }),
    line('03:04', 'etl', { kind: 'rerun', handedOver: 'never' }),
    line('03:05', 'etl', { kind: 'refuse', reason: 'bareRecord', requestId: 'e' }),
    line('03:05', 'etl', { kind: 'rerun', requestId: 'f' }),
  ]);
  const named = rows.map((row) => [row['bin(1h)'], row.caller, row.records, row.namedAttempts]);
  expect(named[0]).toEqual(['2026-01-15T03', 'etl', 2, 2]);
  expect(new Set(named.slice(1))).toEqual(
    new Set([
      ['2026-01-15T03', 'ops', 1, 0],
      ['2026-01-15T04', 'etl', 1, 0],
    ]),
  );
});
