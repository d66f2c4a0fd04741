import { expect, test } from 'vitest';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { report } from '../../lab/report/report.ts';
import { readScenario, type Scenario } from '../../lab/scenario/scenario.ts';
import { CRON_REPORTS } from '../support/scenario-config.ts';

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
    eventType: 'ERROR',
    eventName: 'ECS_OPERATION_THROTTLED',
    clusterArn: 'arn:aws:ecs:us-east-1:111122223333:cluster/batch',
    createdAt: '2026-01-15T03:00:05.000Z',
  },
};

const SLOW_NETWORK = 'Timeout waiting for network interface provisioning to complete.';

interface Parts {
  readonly request?: JsonObject;
  readonly calls?: number;
  readonly failures?: number;
  readonly stoppedReason?: string;
  readonly events?: JsonObject[];
}

function scenario(parts: Parts): Scenario {
  const { request = {}, calls = 40, failures = 0, stoppedReason = SLOW_NETWORK, events = [] } = parts;
  const text = JSON.stringify({
    name: 'failed starts',
    seed: 3,
    remediation: {
      config: {
        ...CRON_REPORTS,
      },
    },
    account: {
      throttledRecords: 'full',
      clusters: ['batch'],
      taskDefinitions: [{ family: 'report', revision: 3, containers: ['app', 'sidecar'] }],
      buckets: { clusterResourceModify: { burst: 20, refillPerSecond: 5 } },
      startFailures: [
        {
          family: 'report',
          probability: failures,
          stoppedReason,
        },
      ],
    },
    callers: [
      {
        name: 'cron',
        principalArn: 'arn:aws:sts::111122223333:assumed-role/cron/session',
        calls,
        overSeconds: 2,
        maxAttempts: 1,
        request: { cluster: 'batch', taskDefinition: 'report:3', ...request },
      },
    ],
    events,
  });
  return readScenario(text, 'test.json');
}

test('a call that intake and sweep both find is one execution and one launch', async () => {
  const events = [{ at: 5, event: SERVICE_THROTTLED }];
  const { report: figures, run } = await report(scenario({ events }));
  expect(figures.calls.throttled).toBeGreaterThan(5);
  expect(run.world.sqs.depth([...run.world.deadLetterQueues][0] ?? '').visible).toBe(0);
  expect([...run.records.reruns]).toHaveLength(figures.calls.throttled);
  expect(figures.reruns).toMatchObject({ started: figures.calls.throttled, alreadyStarted: 0 });
  expect(figures.ecs.runTaskCalls).toBe(figures.calls.throttled);
  // The sweep did look.
  expect(figures.ecs.readCalls).toBeGreaterThan(0);
  expect(figures.invariants).toEqual({ lost: 0, duplicated: 0, unreported: 0 });
});

test('environment overrides come back to the letter', async () => {
  const environment = [{ name: 'TOKEN', value: 'secret' }];
  const request = { overrides: { containerOverrides: [{ name: 'app', environment, command: ['run-all'] }] } };
  const launched: JsonObject[] = [];
  const played = scenario({ request, calls: 15, failures: 0.6 });
  const { report: figures } = await report(played, {
    observe: () => ({
      request: ({ operation, input }, isOurs) => {
        if (isOurs && operation === 'RunTask') launched.push(input);
      },
    }),
  });
  expect(figures.calls.startFailed).toBeGreaterThan(3);
  expect(figures.reruns.started).toBeGreaterThan(3);
  expect(figures.invariants).toEqual({ lost: 0, duplicated: 0, unreported: 0 });

  expect(launched.length).toBe(figures.ecs.runTaskCalls);
  for (const input of launched) {
    expect(input.overrides).toEqual({ containerOverrides: [{ name: 'app', environment, command: ['run-all'] }] });
    expect(input.count).toBe(1);
  }
});

test('a re-run whose task fails to start for a reason of its own has brought the call back all the same', async () => {
  const stoppedReason = 'CannotPullContainerError: report:3: not found';
  const { report: figures, violations } = await report(scenario({ failures: 0.5, stoppedReason }));
  expect(figures.reruns.started).toBeGreaterThan(5);
  expect(figures.reruns.started).toBe(figures.calls.throttled);
  expect(violations).toEqual([]);
});
