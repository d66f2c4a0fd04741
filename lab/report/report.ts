import { LAB_EPOCH_MS } from '../kernel/clock.ts';
import type { CallFate } from '../run/fates.ts';
import { type PlayOptions, play, type Run } from '../run/run.ts';
import { type ByReason, NO_ROOM } from '../run/run-records.ts';
import { isRateCaller, type Scenario } from '../scenario/scenario.ts';
import { type DrainedCall, type DrainFigures, drainFigures, type Waits, waitsOf } from './drain.ts';
import { OwnTakings, type RoomFigures, roomFigures } from './room.ts';

export interface CallerFigures {
  readonly owed: number;
  /** Owed calls of which we launched a task. */
  readonly started: number;
  readonly waitSeconds: Waits | null;
}

/** The report of a run: docs/lab.md says what every figure means. */
export interface Report {
  scenario: string;
  seed: number;
  virtualSeconds: number;
  wallSeconds: number;
  calls: { made: number; throttled: number; startFailed: number; owed: number; owedRefused: number };
  reruns: { started: number; alreadyStarted: number; gaveUp: ByReason; refused: ByReason; ignored: ByReason };
  invariants: { lost: number; duplicated: number; unreported: number };
  ecs: { runTaskCalls: number; callsPerRerun: number; callsPerOwed: number | null; readCalls: number };
  room: RoomFigures | null;
  drain: DrainFigures;
  others: { calls: number; throttled: number; throttledShare: number; throttledShareWithout: number };
  workflow: { executions: number; stateTransitions: number; transitionsPerRerun: number; maxHistoryEvents: number };
  costUsd: { perThousandReruns: number };
  byCaller: Record<string, CallerFigures>;
  lambda: { seconds: number; maxConcurrent: number };
  notifications: number;
  dlqMessages: number;
}

/** Gave-up reasons that are no failure of the remediation's. */
const FORGIVEN: readonly string[] = ['deadline', 'maxGenerations', NO_ROOM];

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
  run.world.forget();
  const hasLimitedRoom = scenario.account.room.length > 0;
  const own = new OwnTakings(scenario.account);
  const without =
    enabled && (others.calls > 0 || hasLimitedRoom)
      ? await playWithout(scenario, run, hasLimitedRoom ? own : undefined)
      : undefined;
  const { throttledShare: throttledShareWithout } = without ? othersOf(without) : others;
  const room = roundAll(roomFigures(run, without && { run: without, own }));
  const figures = figuresOf(run, { ...others, throttledShareWithout }, room);
  const wallSeconds = round((performance.now() - begun) / 1000);
  return { report: { ...figures, wallSeconds }, run, violations: violationsOf(figures, run) };
}

/** `own` hears what callers take, where it matters how much the run would have owed. */
function playWithout(scenario: Scenario, { drainedAt, clock }: Run, own: OwnTakings | undefined): Promise<Run> {
  const untilEvents = { ...scenario, events: [], faults: [] };
  const othersUntil = drainedAt ?? clock.now();
  return play(untilEvents, { enabled: false, othersUntil, ...(own && { judged: true, observe: own.listen }) });
}

