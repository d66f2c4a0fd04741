import { describe, expect, test } from 'vitest';
import { consoleLinks } from '../../../../lambda/core/notices/console-links.ts';
import type { IncidentRows } from '../../../../lambda/core/notices/incident-queries.ts';
import { type IncidentSubject, incidentReport } from '../../../../lambda/core/notices/incident-report.ts';

const MACHINE = 'arn:aws:states:us-east-1:111122223333:stateMachine:rerun';
const about: IncidentSubject = {
  rerunStateMachineArn: MACHINE,
  sweepStateMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:sweep',
  alarmNames: ['storm'],
  logGroupNames: ['/aws/lambda/intake'],
  savedQueries: [
    { name: 'stack/Results', lines: ['filter a = "b"', '| limit 1'], logGroupNames: ['/aws/lambda/intake'] },
  ],
};
const FROM = Date.parse('2026-01-15T03:00:00Z');
const reportOf = (rows: IncidentRows, changes: object = {}, subject: Partial<IncidentSubject> = {}) =>
  incidentReport(
    { sinceMs: FROM, toMs: FROM + 3_600_000, rerunsUnderway: false, rows, ...changes },
    { ...about, ...subject },
  );
const THROTTLED = [{ calls: '9', failedStarts: '2' }];
const linesOf = (rows: IncidentRows, changes?: object, subject?: Partial<IncidentSubject>) =>
  reportOf({ throttled: THROTTLED, ...rows }, changes, subject)?.message.split('\n') ?? [];

