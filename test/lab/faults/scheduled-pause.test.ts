import { expect, test } from 'vitest';
import { LAB_EPOCH_MS } from '../../../lab/kernel/clock.ts';
import { report } from '../../../lab/report/report.ts';
import { readScenario } from '../../../lab/scenario/scenario.ts';
import { CRON_REPORTS } from '../../support/scenario-config.ts';

const MINUTE = 60;

/** A small storm during a pause; when our launches were, in seconds. */
async function paused(seconds: number) {
  const scenario = {
    name: 'paused',
    seed: 3,
    remediation: {
      config: {
        ...CRON_REPORTS,
      },
    },
    account: {
      throttledRecords: 'full',
      clusters: ['batch'],
      taskDefinitions: [{ family: 'report' }],
      buckets: { clusterResourceModify: { burst: 10, refillPerSecond: 5 } },
    },
    callers: [
      {
        name: 'cron',
        principalArn: 'arn:aws:sts::111122223333:assumed-role/cron/session',
        calls: 60,
        overSeconds: 5,
        maxAttempts: 1,
        request: { cluster: 'batch', taskDefinition: 'report:1' },
      },
    ],
    faults: [{ kind: 'pause', from: 32, seconds }],
  };
  const { report: figures, violations, run } = await report(readScenario(JSON.stringify(scenario), 'paused.json'));
  const launches = [...run.oracle.fates.finite()].flatMap(({ launchedByUsAt }) =>
    launchedByUsAt === undefined ? [] : [(launchedByUsAt - LAB_EPOCH_MS) / 1000],
  );
  return { figures, violations, launches };
}

test.each([
  ['of ten minutes', 10 * MINUTE],
  // The callers' tokens are proof for an hour: what is launched after that goes by the event history.
  ['of three hours', 180 * MINUTE],
])('a pause %s launches nothing while it lasts, and loses nothing', async (_, seconds) => {
  const { figures, violations, launches } = await paused(seconds);
  expect(violations).toEqual([]);
  expect(figures.reruns).toMatchObject({ gaveUp: {}, refused: {} });
  expect(launches).toHaveLength(figures.calls.owed);
  const [before, during, after] = [0, 32, 32 + seconds].map((from, index, starts) =>
    launches.filter((at) => at >= from && at < (starts[index + 1] ?? Number.POSITIVE_INFINITY)),
  );
  expect(before?.length).toBeGreaterThan(0);
  // A request that was on its way when the pause began still arrives.
  expect(during?.filter((at) => at > 33)).toEqual([]);
  expect(after?.length).toBeGreaterThan(0);
});
