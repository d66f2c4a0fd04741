import { describe, expect, test } from 'vitest';
import { LAB_EPOCH_MS } from '../../lab/kernel/clock.ts';
import { playIncidents, STORM } from '../support/incident.ts';

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((total, n) => total + n, 0);
const MINUTES = 60;
/** At once, more than the bucket holds. */
const FEW = { calls: 16, overSeconds: 0, maxAttempts: 1 };

/** Small storms of one caller, without others. */
const storm = (changes: {
  calls: object[];
  events?: object[];
  faults?: object[];
  monitoring?: object;
  account?: object;
}) => ({
  ...STORM,
  remediation: { config: { ...STORM.remediation.config, monitoring: changes.monitoring ?? {} } },
  account: { ...STORM.account, ...changes.account },
  callers: changes.calls.map((call, index) => ({ ...STORM.callers[0], name: `caller-${index}`, ...call })),
  events: changes.events ?? [],
  faults: changes.faults ?? [],
});
const SERVICE_THROTTLED = {
  version: '0',
  id: '00000000-0000-4000-8000-000000000001',
  'detail-type': 'ECS Service Action',
  source: 'aws.ecs',
  account: '111122223333',
  time: '2026-01-15T03:00:05Z',
  region: 'us-east-1',
  resources: ['arn:aws:ecs:us-east-1:111122223333:service/batch/api'],
  detail: {
    eventName: 'ECS_OPERATION_THROTTLED',
    clusterArn: 'arn:aws:ecs:us-east-1:111122223333:cluster/batch',
    createdAt: '2026-01-15T03:00:00.000Z',
  },
};

