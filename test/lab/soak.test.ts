import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';
import { type Failure, keep, soak } from '../../lab/soak/campaign.ts';
import { judge } from '../../lab/soak/judge.ts';

/** Keeps a failure in a directory of its own, hands both to `use`, and cleans up. */
function kept<T>(failure: Failure, use: (message: string, scenario: JsonObject) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'soak-'));
  try {
    const message = keep(failure, directory);
    return use(message, JSON.parse(readFileSync(/replay: .* (\S+)$/.exec(message)?.[1] ?? '', 'utf8')));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('nothing is lost, doubled, unreported, stuck or late in random scenarios under random faults', async () => {
  // The same ones each time: `npm run soak` is for luck.
  const { played, failure } = await soak({ runs: 6, seed: 7 });
  expect(failure && kept(failure, (message) => `${message}\n${JSON.stringify(failure.scenario)}`)).toBeUndefined();
  expect(played).toBe(6);
}, 120_000);

/** Ten calls at once, of which the account admits one. */
const lost = (config: JsonObject, faults: JsonObject[] = []): JsonObject => ({
  name: 'ten lost calls',
  seed: 1,
  remediation: {
    config: { mode: 'rerun', clusters: ['*'], families: ['*'], callers: ['*'], sweep: { everyMinutes: 0 }, ...config },
  },
  account: {
    throttledRecords: 'full',
    taskDefinitions: [{ family: 'report' }],
    buckets: { clusterResourceModify: { burst: 1, refillPerSecond: 1 } },
    taskSeconds: [5, 20],
  },
  callers: [
    {
      name: 'cron',
      principalArn: 'arn:aws:sts::111122223333:assumed-role/cron/session',
      calls: 10,
      maxAttempts: 1,
      request: { taskDefinition: 'report:1' },
    },
  ],
  faults,
});

/** Ten calls for eight tasks each that are accepted and fail to start. */
function failing(config: JsonObject, faults: JsonObject[], account: JsonObject = {}): JsonObject {
  const { account: usual, callers, ...scenario } = lost(config, faults);
  const [caller] = callers as JsonObject[];
  const [stoppedReason, probability] = ['Timeout waiting for network interface provisioning to complete.', 1];
  return {
    ...scenario,
    account: {
      ...(usual as JsonObject),
      buckets: { clusterResourceModify: { burst: 100, refillPerSecond: 10 } },
      startFailures: [{ family: 'report', probability, stoppedReason, afterSeconds: [1, 60] }],
      ...account,
    },
    callers: [{ ...caller, request: { taskDefinition: 'report:1', count: 8 } }],
  };
}

describe('the judge', () => {
  const verdict = (scenario: JsonObject) => judge(readScenario(JSON.stringify(scenario), 'test'));

  test('has nothing to say of a run that ended well', async () => {
    expect(await verdict(lost({}))).toEqual([]);
  });

  test('names what was lost', async () => {
    expect(await verdict(lost({}, [{ kind: 'dropEvents', probability: 1 }]))).toContain('lost: 9');
  });

  test('names no refusal of a task whose failure nobody could hear of in time', async () => {
    const late = { kind: 'delayEvents', seconds: [700, 700], detailType: 'ECS Task State Change' };
    expect(await verdict(failing({ deadlineSeconds: 600 }, [late]))).toEqual([]);
  });

  test('names refusals of whole calls of which news came too late', async () => {
    const { account, ...scenario } = lost({ deadlineSeconds: 600 });
    const late = { ...(account as JsonObject), cloudTrailDelaySeconds: [700, 700] };
    expect(await verdict({ ...scenario, account: late })).toContain('owedRefused: 9');
  });

  test('names no refusal of a task that ECS places nowhere for good, whatever became of others of its call', async () => {
    const placementFailures = [{ family: 'report', probability: 0.2, reason: 'ATTRIBUTE' }];
    expect(await verdict(failing({ maxGenerations: 2 }, [], { placementFailures }))).toEqual([]);
  });

  test('names re-runs that gave up for a reason that is no excuse', async () => {
    const throttled = {
      kind: 'serviceError',
      service: 'ecs',
      operation: 'RunTask',
      probability: 1,
      error: 'throttling',
    };
    expect(await verdict(lost({ maxAttempts: 2 }, [throttled]))).toEqual(['gave up for maxAttempts: 9']);
  });
});

test('a failure is kept as a scenario file, with the command that plays it again', () => {
  const failure = { scenario: lost({}), seed: 42, violations: ['lost: 9'] };
  kept(failure, (message, scenario) => {
    expect(message).toMatch(/^violated: lost: 9\nreplay: npm run soak -- .*soak-42\.json$/);
    expect(scenario).toEqual(failure.scenario);
  });
});
