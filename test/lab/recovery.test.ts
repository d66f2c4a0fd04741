import { describe, expect, test } from 'vitest';
import type { Execution } from '../../lab/aws/states/execution.ts';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { play, type Run } from '../../lab/run/run.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';
import { CRON_REPORTS } from '../support/scenario-config.ts';

const HOUR = 3600;
const CALLS = 8;
const CRON = 'arn:aws:sts::111122223333:assumed-role/cron/session';
const REQUEST = { cluster: 'batch', taskDefinition: 'report:3' };

/** Eight calls at once, most of them throttled, and whatever goes wrong with their re-runs. */
async function broken(parts: { config?: JsonObject; startAt?: number; callers?: JsonObject[]; faults?: JsonObject[] }) {
  const { config, startAt = 0, callers = [], faults = [] } = parts;
  const text = JSON.stringify({
    name: 'recovery',
    seed: 11,
    remediation: {
      config: {
        ...CRON_REPORTS,
        ...config,
      },
    },
    account: {
      throttledRecords: 'full',
      clusters: ['batch'],
      taskDefinitions: [{ family: 'report', revision: 3 }],
      buckets: { clusterResourceModify: { burst: 2, refillPerSecond: 1 } },
      taskSeconds: [5, 20],
    },
    callers: [
      { name: 'cron', principalArn: CRON, startAt, calls: CALLS, maxAttempts: 1, request: REQUEST },
      ...callers,
    ],
    faults,
  });
  return play(readScenario(text, 'test.json'), { enabled: true });
}

/** Lets the world go on until nothing is underway, and then for some hours. */
async function goOn({ clock, world }: Run, hours = 0): Promise<void> {
  const isOver = () => world.hasFailed;
  await clock.run({ isWaiting: () => world.states.open > 0, isOver });
  await clock.run({ until: clock.now() + hours * HOUR * 1000, isWaiting: () => hours > 0, isOver });
  world.check();
}

const failed = ({ records }: Run): Execution[] =>
  [...records.reruns].filter(({ result }) => result !== undefined && result.status !== 'SUCCEEDED');

/** What docs/runbook.md, "Redriving executions", has people do. */
async function redriveExecutions(run: Run): Promise<Execution[]> {
  const executions = failed(run);
  for (const { arn } of executions) run.world.states.call('RedriveExecution', { executionArn: arn });
  await goOn(run);
  return executions;
}

/** What docs/runbook.md, "Redriving dead letters", has people do; returns how many there were. */
async function redriveDeadLetters(run: Run): Promise<number> {
  const { sqs } = run.world;
  const arns = [...run.world.deadLetterQueues];
  const SourceArn = arns.find((arn) => arn.includes('IntakeDeadLetterQueue')) ?? '';
  const { visible } = sqs.depth(SourceArn);
  sqs.call('StartMessageMoveTask', { SourceArn, DestinationArn: intakeQueueOf(run) }, { arn: 'person' });
  await goOn(run);
  expect(sqs.depth(SourceArn).visible).toBe(0);
  return visible;
}

function intakeQueueOf({ world }: Run): string {
  const arn = [...world.sqs.queueArns].find((queue) => /Intake(?!Dead)/.test(queue));
  if (!arn) throw new Error('expected an intake queue');
  return arn;
}

/** How many tasks of each call ran, and what else the lab holds against a run. */
function fatesOf({ oracle, records }: Run) {
  const fates = [...oracle.fates.finite()];
  return {
    ran: fates.map(({ running }) => running),
    lost: fates.filter((fate) => oracle.isLost(fate)).length,
    beyond: oracle.fates.duplicated(),
    unanswered: records.unanswered.size,
  };
}
const EACH_ONCE = { ran: Array(CALLS).fill(1), lost: 0, beyond: 0, unanswered: 0 };