function figuresOf(run: Run, others: Report['others'], room: Report['room']): Report {
  const { scenario, clock, world, oracle, records, usage } = run;
  const fates = [...oracle.fates.finite()];
  const reruns = records.started.started + records.started.alreadyStarted;
  const rerunExecutions = [...records.reruns];
  const transitions = (executions: readonly { stateTransitions: number }[]) =>
    executions.reduce((sum, { stateTransitions }) => sum + stateTransitions, 0);
  const dlqMessages = [...world.deadLetterQueues].reduce((sum, arn) => sum + world.sqs.depth(arn).visible, 0);
  const counted = (predicate: (fate: (typeof fates)[number]) => boolean) => fates.filter(predicate).length;
  const owed = counted((fate) => oracle.owes(fate));
  return {
    scenario: scenario.name,
    seed: scenario.seed,
    virtualSeconds: round((clock.now() - LAB_EPOCH_MS) / 1000),
    wallSeconds: 0,
    calls: {
      made: fates.length,
      throttled: counted(({ call }) => call.state === 'throttled'),
      startFailed: counted(({ startFailed }) => startFailed > 0),
      owed,
      owedRefused: counted((fate) => oracle.isOwedRefused(fate)),
    },
    reruns: {
      ...records.started,
      gaveUp: sorted(records.gaveUp),
      refused: sorted(records.refused),
      ignored: sorted(records.ignored),
    },
    invariants: {
      lost: counted((fate) => oracle.isLost(fate)),
      duplicated: oracle.fates.duplicated(),
      unreported:
        Math.max(0, records.unanswered.size - dlqMessages) + records.bareRecords.unreported(world.sns.published),
    },
    ecs: {
      runTaskCalls: records.runTaskCalls,
      callsPerRerun: ratio(records.runTaskCalls, reruns),
      callsPerOwed: owed === 0 ? null : ratio(records.runTaskCalls, owed),
      readCalls: records.readCalls,
    },
    room,
    drain: roundAll(drainOf(run)),
    others,
    workflow: {
      executions: records.executions.length,
      stateTransitions: transitions(records.executions),
      transitionsPerRerun: ratio(transitions(rerunExecutions), rerunExecutions.length),
      maxHistoryEvents: records.executions.reduce((most, { historyEvents }) => Math.max(most, historyEvents), 0),
    },
    costUsd: { perThousandReruns: ratio(usage.dollars() * 1000, reruns) },
    byCaller: roundAll(byCaller(run)),
    lambda: { seconds: round(usage.lambdaSeconds), maxConcurrent: world.lambda.maxConcurrent },
    notifications: world.sns.published.length,
    dlqMessages,
  };
}

function violationsOf({ calls: { owedRefused }, invariants, reruns }: Report, { hasEnded, records }: Run): string[] {
  const broken = Object.entries({ ...invariants, owedRefused })
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name}: ${count}`);
  const gaveUp = Object.entries(reruns.gaveUp)
    .filter(([reason]) => !FORGIVEN.includes(reason))
    .map(([reason, count]) => `gave up for ${reason}: ${count}`);
  if (records.leftTooEarly > 0) gaveUp.push(`gave up for ${NO_ROOM} before its time: ${records.leftTooEarly}`);
  return [...broken, ...gaveUp, ...(hasEnded ? [] : ['not over after 24 virtual hours'])];
}

/** What an owed call that ECS had rejected was to the drain, if we launched it. */
function drainedCall(fate: CallFate, { oracle, records }: Run): (DrainedCall & { readonly tasks: number })[] {
  const readyAt = records.readyAt.get(fate);
  if (readyAt === undefined || fate.launchedByUsAt === undefined || !oracle.owesRejected(fate)) return [];
  return [{ readyAt, startedAt: fate.launchedByUsAt, tokens: 1, tasks: fate.count }];
}

/** What became of each finite caller's owed calls; waits are of those that ECS had rejected. */
function byCaller(run: Run): Report['byCaller'] {
  const { oracle, scenario } = run;
  const owed = Map.groupBy(
    [...oracle.fates.finite()].filter((fate) => oracle.owes(fate)),
    ({ call }) => call.caller,
  );
  const figures = (fates: readonly CallFate[]): CallerFigures => {
    const drained = fates.flatMap((fate) => drainedCall(fate, run));
    const started = fates.filter(({ launchedByUsAt }) => launchedByUsAt !== undefined).length;
    return { owed: fates.length, started, waitSeconds: drained.length === 0 ? null : waitsOf(drained) };
  };
  const finite = scenario.callers.filter((caller) => !isRateCaller(caller));
  return Object.fromEntries(finite.map(({ name }) => [name, figures(owed.get(name) ?? [])]));
}

/** The drain of the calls that ECS rejected and that we launched, at what the tightest bucket allows. */
function drainOf(run: Run): DrainFigures {
  const { oracle, records, scenario } = run;
  const drained = [...oracle.fates.finite()].flatMap((fate) => drainedCall(fate, run));
  const { clusterResourceModify, fargateRunTask, fargateTasks } = scenario.account.buckets;
  const callsRefill = Math.min(
    clusterResourceModify.refillPerSecond,
    fargateRunTask?.refillPerSecond ?? Number.POSITIVE_INFINITY,
  );
  const { othersAttempts, finiteTakings } = records;
  const byCalls = drainFigures(drained, { refillPerSecond: callsRefill, othersAttempts, finiteTakings });
  if (!fargateTasks) return byCalls;
  const inTasks = drained.map((call) => ({ ...call, tokens: call.tasks }));
  const { refillPerSecond } = fargateTasks;
  const byTasks = drainFigures(inTasks, { refillPerSecond, othersAttempts, finiteTakings });
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
