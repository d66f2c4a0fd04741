import { describe, expect, test } from 'vitest';
import type { VirtualClock } from '../../lab/kernel/clock.ts';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { play } from '../../lab/run/run.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';
import type { MetricValue } from '../../lab/world/sandbox.ts';
import { dimensionSets, METRIC_NAMESPACE, METRICS, STATES } from '../../lambda/core/contract.ts';
import { metricsOfAlarm, widgetsOf } from '../support/dashboard.ts';
import { CRON_REPORTS } from '../support/scenario-config.ts';
import { Synthesized } from '../support/stacks.ts';

const CRON = 'arn:aws:sts::111122223333:assumed-role/cron/session';
const WEB = CRON.replace('cron', 'web');
const request = (family: string, more: JsonObject = {}) => ({
  cluster: 'batch',
  taskDefinition: `${family}:1`,
  ...more,
});
const environment = { containerOverrides: [{ name: 'app', environment: [{ name: 'A', value: 'b' }] }] };

const SERVICE_THROTTLED = {
  version: '0',
  id: '00000000-0000-4000-8000-000000000001',
  'detail-type': 'ECS Service Action',
  source: 'aws.ecs',
  account: '111122223333',
  time: '2026-01-15T03:00:05Z',
  region: 'us-east-1',
  resources: ['arn:aws:ecs:us-east-1:111122223333:service/batch/api'],
  detail: { eventType: 'ERROR', eventName: 'SERVICE_DISCOVERY_OPERATION_THROTTLED' },
};

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html */
const alarmRaised = (stack: Synthesized) => ({
  ...SERVICE_THROTTLED,
  id: '00000000-0000-4000-8000-000000000002',
  'detail-type': 'CloudWatch Alarm State Change',
  source: 'aws.cloudwatch',
  resources: [
    `arn:aws:cloudwatch:us-east-1:111122223333:alarm:${stack.idOf('AWS::CloudWatch::Alarm', 'UsageAlarmsRunTaskBucket')}`,
  ],
  detail: { state: { value: 'ALARM' }, previousState: { value: 'OK' } },
});

/** What the handlers emit in a run of the lab. */
async function emitted({
  config,
  account,
  ...more
}: {
  config?: JsonObject;
  account?: JsonObject;
  callers?: JsonObject[];
  events?: JsonObject[];
  faults?: JsonObject[];
}): Promise<MetricValue[]> {
  const metrics: MetricValue[] = [];
  const scenario = {
    name: 'metrics',
    seed: 5,
    remediation: {
      config: {
        mode: 'rerun',
        clusters: ['batch'],
        families: ['report', 'secret'],
        callers: ['arn:aws:iam::111122223333:role/cron'],
        maxAttempts: 1,
        ...config,
      },
    },
    account: {
      throttledRecords: 'full',
      clusters: ['batch'],
      taskDefinitions: [
        { family: 'report', revision: 1 },
        // Its role may not be passed by us: ECS rejects what the intake let through.
        { family: 'secret', revision: 1, taskRoleArn: 'arn:aws:iam::111122223333:role/secret' },
      ],
      buckets: { clusterResourceModify: { burst: 1, refillPerSecond: 0.1 } },
      ...account,
    },
    ...more,
  };
  const observe = () => ({ metric: (metric: MetricValue) => void metrics.push(metric) });
  await play(readScenario(JSON.stringify(scenario), 'test.json'), { enabled: true, observe });
  return metrics;
}

test('every metric of ours on an alarm or a widget is one that the handlers emit, under those very dimensions', async () => {
  const cron = (name: string, call: JsonObject) => ({
    name,
    principalArn: CRON,
    calls: 4,
    overSeconds: 3,
    maxAttempts: 1,
    request: call,
  });
  const crowded = await emitted({
    callers: [
      cron('report', request('report')),
      cron('secret', request('secret')),
      cron('hidden', request('report', { overrides: environment })),
      {
        name: 'web',
        principalArn: WEB,
        callsPerSecond: 1,
        untilDrained: true,
        maxAttempts: 1,
        request: request('report'),
      },
    ],
    // A sweep reads the same records in the event history.
    events: [{ at: 5, event: SERVICE_THROTTLED }],
  });
  const short = await emitted({
    callers: [cron('report', request('report'))],
    account: { placementFailures: [{ family: 'report', probability: 0.5, reason: 'RESOURCE:MEMORY' }] },
  });
  const failing = await emitted({
    callers: [cron('report', request('report'))],
    // So often that six tries in a row fail: then the intake itself does.
    faults: [{ kind: 'serviceError', service: 'states', operation: 'StartExecution', probability: 0.95 }],
  });
  // Nothing comes over the bus, and nothing but an alarm starts a sweep: it finds what callers retried, and what they lost.
  const swept = await emitted({
    callers: [{ ...cron('report', request('report')), calls: 8, maxAttempts: 6 }],
    config: { sweep: { everyMinutes: 0 }, maxAttempts: 100 },
    events: [{ at: 400, event: alarmRaised(new Synthesized({})) }],
    faults: [{ kind: 'dropEvents', detailType: 'AWS API Call via CloudTrail', probability: 1 }],
  });
  expect(swept.filter(({ name, dimensions }) => name === METRICS.result && dimensions.kind === 'started')).not.toEqual(
    [],
  );
  const seen = new Set(
    [...crowded, ...short, ...failing, ...swept].flatMap(({ handler, name, dimensions }) =>
      dimensionSets(dimensions).map((set) => keyOf(name, { service: handler, ...set })),
    ),
  );

  const stack = new Synthesized({});
  const widgets = widgetsOf(stack);
  const named = [
    ...stack.properties('AWS::CloudWatch::Alarm').flatMap(metricsOfAlarm),
    ...widgets.flatMap(({ metrics }) => metrics),
  ].filter(({ namespace }) => namespace === METRIC_NAMESPACE);
  expect(named.length).toBeGreaterThan(15);
  const asked = named.map(({ name, dimensions }) => keyOf(name, dimensions));
  expect(asked.filter((metric) => !seen.has(metric))).toEqual([]);

  const searches = widgets.flatMap((widget) => widget.searches);
  expect(searches.length).toBeGreaterThan(2);
  for (const { namespace, name, dimensions, values } of searches) {
    const anyOf = Object.values(values).flat();
    const found = [...seen].filter((key) => {
      const [metric, ...pairs] = key.split(' ');
      const keys = pairs.map((pair) => pair.split(',')[0]);
      return metric === name && keys.join() === dimensions.join();
    });
    expect(namespace).toBe(METRIC_NAMESPACE);
    expect(found.length, name).toBeGreaterThan(0);
    for (const value of anyOf)
      expect(
        found.some((key) => key.includes(`kind,${value}`)),
        value,
      ).toBe(true);
  }
});

