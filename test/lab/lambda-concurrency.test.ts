import { beforeAll, describe, expect, test } from 'vitest';
import { type Result, report } from '../../lab/report/report.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';
import { CRON_REPORTS } from '../support/scenario-config.ts';

/** What a new account has, for all its functions together. */
const NEW_ACCOUNT = 10;

/** 500 calls in three seconds, beside live traffic, on a bucket of 40 a second. */
const storm = (lambdaConcurrency: number | null) => {
  const caller = (name: string, more: object) => ({
    name,
    principalArn: `arn:aws:sts::111122223333:assumed-role/${name}/session`,
    maxAttempts: 1,
    request: { cluster: 'batch', taskDefinition: 'report:3' },
    ...more,
  });
  return readScenario(
    JSON.stringify({
      name: 'a storm in a new account',
      seed: 4,
      remediation: { config: CRON_REPORTS },
      account: {
        throttledRecords: 'full',
        lambdaConcurrency,
        clusters: ['batch'],
        taskDefinitions: [{ family: 'report', revision: 3 }],
        taskSeconds: [10, 30],
        buckets: { clusterResourceModify: { burst: 20, refillPerSecond: 40 } },
      },
      callers: [
        caller('cron', { calls: 500, overSeconds: 3 }),
        caller('web', { callsPerSecond: 10, untilDrained: true }),
      ],
    }),
    'new-account.json',
  );
};

describe('an account that runs ten functions at once', () => {
  let result: Result;
  beforeAll(async () => {
    result = await report(storm(NEW_ACCOUNT));
  }, 60_000);

  test('is used up by a storm, and never beyond what it has', () => {
    expect(result.report.lambda.maxConcurrent).toBe(NEW_ACCOUNT);
  });

  test('loses nothing, runs nothing twice, leaves nothing without a verdict', () => {
    expect(result.violations).toEqual([]);
    expect(result.report.invariants).toEqual({ lost: 0, duplicated: 0, unreported: 0 });
    expect(result.report.reruns.started).toBeGreaterThan(300);
    expect(result.report.reruns.gaveUp).toEqual({});
  });

  test('does not slow the drain: what found no function is tried again soon', () => {
    expect(result.report.drain.ratio).toBeLessThan(1);
    expect(result.report.ecs.callsPerRerun).toBeLessThan(1.15);
  });
});