describe('re-runs that gave up while others held the bucket', () => {
  const web = {
    name: 'web',
    principalArn: CRON.replace('cron', 'web'),
    callsPerSecond: 10,
    untilDrained: true,
    maxAttempts: 1,
    request: REQUEST,
  };

  test('get fresh attempts from a redrive, each at its permit', async () => {
    const run = await broken({ config: { maxAttempts: 1 }, callers: [web] });
    const gaveUp = run.records.gaveUp.maxAttempts ?? 0;
    expect(gaveUp).toBeGreaterThan(2);
    await goOn(run, 1);
    const before = run.records.runTaskCalls;

    const redriven = await redriveExecutions(run);
    expect(redriven).toHaveLength(gaveUp);
    expect(redriven.map(({ result }) => result?.status)).toEqual(redriven.map(() => 'SUCCEEDED'));
    expect(run.records.gaveUp).toEqual({});
    expect(run.records.runTaskCalls - before).toBeLessThanOrEqual(gaveUp * 1.5);
    expect(fatesOf(run)).toEqual(EACH_ONCE);
  });
});

describe('re-runs whose function was broken all night', () => {
  /** Longer than the workflow tries again. */
  const faults = [{ kind: 'outage', handler: 'run-task', from: 8 * HOUR, seconds: 15 * HOUR }];
  const startAt = 8 * HOUR;

  test('are launched by a redrive the next morning, with the proof that nobody had launched them', async () => {
    const run = await broken({ startAt, faults });
    const executions = failed(run);
    expect(executions.length).toBeGreaterThan(2);
    expect(new Set(executions.map(({ result }) => result?.error))).toEqual(new Set(['Lambda.ServiceException']));
    expect(run.records.runTaskCalls).toBe(0);

    await redriveExecutions(run);
    expect(failed(run).map(({ result }) => result)).toEqual([]);
    expect(fatesOf(run)).toEqual(EACH_ONCE);
  });

  test('are refused as too late where no sweep has read the proof', async () => {
    const run = await broken({ startAt, faults, config: { sweep: { everyMinutes: 0 } } });
    const executions = await redriveExecutions(run);
    expect(executions.length).toBeGreaterThan(2);
    expect(run.records.refused).toEqual({ tooLate: executions.length });
    expect(run.records.runTaskCalls).toBe(0);
    expect(fatesOf(run)).toMatchObject({ lost: 0, beyond: 0 });
  });
});

describe('events that the intake could not handle until they were dead letters', () => {
  const startAt = 5 * HOUR;
  const outage = (handler: string) => ({ kind: 'outage', handler, from: 4.9 * HOUR, seconds: 17 * HOUR });

  test.each([
    ['a sweep', [outage('intake')]],
    // It reads on from where the last that worked had got to; its finds are late, and that very reading is their proof.
    ['the first sweep after an outage of its own', [outage('intake'), outage('sweep')]],
  ])('are answered after a redrive, and start nothing that %s had started before', async (_, faults) => {
    const run = await broken({ startAt, faults });
    expect(fatesOf(run)).toMatchObject({ ran: EACH_ONCE.ran, lost: 0, beyond: 0 });
    expect(fatesOf(run).unanswered).toBeGreaterThanOrEqual(CALLS);
    await goOn(run, 1);

    expect(await redriveDeadLetters(run)).toBeGreaterThanOrEqual(CALLS);
    expect(fatesOf(run)).toEqual(EACH_ONCE);
  });
});

test('a sweep that is started by hand brings back what no event told of', async () => {
  const run = await broken({
    startAt: 23.5 * HOUR,
    config: { sweep: { everyMinutes: 0 } },
    faults: [{ kind: 'dropEvents', probability: 1 }],
  });
  expect(fatesOf(run).lost).toBeGreaterThan(2);

  // docs/runbook.md, "Starting a sweep by hand"
  const machine = [...run.world.states.stateMachines].find((arn) => arn.includes('Sweep'));
  const input = JSON.stringify({ cluster: 'batch', since: '2026-01-16T02:00:00Z' });
  run.world.states.call('StartExecution', { stateMachineArn: machine ?? '', input });
  await goOn(run);
  expect(fatesOf(run)).toEqual(EACH_ONCE);
});