describe('the alarm on a rate limiter that stands still', () => {
  const PERIOD_SECONDS = 300;

  /** Plays a storm; says whether the alarm was raised, and in how many of its periods somebody waited for a permit. */
  async function played(parts: { calls: number; refillPerSecond: number; faults?: JsonObject[] }) {
    const { calls, refillPerSecond, faults = [] } = parts;
    const waiting = new Set<number>();
    const permits = new Map<number, number>();
    const periodAt = (clock: VirtualClock) => Math.floor(clock.elapsedSeconds() / PERIOD_SECONDS);
    const scenario = {
      name: 'rate-limiter',
      seed: 5,
      remediation: {
        config: {
          ...CRON_REPORTS,
          maxAttempts: 100,
        },
      },
      account: {
        throttledRecords: 'full',
        clusters: ['batch'],
        taskDefinitions: [{ family: 'report', revision: 1 }],
        buckets: { clusterResourceModify: { burst: 1, refillPerSecond } },
      },
      callers: [{ name: 'cron', principalArn: CRON, calls, maxAttempts: 1, request: request('report') }],
      faults,
    };
    await play(readScenario(JSON.stringify(scenario), 'test.json'), {
      enabled: true,
      // Whoever waits has a message in the queue, visible or in flight.
      onTick: ({ clock, records }) => {
        const isWaiting = records.executions.some(
          ({ standing, result }) => !result && standing?.state === STATES.waitForPermit,
        );
        if (isWaiting) waiting.add(periodAt(clock));
      },
      observe: (clock) => ({
        metric: ({ name, value }) => {
          if (name === METRICS.permit) permits.set(periodAt(clock), (permits.get(periodAt(clock)) ?? 0) + value);
        },
      }),
    });
    const isBreaching = (period: number) => waiting.has(period) && !permits.get(period);
    return {
      alarmed: [...waiting].some((period) => isBreaching(period) && isBreaching(period + 1)),
      waiting: waiting.size,
    };
  }

  test('is this rule', () => {
    const stack = new Synthesized({});
    const [waits] = stack.properties('AWS::CloudWatch::Alarm', 'AlarmsExecutionsWait');
    const [noPermit] = stack.properties('AWS::CloudWatch::Alarm', 'AlarmsNoPermitGiven');
    const [{ AlarmRule: rule }] = stack.properties('AWS::CloudWatch::CompositeAlarm');
    expect(waits).toMatchObject({ EvaluationPeriods: 2, Threshold: 1 });
    expect(waits.Metrics.flatMap(({ Expression }: JsonObject) => Expression ?? [])).toEqual(['visible + inFlight']);
    expect(waits.Metrics.find(({ MetricStat }: JsonObject) => MetricStat).MetricStat.Period).toBe(PERIOD_SECONDS);
    const standstill = { EvaluationPeriods: 2, Threshold: 1, Period: PERIOD_SECONDS, TreatMissingData: 'breaching' };
    expect(noPermit).toMatchObject({ ...standstill, ComparisonOperator: 'LessThanThreshold' });
    expect(JSON.stringify(rule).match(/ALARM\(| AND /g)).toEqual(['ALARM(', ' AND ', 'ALARM(']);
  });

  test('is raised when its function fails for half an hour', async () => {
    const faults = [{ kind: 'outage', handler: 'rate-limiter', from: 0, seconds: 1800 }];
    expect(await played({ calls: 5, refillPerSecond: 1, faults })).toMatchObject({ alarmed: true });
  });

  test('is not raised by a slow drain, which hands out permits all the time', async () => {
    const { alarmed, waiting } = await played({ calls: 15, refillPerSecond: 0.01 });
    expect(waiting).toBeGreaterThanOrEqual(5);
    expect(alarmed).toBe(false);
  });
});

const keyOf = (name: string, dimensions: Readonly<Record<string, string>>): string =>
  [name, ...Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1))].join(' ');
