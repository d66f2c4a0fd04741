import { expect, test } from 'vitest';
import { dimensionSets, METRIC_NAMESPACE } from '../../lambda/core/contract.ts';
import type { JsonObject } from '../../local/kernel/json.ts';
import { play } from '../../local/run.ts';
import type { MetricValue } from '../../local/sandbox.ts';
import { readScenario } from '../../local/scenario.ts';
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

/** What the handlers emit in a run of the lab. */
async function emitted(more: {
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
      },
    },
    account: {
      clusters: ['batch'],
      taskDefinitions: [
        { family: 'report', revision: 1 },
        // Its role may not be passed by us: ECS rejects what the intake let through.
        { family: 'secret', revision: 1, taskRoleArn: 'arn:aws:iam::111122223333:role/secret' },
      ],
      buckets: { clusterResourceModify: { burst: 1, refillPerSecond: 0.1 } },
    },
    ...more,
  };
  const observe = () => ({ metric: (metric: MetricValue) => void metrics.push(metric) });
  await play(readScenario(JSON.stringify(scenario), 'test.json'), { enabled: true, observe });
  return metrics;
}

test('every metric of ours on an alarm is one that the handlers emit, under those very dimensions', async () => {
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
  const failing = await emitted({
    callers: [cron('report', request('report'))],
    faults: [{ kind: 'serviceError', service: 'states', probability: 0.8 }],
  });
  const seen = new Set(
    [...crowded, ...failing].flatMap(({ handler, name, dimensions }) =>
      dimensionSets(dimensions).map((set) => keyOf(name, { service: handler, ...set })),
    ),
  );

  const alarms = new Synthesized({}).properties('AWS::CloudWatch::Alarm');
  const own = alarms
    .flatMap(
      (alarm) =>
        alarm.Metrics?.flatMap(({ MetricStat }: JsonObject) => (MetricStat as JsonObject)?.Metric ?? []) ?? [alarm],
    )
    .filter(({ Namespace }) => Namespace === METRIC_NAMESPACE);
  expect(own.length).toBeGreaterThan(5);
  const asked = own.map(({ MetricName, Dimensions }) =>
    keyOf(
      MetricName,
      Object.fromEntries(Dimensions.map(({ Name, Value }: { Name: string; Value: string }) => [Name, Value])),
    ),
  );
  expect(asked.filter((metric) => !seen.has(metric))).toEqual([]);
});

const keyOf = (name: string, dimensions: Readonly<Record<string, string>>): string =>
  [name, ...Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1))].join(' ');
