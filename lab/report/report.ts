import type { GiveUpReason } from '../../lambda/core/contract.ts';
import { LAB_EPOCH_MS } from '../kernel/clock.ts';
import { type PlayOptions, play, type Run } from '../run/run.ts';
import type { ByReason } from '../run/run-records.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { type DrainedCall, type DrainFigures, drainFigures } from './drain.ts';

/** The report of a run. docs/lab.md, "What the figures mean", defines each figure. */
export interface Report {
  scenario: string;
  seed: number;
  virtualSeconds: number;
  wallSeconds: number;
  calls: { made: number; throttled: number; startFailed: number; owed: number };
  reruns: { started: number; alreadyStarted: number; gaveUp: ByReason; refused: ByReason; ignored: ByReason };
  invariants: { lost: number; duplicated: number; unreported: number };
  ecs: { runTaskCalls: number; callsPerRerun: number; readCalls: number };
  drain: {
    seconds: number;
    limitSeconds: number;
    ratio: number | null;
    waitSeconds: { p50: number; p99: number };
  };
  others: { calls: number; throttled: number; throttledShare: number; throttledShareWithout: number };
  workflow: { executions: number; stateTransitions: number; transitionsPerRerun: number; maxHistoryEvents: number };
  costUsd: { perThousandReruns: number };
  notifications: number;
  dlqMessages: number;
}

/** Gave-up reasons that are no failure of the remediation's. */
const FORGIVEN: readonly string[] = ['deadline', 'maxGenerations'] satisfies GiveUpReason[];

/** A report, the run behind it, and what was violated in it, in words. */
export interface Result {
  readonly report: Report;
  readonly run: Run;
  readonly violations: readonly string[];
}

/** Plays a scenario, and its live traffic once more without the remediation, and reports. */
export async function report(
  scenario: Scenario,
  options: Pick<PlayOptions, 'onTick' | 'observe' | 'deploy'> = {},
): Promise<Result> {
  const begun = performance.now();
  const { enabled } = scenario.remediation;
  const run = await play(scenario, { ...options, enabled });
  const others = othersOf(run);
  const without = enabled && others.calls > 0 ? othersOf(await playWithout(scenario, run)) : others;
  const figures = figuresOf(run, { ...others, throttledShareWithout: without.throttledShare });
  const wallSeconds = round((performance.now() - begun) / 1000);
  return { report: { ...figures, wallSeconds }, run, violations: violationsOf(figures, run) };
}

function playWithout(scenario: Scenario, { drainedAt, clock }: Run): Promise<Run> {
  const untilEvents = { ...scenario, events: [], faults: [] };
  return play(untilEvents, { enabled: false, othersUntil: drainedAt ?? clock.now() });
}

function figuresOf(run: Run, others: Report['others']): Report {
  const { scenario, clock, world, oracle, records, usage } = run;
  const fates = [...oracle.finite()];
  const reruns = records.started.started + records.started.alreadyStarted;
  const rerunExecutions = [...records.reruns];
  const transitions = (executions: readonly { stateTransitions: number }[]) =>
    executions.reduce((sum, { stateTransitions }) => sum + stateTransitions, 0);
  const dlqMessages = [...world.deadLetterQueues].reduce((sum, arn) => sum + world.sqs.depth(arn).visible, 0);
  const counted = (predicate: (fate: (typeof fates)[number]) => boolean) => fates.filter(predicate).length;
  return {
    scenario: scenario.name,
    seed: scenario.seed,
    virtualSeconds: round((clock.now() - LAB_EPOCH_MS) / 1000),
    wallSeconds: 0,
    calls: {
      made: fates.length,
      throttled: counted(({ call }) => call.state === 'throttled'),
      startFailed: counted(({ startFailed }) => startFailed > 0),
      owed: counted((fate) => oracle.owes(fate)),
    },
    reruns: {
      ...records.started,
      gaveUp: sorted(records.gaveUp),
      refused: sorted(records.refused),
      ignored: sorted(records.ignored),
    },
    invariants: {
      lost: counted((fate) => oracle.isLost(fate)),
      duplicated: oracle.duplicated(),
      unreported: Math.max(0, records.unanswered.size - dlqMessages),
    },
    ecs: {
      runTaskCalls: records.runTaskCalls,
      callsPerRerun: ratio(records.runTaskCalls, reruns),
      readCalls: records.readCalls,
    },
    drain: roundAll(drainOf(run)),
    others,
    workflow: {
      executions: records.executions.length,
      stateTransitions: transitions(records.executions),
      transitionsPerRerun: ratio(transitions(rerunExecutions), rerunExecutions.length),
      maxHistoryEvents: records.executions.reduce((most, { historyEvents }) => Math.max(most, historyEvents), 0),
    },
    costUsd: { perThousandReruns: ratio(usage.dollars() * 1000, reruns) },
    notifications: world.sns.published.length,
    dlqMessages,
  };
}

function violationsOf({ invariants, reruns }: Report, { hasEnded }: Run): string[] {
  const broken = Object.entries(invariants)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name}: ${count}`);
  const gaveUp = Object.entries(reruns.gaveUp)
    .filter(([reason]) => !FORGIVEN.includes(reason))
    .map(([reason, count]) => `gave up for ${reason}: ${count}`);
  return [...broken, ...gaveUp, ...(hasEnded ? [] : ['not over after 24 virtual hours'])];
}

/** The drain of the calls that ECS rejected and that we launched, at what the tightest bucket allows. */
function drainOf({ oracle, records, graceMs, scenario }: Run): DrainFigures {
  const drained: (DrainedCall & { readonly tasks: number })[] = [];
  for (const fate of oracle.finite()) {
    const arrival = records.arrivals.get(fate);
    if (!arrival || fate.launchedByUsAt === undefined || !oracle.owesRejected(fate)) continue;
    const readyAt = Math.max(arrival.at, arrival.eventTime + graceMs);
    drained.push({ readyAt, startedAt: fate.launchedByUsAt, tokens: 1, tasks: fate.count });
  }
  const { clusterResourceModify, fargateRunTask, fargateTasks } = scenario.account.buckets;
  const callsRefill = Math.min(
    clusterResourceModify.refillPerSecond,
    fargateRunTask?.refillPerSecond ?? Number.POSITIVE_INFINITY,
  );
  const byCalls = drainFigures(drained, callsRefill, records.othersAttempts);
  if (!fargateTasks) return byCalls;
  const inTasks = drained.map((call) => ({ ...call, tokens: call.tasks }));
  const byTasks = drainFigures(inTasks, fargateTasks.refillPerSecond, records.othersAttempts);
  return byTasks.limitSeconds > byCalls.limitSeconds ? byTasks : byCalls;
}

function othersOf({ ledger, drainedAt = Number.POSITIVE_INFINITY }: Run) {
  const calls = ledger.calls.filter(({ finite, madeAt }) => !finite && madeAt <= drainedAt);
  const throttled = calls.filter(({ state }) => state === 'throttled').length;
  return { calls: calls.length, throttled, throttledShare: ratio(throttled, calls.length) };
}

const ratio = (part: number, whole: number) => (whole === 0 ? 0 : round(part / whole));
/** Figures are for people; six digits are more than any of them means. */
const round = (value: number) => Math.round(value * 1e6) / 1e6;

function roundAll<T>(value: T): T {
  if (typeof value === 'number') return round(value) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, roundAll(inner)])) as T;
}

function sorted(counts: ByReason): ByReason {
  return Object.fromEntries(Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
