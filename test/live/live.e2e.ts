import { expect, test } from 'vitest';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { type LiveRun, playLive } from '../../lab/live/play.ts';
import type { CallFate } from '../../lab/run/fates.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';
import type { LogLine, MetricValue } from '../../lab/world/sandbox.ts';
import { HANDLERS, LOG_MESSAGES, METRICS } from '../../lambda/core/contract.ts';
import { CRON_REPORTS } from '../support/scenario-config.ts';

const SERVICE_EVENT: JsonObject = {
  version: '0',
  id: 'service-throttled',
  'detail-type': 'ECS Service Action',
  source: 'aws.ecs',
  account: '111122223333',
  region: 'us-east-1',
  resources: ['arn:aws:ecs:us-east-1:111122223333:service/batch/api'],
  detail: { eventType: 'ERROR', eventName: 'SERVICE_DISCOVERY_OPERATION_THROTTLED' },
};
const POISON: JsonObject = {
  version: '0',
  id: 'poison',
  'detail-type': 'AWS API Call via CloudTrail',
  source: 'aws.ecs',
  account: '111122223333',
  region: 'us-east-1',
  detail: {
    eventSource: 'ecs.amazonaws.com',
    eventName: 'RunTask',
    errorCode: 'ThrottlingException',
    userIdentity: 'cron',
  },
};

/** 40 calls at once on an account that admits twenty now and ten each second. */
const SCENARIO = readScenario(
  JSON.stringify({
    name: 'live',
    seed: 5,
    remediation: {
      config: {
        ...CRON_REPORTS,
        graceSeconds: 1,
        rate: { initialPerSecond: 4 },
      },
    },
    account: {
      throttledRecords: 'full',
      clusters: ['batch'],
      taskDefinitions: [{ family: 'report', revision: 3 }],
      buckets: { clusterResourceModify: { burst: 20, refillPerSecond: 10 } },
      disguisedShare: 0,
      cloudTrailDelaySeconds: [0.5, 0.5],
      eventHistoryDelaySeconds: [0, 0],
    },
    callers: [
      {
        name: 'cron',
        principalArn: 'arn:aws:sts::111122223333:assumed-role/cron/session',
        calls: 40,
        maxAttempts: 1,
        request: {
          cluster: 'batch',
          taskDefinition: 'report:3',
          launchType: 'FARGATE',
          networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0aaa'] } },
        },
      },
    ],
    events: [
      { at: 0.5, event: SERVICE_EVENT },
      { at: 0, event: POISON },
    ],
  }),
  'live.json',
);

test('the deployed code, each function in processes of its own, brings back every throttled call once', async () => {
  const logs: LogLine[] = [];
  const metrics: MetricValue[] = [];
  /** All launched and reported; the sweep, which both of us found the calls with, waits on for minutes. */
  const isOver = ({ oracle, records }: LiveRun) =>
    logs.some(({ message, fields }) => message === LOG_MESSAGES.sweep && 'found' in fields) &&
    [...records.reruns].every(({ result }) => result !== undefined) &&
    [...records.unanswered].every((id) => id.startsWith('arn:aws:states:')) &&
    [...oracle.fates.finite()].every((fate) => tasksOf(fate) > 0 || oracle.hasReason(fate));

  const { world, oracle, records } = await playLive(SCENARIO, {
    isOver,
    limitSeconds: 60,
    observer: { log: (line) => logs.push(line), metric: (metric) => metrics.push(metric) },
  });

  const fates = [...oracle.fates.finite()];
  expect(fates.map(tasksOf)).toEqual(fates.map(() => 1));
  expect(oracle.fates.duplicated()).toBe(0);
  const throttled = fates.filter(({ call }) => call.state === 'throttled').length;
  // Twenty, or a little less where the machine was too busy to make all calls at once.
  expect(throttled).toBeGreaterThan(15);
  expect(records.started.started).toBe(throttled);
  expect([...records.reruns]).toHaveLength(throttled);
  expect(records.gaveUp).toEqual({});

  expect(records.refused).toEqual({ malformed: 1 });
  const buried = [...world.deadLetterQueues].map((arn) => world.sqs.depth(arn).visible);
  expect(buried.reduce((sum, depth) => sum + depth)).toBe(1);
  // No alarm is raised that early: the report of the incident would come minutes later.
  const early = HANDLERS.filter((handler) => handler !== 'incident-report');
  expect(new Set(logs.map(({ handler }) => handler))).toEqual(new Set(early));
  expect(new Set(metrics.map(({ name }) => name))).toEqual(
    new Set([METRICS.verdict, METRICS.otherCall, METRICS.permit, METRICS.attempt, METRICS.result, METRICS.waitSeconds]),
  );
});

/** Tasks that were launched for a call, by whomever. */
function tasksOf({ running, pending }: CallFate): number {
  return running + pending;
}
