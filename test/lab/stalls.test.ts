import { expect, test } from 'vitest';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { type Result, report } from '../../lab/report/report.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';

/** Nothing arrives from a trail: sweeps and looks into the event history share its two requests a second. */
const NO_TRAIL = { kind: 'dropEvents', probability: 1, detailType: 'AWS API Call via CloudTrail' };
const VICTIM_CALLS = 250;

interface Parts {
  readonly victimAt: number;
  /** What the attacker adds. */
  readonly callers?: readonly JsonObject[];
  readonly events?: readonly JsonObject[];
  readonly startFailures?: readonly JsonObject[];
}

async function played({ victimAt, callers = [], events = [], startFailures = [] }: Parts) {
  const victim = {
    name: 'victim',
    principalArn: 'arn:aws:sts::111122223333:assumed-role/cron/s',
    startAt: victimAt,
    calls: VICTIM_CALLS,
    overSeconds: 2,
    maxAttempts: 1,
    request: { cluster: 'batch', taskDefinition: 'job' },
  };
  const scenario = {
    name: 'stall',
    seed: 1,
    remediation: {
      config: {
        mode: 'rerun',
        clusters: ['batch'],
        families: ['report', 'job'],
        callers: ['arn:aws:iam::111122223333:role/cron'],
      },
    },
    account: {
      clusters: ['batch'],
      taskDefinitions: [{ family: 'report' }, { family: 'job' }],
      startFailures,
      throttledRecords: 'full',
    },
    callers: [...callers, victim],
    events,
    faults: [NO_TRAIL],
  };
  return report(readScenario(JSON.stringify(scenario), 'stall'));
}

/** When the last call was started again. */
const lastStart = ({ run }: Result) =>
  Math.max(...[...run.oracle.fates.finite()].map(({ launchedByUsAt = 0 }) => launchedByUsAt));

/** The attack costs no more than as much again, holds nobody up, and loses nothing. */
async function compared(baseline: Parts, attack: Parts) {
  const [quiet, attacked] = [await played(baseline), await played(attack)];
  const [{ report: undisturbed }, { report: figures, violations }] = [quiet, attacked];
  expect(violations).toEqual([]);
  expect(undisturbed.reruns.started).toBeGreaterThan(50);
  expect(figures.byCaller.victim?.started).toBe(figures.byCaller.victim?.owed);
  expect(figures.reruns.started).toBe(undisturbed.reruns.started);
  expect(figures.lambda.seconds).toBeLessThanOrEqual(2 * undisturbed.lambda.seconds);
  /*
   * The drain counts from the first call that is known to the last one that is started. Undisturbed, all become known to one
   * sweep by the clock. A sweep that runs already finds the first of them sooner, and the last at its next pass: the drain
   * is longer, and yet over no later.
   */
  expect(lastStart(attacked)).toBeLessThanOrEqual(lastStart(quiet) + 5000);
  expect(figures.drain.seconds).toBeLessThanOrEqual(
    Math.max(2 * undisturbed.drain.seconds, figures.drain.limitSeconds),
  );
  const wait = ({ byCaller }: typeof figures) => byCaller.victim?.waitSeconds?.p99 ?? Number.NaN;
  expect(wait(figures)).toBeLessThanOrEqual(wait(undisturbed) + 5);
  return figures;
}

test('1,000 tasks of an unlisted caller that fail to start for a throttle cost one look into the history, and stall nobody', async () => {
  const startFailures = [
    {
      family: 'report',
      probability: 1,
      stoppedReason: 'CannotPullContainerError: toomanyrequests: Rate exceeded',
      afterSeconds: [30, 31],
    },
  ];
  const attacker = {
    name: 'attacker',
    principalArn: 'arn:aws:sts::111122223333:assumed-role/stranger/s',
    startAt: 0,
    calls: 100,
    overSeconds: 15,
    maxAttempts: 1,
    request: { cluster: 'batch', taskDefinition: 'report', count: 10 },
  };
  const figures = await compared(
    { victimAt: 1300, startFailures },
    { victimAt: 1300, startFailures, callers: [attacker] },
  );
  expect(figures.reruns.ignored).toEqual({ callerNotListed: 1000 });
}, 120_000);

/** The event of a throttled service in a cluster of somebody's own. */
const throttled = (cluster: string, at: number): JsonObject => ({
  at,
  event: {
    version: '0',
    id: `${cluster}-${at}`,
    'detail-type': 'ECS Service Action',
    source: 'aws.ecs',
    account: '111122223333',
    time: '2026-01-01T00:10:00Z',
    region: 'us-east-1',
    resources: [`arn:aws:ecs:us-east-1:111122223333:service/${cluster}/web`],
    detail: {
      eventType: 'WARN',
      eventName: 'ECS_OPERATION_THROTTLED',
      clusterArn: `arn:aws:ecs:us-east-1:111122223333:cluster/${cluster}`,
    },
  },
});

test.each([
  ['60 at once', 60, 0.05],
  ['330 in a minute', 330, 0.2],
])(
  'services throttled in clusters that nobody listed, %s, share one sweep',
  async (_, clusters, spacing) => {
    const events = Array.from({ length: clusters }, (_, n) => throttled(`evil${n}`, 600 + n * spacing));
    const figures = await compared({ victimAt: 900 }, { victimAt: 900, events });
    expect(figures.lambda.maxConcurrent).toBeLessThan(20);
  },
  120_000,
);