describe('an incident report', () => {
  test('says which rooms were full, who filled them, and what would enlarge them', () => {
    const rooms = [
      { room: 'fargate', kind: 'taken', family: 'web', tasks: '90' },
      { room: 'fargate', kind: 'full', family: 'report', tasks: '7' },
      { room: 'fargate', kind: 'taken', family: 'report', tasks: '800' },
      { room: 'addresses subnet-0aaa subnet-0bbb', kind: 'full', family: 'report', tasks: '40' },
      { room: 'provisioning batch', kind: 'taken', family: 'report', tasks: '3' },
    ];
    const lines = linesOf({ rooms });
    const first = lines.indexOf('There was no room for calls and tasks:');
    expect(lines.slice(first + 1, first + 4)).toEqual([
      '  addresses of subnet-0aaa, subnet-0bbb: 40 found none. Name larger subnets, or more of them, in the callers’ network configuration.',
      '  Fargate On-Demand vCPUs of the account: 7 found none. Tasks that took places meanwhile, by family: report 800, web 90. Ask for a higher quota: L-3032A538 (Fargate On-Demand vCPU resource count).',
      '',
    ]);
    expect(linesOf({}).join()).not.toContain('no room');
  });

  test.each<[string, IncidentRows]>([
    ['no row', {}],
    ['zeros', { throttled: [{ calls: '0', failedStarts: '0' }], outcomes: [] }],
    ['requests of others alone', { callers: [{ caller: 'arn:cron', answer: 'accepted', requests: '5' }] }],
  ])('is not written of %s', (_, rows) => {
    expect(reportOf(rows)).toBeUndefined();
  });

  test('shows our own role as this stack', () => {
    const callers = [{ caller: 'arn:aws:iam::111122223333:role/run', answer: 'accepted', requests: '5' }];
    expect(linesOf({ callers }, {}, { ownRoleArn: 'arn:aws:iam::111122223333:role/run' })).toContain(
      '  arn:aws:iam::111122223333:role/run (this stack): 5, throttled 0',
    );
  });

  test('is written of ends alone, as of calls that an earlier report told of', () => {
    const outcomes = [{ ending: 'started', calls: '3' }];
    expect(reportOf({ throttled: [{ calls: '0' }], outcomes })?.subject).toBe(
      'ECS throttling: 3 calls brought back, 0 not',
    );
  });

  test('says what came back, and of what did not how much for which reason, whoever refused it', () => {
    const outcomes: IncidentRows['outcomes'] = [
      { ending: 'started', calls: '4' },
      { ending: 'alreadyStarted', calls: '1' },
      { ending: 'refuse', why: 'hiddenEnvironment', calls: '1' },
      { ending: 'refused', why: 'hiddenEnvironment', calls: '1' },
      { ending: 'gaveUp', why: 'deadline', calls: '2' },
    ];
    expect(reportOf({ throttled: THROTTLED, outcomes })?.subject).toBe('ECS throttling: 5 calls brought back, 4 not');
    expect(linesOf({ outcomes }).slice(0, 7)).toEqual([
      'From 2026-01-15T03:00:00.000Z to 2026-01-15T04:00:00.000Z throttling took 9 calls, 2 of them after ECS had accepted them.',
      '',
      'Brought back: 5 (4 started, 1 found started).',
      'Not brought back: 4.',
      '  2 refused: hiddenEnvironment',
      '  2 given up: deadline',
      '',
    ]);
  });

  test('says that re-runs are underway only where they are', () => {
    const text = 'Some re-runs are still underway.';
    expect(linesOf({}, { rerunsUnderway: true })).toContain(text);
    expect(linesOf({})).not.toContain(text);
  });

  test('names the five callers with the most requests, and how many were throttled', () => {
    const callers = Array.from({ length: 7 }, (_, n) => [
      { caller: `arn:aws:iam::111122223333:role/${n}`, answer: 'accepted', requests: `${n}` },
      { caller: `arn:aws:iam::111122223333:role/${n}`, answer: 'throttled', requests: '10' },
    ]).flat();
    const lines = linesOf({ callers });
    const shown = lines.slice(lines.findIndex((line) => line.startsWith('Requests to ECS by caller')) + 1);
    expect(shown.slice(0, 6)).toEqual([
      ...[6, 5, 4, 3, 2].map((n) => `  arn:aws:iam::111122223333:role/${n}: ${n + 10}, throttled 10`),
      '',
    ]);
  });

  test.each([
    ['calls', 'L-C3AEE9D2', 'lets through 39.5 calls per second.'],
    ['tasks', 'L-551A4E9D', 'lets through 39.5 tasks per second.'],
  ])('names the quota of the bucket that binds: %s', (unit, quota, rate) => {
    const text = linesOf({ bucket: [{ unit, refillPerSecond: '39.5' }] }).join('\n');
    expect(text).toContain(quota);
    expect(text).toContain(rate);
  });

  test('names the quota of calls, and no rate, where nothing is known of the bucket', () => {
    const text = linesOf({}).join('\n');
    expect(text).toContain('L-C3AEE9D2');
    expect(text).not.toContain('lets through');
  });

  test.each<[string, string, RegExp]>([
    [
      'ec2.amazonaws.com',
      'CreateNetworkInterface',
      /^ {2}7 ec2 CreateNetworkInterface: ask for Amazon EC2 API request rate/,
    ],
    ['elasticloadbalancing.amazonaws.com', 'RegisterTargets', /calls by Amazon ECS, which have a bucket of their own/],
    ['servicediscovery.amazonaws.com', 'RegisterInstance', /ask for AWS Cloud Map API request rate of this action/],
    ['servicediscovery.amazonaws.com', 'DiscoverInstances', /L-514A639A/],
    ['logs.amazonaws.com', 'CreateLogStream', /L-76507CEF/],
    ['logs.amazonaws.com', 'CreateLogGroup', /in Service Quotas or by a support case/],
    ['kms.amazonaws.com', 'Decrypt', /in Service Quotas or by a support case/],
  ])('names what to ask for where ECS’s own calls were throttled: %s %s', (eventSource, eventName, ask) => {
    const lines = linesOf({ downstream: [{ eventSource, eventName, throttles: '7' }] });
    const at = lines.indexOf('Calls to other services that ECS made, throttled, by API:');
    expect(lines.slice(at + 1, at + 3)).toEqual([expect.stringMatching(ask), '']);
  });

  test('says nothing of ECS’s own calls where none was throttled, or nobody knows', () => {
    expect(linesOf({ downstream: [] }).join()).not.toContain('Calls to other services');
    expect(linesOf({}).join()).not.toContain('Calls to other services');
  });

  test('leads to the executions, the saved queries and, where there is one, the dashboard', () => {
    const last = (subject: Partial<IncidentSubject>) =>
      linesOf({}, {}, subject)
        .slice(-3)
        .map((line) => line.split(': ')[0]);
    expect(last({})).toEqual(['', 'Executions', 'Saved query stack/Results']);
    expect(last({ dashboardName: 'mine' })).toEqual(['Executions', 'Dashboard', 'Saved query stack/Results']);
  });
});

describe('links', () => {
  test.each([
    ['aws', 'us-east-1', 'https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#'],
    ['aws-cn', 'cn-north-1', 'https://cn-north-1.console.amazonaws.cn/states/home?region=cn-north-1#'],
    [
      'aws-us-gov',
      'us-gov-west-1',
      'https://us-gov-west-1.console.amazonaws-us-gov.com/states/home?region=us-gov-west-1#',
    ],
    [
      'aws-eusc',
      'eusc-de-east-1',
      'https://eusc-de-east-1.console.amazonaws-eusc.eu/states/home?region=eusc-de-east-1#',
    ],
  ])('lead into the console of the partition %s', (partition, region, begin) => {
    const arn = `arn:${partition}:states:${region}:111122223333:stateMachine:rerun`;
    expect(consoleLinks(arn).executions).toBe(`${begin}/statemachines/view/${arn}`);
  });

  test('to a query hold its text, its log groups and its time', () => {
    expect(consoleLinks(MACHINE).query('a = "é"', ['/aws/one', 'two'], FROM, FROM + 1500)).toBe(
      'https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:logs-insights$3FqueryDetail$3D' +
        "~(end~'2026-01-15T03*3a00*3a01.500Z~start~'2026-01-15T03*3a00*3a00.000Z~timeType~'ABSOLUTE~tz~'UTC" +
        "~editorString~'a*20*3d*20*22*c3*a9*22~source~(~'*2faws*2fone~'two))",
    );
  });
});
