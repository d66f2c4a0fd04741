import { describe, expect, test } from 'vitest';
import { downstreamAsk } from '../../../lambda/core/notices/downstream.ts';
import { ATHENA_QUERIES, TRAIL_TABLE } from '../../../lib/investigation/athena-queries.ts';
import { trailTable } from '../../../lib/investigation/trail-table.ts';
import { type Files, filesOf, runSql } from '../../support/athena.ts';
import { SAMPLE_RECORDS } from '../../support/trail-records.ts';

const ACCOUNT = '111122223333';
const PLACE = { account: ACCOUNT, region: 'us-east-1' };
const TODAY = '2026-01-15';

const CRON = 'arn:aws:iam::111122223333:role/jobs/cron';
const WEB = 'arn:aws:iam::111122223333:role/web';
const ECS_ROLE = 'arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS';
const ECS_SESSION = 'arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForECS/ecs-service-scheduler';
const OPS = 'arn:aws:iam::111122223333:user/ops';

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html */
const fileKey = (logs: string, day: string, { account, region } = PLACE) =>
  `${logs}/${account}/CloudTrail/${region}/${day}/${account}_CloudTrail_${region}_20260115T0310Z_AbCdEf.json.gz`;

/** What a trail leaves in a bucket, beside what is not to be read: older days, other Regions, other accounts, digests. */
const filesIn = (logs: string): Files => ({
  [fileKey(logs, '2026/01/15')]: SAMPLE_RECORDS,
  [fileKey(logs, '2026/01/13')]: SAMPLE_RECORDS.map((record) => ({ ...record, eventTime: '2026-01-13T03:00:00Z' })),
  [fileKey(logs, '2026/01/15', { ...PLACE, region: 'eu-west-1' })]: SAMPLE_RECORDS,
  [fileKey(logs, '2026/01/15', { ...PLACE, account: '999999999999' })]: SAMPLE_RECORDS,
  [fileKey(logs, '2026/01/15').replace('/CloudTrail/', '/CloudTrail-Digest/')]: SAMPLE_RECORDS,
});

const LAYOUTS = [
  ['of the account’s own trail', { bucketName: 'records' }, 'records/AWSLogs'],
  ['under a prefix', { bucketName: 'records', keyPrefix: 'a/b' }, 'records/a/b/AWSLogs'],
  [
    'of an organization’s trail',
    { bucketName: 'records', organizationId: 'o-abcdefghij' },
    'records/AWSLogs/o-abcdefghij',
  ],
] as const;

async function ask(name: string) {
  const query = ATHENA_QUERIES.find((each) => each.name === name);
  if (!query) throw new Error(`no query ${name}`);
  const [, trail, logs] = LAYOUTS[0];
  return runSql(query.sql, trailTable(TRAIL_TABLE, trail, PLACE), filesIn(logs), TODAY);
}

describe('the table of records', () => {
  test.each(LAYOUTS)('reads the files %s, of this account and Region', (_, trail, logs) => {
    const found = filesOf(trailTable(TRAIL_TABLE, trail, PLACE), filesIn(logs), TODAY);
    expect(found.map(({ key }) => key)).toEqual([fileKey(logs, '2026/01/15'), fileKey(logs, '2026/01/13')]);
    expect(found[0]?.partition).toEqual({ ...PLACE, day: '2026/01/15' });
  });
});

describe('Athena’s queries, on records of an hour', () => {
  test('count throttles by caller and API, with the disguised ones', async () => {
    const rows = await ask('Throttles by caller and API');
    const table = rows.map(({ caller, eventname, errorcode, throttles, disguised }) => [
      caller,
      eventname,
      errorcode,
      Number(throttles),
      Number(disguised),
    ]);
    expect(table).toEqual([
      [ECS_ROLE, 'CreateNetworkInterface', 'Client.RequestLimitExceeded', 3, 0],
      [CRON, 'RunTask', 'ThrottlingException', 3, 0],
      [WEB, 'RunTask', 'ThrottlingException', 2, 0],
      ['ecs.amazonaws.com', 'RegisterInstance', 'ThrottlingException', 2, 0],
      [CRON, 'RunTask', 'InvalidParameterException', 1, 1],
      [WEB, 'StopTask', 'ThrottlingException', 1, 0],
      [OPS, 'CreateNetworkInterface', 'Client.RequestLimitExceeded', 1, 0],
      [OPS, 'RunTask', 'Client.ThrottlingException', 1, 0],
      [OPS, 'RunTask', 'InvalidParameterException', 1, 1],
      [ECS_SESSION, 'DescribeTargetHealth', 'ThrottlingException', 1, 0],
    ]);
    expect(rows[1]).toMatchObject({ first_at: '2026-01-15 03:00:00', last_at: '2026-01-15 03:00:02' });
  });

  test('find the throttled calls that ECS made itself, however a record names it, and say what to ask for', async () => {
    const rows = await ask('Throttles of calls that ECS makes');
    expect(rows.map((row) => [row.eventsource, row.eventname, Number(row.throttles), row.ask_for])).toEqual(
      [
        ['ec2.amazonaws.com', 'CreateNetworkInterface', 3],
        ['servicediscovery.amazonaws.com', 'RegisterInstance', 2],
        ['elasticloadbalancing.amazonaws.com', 'DescribeTargetHealth', 1],
      ].map((row) => [...row, downstreamAsk(`${row[0]}`, `${row[1]}`)]),
    );
    expect(rows[0]).toMatchObject({ first_at: '2026-01-15 04:20:00', last_at: '2026-01-15 04:20:02' });
  });

  test('rank the callers of a bucket by their calls, throttled or not', async () => {
    const rows = await ask('Top callers of each bucket');
    expect(
      rows.map((row) => [row.bucket, Number(row.place), row.caller, Number(row.calls), Number(row.throttles)]),
    ).toEqual([
      ['cluster resource modify', 1, WEB, 8, 3],
      ['cluster resource modify', 2, CRON, 4, 4],
      ['cluster resource modify', 3, OPS, 4, 2],
    ]);
  });

  test('tell the hours apart', async () => {
    const rows = await ask('Calls and throttles per hour');
    expect(
      rows.map((row) => [row.hour, row.eventname, Number(row.calls), Number(row.throttles), Number(row.disguised)]),
    ).toEqual([
      ['2026-01-15 03:00:00', 'RunTask', 10, 5, 1],
      ['2026-01-15 03:00:00', 'StopTask', 1, 1, 0],
      ['2026-01-15 04:00:00', 'RunTask', 5, 1, 1],
    ]);
  });

  test('find the seconds with the most calls', async () => {
    const rows = await ask('Busiest seconds of the RunTask bucket');
    expect(rows).toHaveLength(15);
    expect(rows[0]).toEqual({ called_at: '2026-01-15 03:00:00', calls: '2', callers: '1', throttles: '2' });
    expect(rows[1]).toMatchObject({ calls: '1' });
  });

  test('read partitions of the last days alone: older records are in none of them', async () => {
    for (const { sql } of ATHENA_QUERIES) expect(sql).toContain('WHERE day >= date_format(current_date');
    const hours = await ask('Calls and throttles per hour');
    expect(hours.some(({ hour }) => hour.startsWith('2026-01-13'))).toBe(false);
  });
});