describe('an incident report', () => {
  test('tells once of a storm, with the numbers that the lab itself counts', async () => {
    const { run, reports } = await playIncidents(STORM);
    const { started, refused, gaveUp } = run.records;
    const notBack = sum(refused) + sum(gaveUp);
    const back = started.started + started.alreadyStarted;
    expect(back).toBeGreaterThan(30);
    expect(started.alreadyStarted).toBeGreaterThan(0);
    expect(notBack).toBeGreaterThan(0);
    expect(reports).toHaveLength(1);
    const [{ subject, message = '' } = {}] = reports;
    expect(subject).toBe(`ECS throttling: ${back} calls brought back, ${notBack} not`);
    const lines = message.split('\n');
    expect(lines[0]).toMatch(new RegExp(`throttling took ${back + notBack} calls, 0 of them after ECS had accepted`));
    expect(lines).toContain(
      `Brought back: ${back} (${started.started} started, ${started.alreadyStarted} found started).`,
    );
    expect(lines).toContain(`  ${refused.hiddenEnvironment} refused: hiddenEnvironment`);

    const web = run.ledger.calls.filter(({ finite }) => !finite);
    const throttled = web.filter(({ state }) => state === 'throttled').length;
    expect(lines).toContain(`  arn:aws:iam::111122223333:role/web: ${web.length}, throttled ${throttled}`);
    // The storm is too short to show what the bucket refills by.
    expect(message).not.toContain('lets through');
    expect(message).toContain('L-C3AEE9D2');
  });

  test('comes when the last re-run has ended, and the sweeps that look for more', async () => {
    const events = [{ at: 5, event: SERVICE_THROTTLED }];
    const { run, reports } = await playIncidents(storm({ calls: [{ calls: 40 }], events }));
    expect(reports).toHaveLength(1);
    const toldAt = reports[0]?.at ?? 0;
    const before = [...run.world.states.executions].filter(
      ({ stateMachine }) => !stateMachine.name.includes('Incidents'),
    );
    const closed = before.filter(({ startedAt }) => startedAt < toldAt).map(({ stoppedAt = Infinity }) => stoppedAt);
    expect(Math.max(...closed)).toBeLessThan(toldAt);
  });

  test('is written of each of two storms, and counts no call twice', async () => {
    const { run, reports } = await playIncidents(
      storm({ calls: [{ calls: 40 }, { calls: 60, startAt: 25 * MINUTES }] }),
    );
    expect(reports).toHaveLength(2);
    const counts = reports.map(({ subject }) => Number(/(\d+) calls brought back/.exec(subject ?? '')?.[1]));
    expect(counts.reduce((total, count) => total + count)).toBe(
      run.records.started.started + run.records.started.alreadyStarted,
    );
    expect(Math.min(...counts)).toBeGreaterThan(5);
  });

  test('leaves out no call between two storms, nor tells again of what a sweep refuses once more', async () => {
    const { run, reports } = await playIncidents(
      storm({
        calls: [
          { calls: 40 },
          { calls: 40, request: STORM.callers[1]?.request },
          { ...FEW, startAt: 26 * MINUTES },
          { calls: 60, startAt: 45 * MINUTES },
        ],
      }),
    );
    const { started, refused } = run.records;
    const counts = reports.map(({ subject = '' }) => /(\d+) calls brought back, (\d+) not$/.exec(subject)?.slice(1));
    expect(counts).toHaveLength(2);
    const totals = [0, 1].map((column) => counts.reduce((total, row) => total + Number(row?.[column]), 0));
    expect(totals).toEqual([started.started + started.alreadyStarted, sum(refused)]);
    expect(sum(refused)).toBeGreaterThan(20);
  });

  test('covers a second storm while the alarm of the first is still raised', async () => {
    const { run, reports } = await playIncidents(storm({ calls: [{ calls: 40 }, { calls: 60, startAt: 260 }] }));
    expect(reports.map(({ subject }) => subject)).toEqual([
      `ECS throttling: ${run.records.started.started + run.records.started.alreadyStarted} calls brought back, 0 not`,
    ]);
  });

  test('is written after six hours of an incident that does not end, and counts no call twice', async () => {
    const faults = [{ kind: 'pause', from: 4, seconds: 7 * 3600 }];
    const { run, reports } = await playIncidents(storm({ calls: [{ calls: 30 }], faults }));
    const { started, alreadyStarted } = run.records.started;
    const counts = reports.map(({ subject }) => Number(/(\d+) calls brought back/.exec(subject ?? '')?.[1]));
    expect(counts).toHaveLength(2);
    expect(counts[1]).toBeGreaterThan(0);
    expect(counts.reduce((total, count) => total + count)).toBe(started + alreadyStarted);
    expect(reports.map(({ message }) => message.includes('Some re-runs are still underway.'))).toEqual([true, false]);
  });

  test('is written of few calls too, where a sweep had to find them', async () => {
    const faults = [{ kind: 'dropEvents', detailType: 'AWS API Call via CloudTrail', probability: 1 }];
    const found = await playIncidents(storm({ calls: [FEW], faults }));
    expect(found.run.records.started.started).toBeGreaterThan(0);
    expect(found.run.records.started.started).toBeLessThan(10);
    expect(found.reports.map(({ subject }) => subject)).toEqual([
      `ECS throttling: ${found.run.records.started.started} calls brought back, 0 not`,
    ]);
  });

  test('is written late rather than never, where the services that it needs fail for an hour', async () => {
    const outage = { kind: 'serviceOutage', from: 70, seconds: 3600 };
    const faults = ['states', 'sns', 'cloudwatch', 'logs'].map((service) => ({ ...outage, service }));
    const { reports } = await playIncidents(storm({ calls: [{ calls: 40 }], faults }));
    expect(reports).toHaveLength(1);
    expect(reports[0]?.at).toBeGreaterThan(LAB_EPOCH_MS + 3_670_000);
  });

  test.each<[string, object[]]>([
    ['is out of service for hours', [{ kind: 'outage', from: 0, seconds: 4 * 3600 }]],
    [
      'dies at its calls, and stalls',
      [
        { kind: 'handlerCrash', probability: 0.3, at: 'call' },
        { kind: 'slowHandler', probability: 0.5, seconds: [1, 120] },
      ],
    ],
  ])('is written once, and whole, where its own function %s', async (_, disturbances) => {
    const faults = disturbances.map((fault) => ({ ...fault, handler: 'incident-report' }));
    const { run, reports } = await playIncidents(storm({ calls: [{ calls: 40 }], faults }));
    const { started, alreadyStarted } = run.records.started;
    expect(reports.map(({ subject }) => subject)).toEqual([
      `ECS throttling: ${started + alreadyStarted} calls brought back, 0 not`,
    ]);
  });

  test('is not written of few calls that events told of, nor where it is switched off', async () => {
    const few = await playIncidents(storm({ calls: [FEW] }));
    expect(few.run.records.started.started).toBeGreaterThan(0);
    expect(few.reports).toEqual([]);
    const off = await playIncidents(storm({ calls: [{ calls: 40 }], monitoring: { incidentReports: false } }));
    expect(off.run.records.started.started).toBeGreaterThan(10);
    expect(off.reports).toEqual([]);
  });

  test('names the quota of Fargate’s launch rate where that is what binds', async () => {
    const account = {
      buckets: {
        clusterResourceModify: { burst: 100, refillPerSecond: 40 },
        fargateTasks: { burst: 5, refillPerSecond: 5 },
      },
      disguisedShare: 0,
    };
    const calls = [1, 4].map((count) => ({
      calls: 60,
      overSeconds: 10,
      maxAttempts: 1,
      request: {
        cluster: 'batch',
        taskDefinition: 'report:1',
        launchType: 'FARGATE',
        count,
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0aaa'] } },
      },
    }));
    const { reports } = await playIncidents(storm({ calls, account }));
    expect(reports[0]?.message).toContain('L-551A4E9D');
    expect(reports[0]?.message).toMatch(/lets through \d+(\.\d)? tasks per second/);
  });
});
