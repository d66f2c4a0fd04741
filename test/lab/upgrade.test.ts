import { beforeAll, describe, expect, test } from 'vitest';
import { LAB_EPOCH_MS } from '../../lab/kernel/clock.ts';
import { type Result, report } from '../../lab/report/report.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';
import { mergedConfiguration, synthesize, type Template } from '../../lab/stack/synthesize.ts';
import { deploy } from '../../lab/world/deployment.ts';
import { updateOrder, upgrade } from '../../lab/world/upgrade.ts';
import { RELEASED_VERSIONS, withoutMembers, withReleasedWorkflows } from '../support/released.ts';
import { CRON_REPORTS } from '../support/scenario-config.ts';

const ETL = { arn: 'arn:aws:iam::111122223333:role/etl', handsOver: true };
const BEFORE = { ...CRON_REPORTS, callers: [...CRON_REPORTS.callers, ETL] };
/** What the new version is deployed with as well. */
const AFTER = { ...BEFORE, graceSeconds: 10, maxAttempts: 20, rate: { initialPerSecond: 3 } };
const THROTTLED_START = 'Timeout waiting for network interface provisioning to complete.';
const UPGRADE_AT_SECONDS = 30;
const SPACING_MS = 5000;

const caller = (name: string, calls: number, more: object) => ({
  name,
  principalArn: `arn:aws:sts::111122223333:assumed-role/${name}/session`,
  calls,
  overSeconds: 60,
  maxAttempts: 2,
  request: {
    cluster: 'batch',
    taskDefinition: 'report:3',
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0aaa'] } },
  },
  ...more,
});
/** A storm of a minute, and a drain that outlasts it by far. */
const SCENARIO = readScenario(
  JSON.stringify({
    name: 'an upgrade in the middle of a storm',
    seed: 8,
    remediation: { config: BEFORE },
    account: {
      throttledRecords: 'full',
      clusters: ['batch'],
      taskDefinitions: [{ family: 'report', revision: 3 }],
      buckets: { clusterResourceModify: { burst: 5, refillPerSecond: 1 } },
      startFailures: [{ family: 'report', probability: 0.1, stoppedReason: THROTTLED_START, afterSeconds: [2, 20] }],
    },
    callers: [caller('cron', 80, {}), caller('etl', 25, { handsOver: true })],
  }),
  'upgrade.json',
);
const PLACE = { account: SCENARIO.account.id, region: SCENARIO.account.region };
const templateOf = (configuration: object): Template => synthesize(mergedConfiguration(configuration as never), PLACE);

/** Members of a payload that the run-task function does without: a definition of an older version says none of them. */
const OPTIONAL_MEMBERS = ['execution', 'unheardSince', 'redriveCount'];

/** Plays the storm under one template, and has another one deployed in the middle of it. */
async function upgraded(from: Template): Promise<Result & { readonly openThen: number }> {
  let openThen = 0;
  const result = await report(SCENARIO, {
    deploy: ({ world, clock }) => {
      deploy(world, from);
      clock.at(LAB_EPOCH_MS + UPGRADE_AT_SECONDS * 1000, () => {
        openThen = world.states.open;
        upgrade(world, templateOf(AFTER), SPACING_MS);
      });
    },
  });
  return { ...result, openThen };
}

describe.each([
  ...RELEASED_VERSIONS.map(
    (version) => [`version ${version}`, withReleasedWorkflows(templateOf(BEFORE), version)] as const,
  ),
  ['a version that says handlers no more than it must', withoutMembers(templateOf(BEFORE), OPTIONAL_MEMBERS)] as const,
])('an upgrade in the middle of a storm, from %s', (_, from) => {
  let result: Awaited<ReturnType<typeof upgraded>>;
  beforeAll(async () => {
    result = await upgraded(from);
  }, 60_000);

  test('finds re-runs underway, and others begin after it', () => {
    const definitions = new Set([...result.run.records.reruns].map(({ stateMachine }) => stateMachine.definition));
    expect(result.openThen).toBeGreaterThan(10);
    expect(definitions.size).toBe(2);
  });

  test('loses nothing, runs nothing twice and leaves nothing without a verdict', () => {
    expect(result.violations).toEqual([]);
    expect(result.report.invariants).toEqual({ lost: 0, duplicated: 0, unreported: 0 });
    expect(result.report.dlqMessages).toBe(0);
  });

  test('brings back every call, of all who made them', () => {
    const { calls, reruns, byCaller } = result.report;
    expect(calls.owed).toBeGreaterThan(40);
    expect(calls.startFailed).toBeGreaterThan(0);
    expect(byCaller.etl?.owed).toBeGreaterThan(5);
    expect([reruns.gaveUp, reruns.refused]).toEqual([{}, {}]);
    for (const { owed, started } of Object.values(byCaller)) expect(started).toBe(owed);
  });
});

test('what starts executions is changed after what they call: new inputs never meet an older function', () => {
  const order = updateOrder(templateOf(AFTER)).map((id) => id.replace(/[0-9A-F]{8}$/, ''));
  const at = (id: string) => order.indexOf(id);
  for (const starter of ['IntakeHandler', 'SweepHandler']) {
    expect(at('RerunRunTask')).toBeLessThan(at(starter));
    expect(at('RerunStateMachine')).toBeLessThan(at(starter));
  }
  expect(at('RerunRunTask')).toBeGreaterThanOrEqual(0);
});
