import { expect, test } from 'vitest';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { report } from '../../lab/report/report.ts';
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

/** The attack costs no more than as much again, holds nobody up, and loses nothing. */
async function compared(baseline: Parts, attack: Parts) {
  const [undisturbed, attacked] = [(await played(baseline)).report, await played(attack)];
  const { report: figures, violations } = attacked;
  expect(violations).toEqual([]);
  expect(undisturbed.reruns.started).toBeGreaterThan(50);
  expect(figures.byCaller.victim?.started).toBe(figures.byCaller.victim?.owed);
  expect(figures.reruns.started).toBe(undisturbed.reruns.started);
  expect(figures.lambda.seconds).toBeLessThanOrEqual(2 * undisturbed.lambda.seconds);
  expect(figures.drain.seconds ?? 0).toBeLessThanOrEqual(2 * (undisturbed.drain.seconds ?? 0));
  const wait = ({ byCaller }: typeof figures) => byCaller.victim?.waitSeconds?.p99 ?? Number.NaN;
  expect(wait(figures)).toBeLessThanOrEqual(wait(undisturbed) + 5);
  return figures;
}

test('1,500 tasks of an unlisted caller that fail to start for a throttle cost one look into the history, and stall nobody', async () => {
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
    calls: 150,
    overSeconds: 15,
    maxAttempts: 1,
    request: { cluster: 'batch', taskDefinition: 'report', count: 10 },
  };
  const figures = await compared(
    { victimAt: 1300, startFailures },
    { victimAt: 1300, startFailures, callers: [attacker] },
  );
  expect(figures.reruns.ignored).toEqual({ callerNotListed: 1500 });
}, 120_000);
