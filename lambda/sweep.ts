import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { LOG_MESSAGES, SWEEP_NEXT, SWEEP_STEPS } from './core/contract.ts';
import { type BusEvent, eventName } from './core/events/event.ts';
import type { RunTaskRecord } from './core/events/run-task-record.ts';
import type { StoppedTask } from './core/events/stopped-task.ts';
import { signalThrottle } from './core/rate/rate.ts';
import { initialRate, rateStateSchema } from './core/rate/rate-state.ts';
import { coverageSchema, extendCoverage, HISTORY_LAG_MS } from './core/sweep/coverage.ts';
import {
  afterPass,
  firstSweepState,
  historyWindow,
  type Pass,
  type SweepState,
  sweepStateSchema,
} from './core/sweep/sweep-state.ts';
import { readTrigger } from './core/sweep/trigger.ts';
import { decide } from './core/verdict/decide.ts';
import { acceptanceOf } from './core/verdict/recorded-call.ts';
import { deployedEnvironment } from './runtime/environment.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from './runtime/lambda-ports.ts';
import type { HandlerDependencies } from './runtime/ports.ts';
import { errorName } from './runtime/sdk-retry.ts';
import { makeHistory } from './sources/event-history.ts';
import { makeStoppedTasks } from './sources/stopped-tasks.ts';
import { ITEMS } from './state/items.ts';
import { makeLaunchStore } from './state/launch-store.ts';
import { makeSweepLease } from './state/sweep-lease.ts';
import { makeVersionedItem } from './state/versioned-item.ts';
import { makeVerdictApplier } from './steps/apply-verdict.ts';
import { makeVerdictReport } from './steps/verdict-report.ts';

const payloadSchema = z.discriminatedUnion('step', [
  z.object({
    step: z.literal(SWEEP_STEPS.begin),
    trigger: z.unknown(),
    execution: z.string(),
    /** When the execution began. */
    startedAt: z.iso.datetime(),
  }),
  z.object({ step: z.literal(SWEEP_STEPS.pass), state: sweepStateSchema, execution: z.string() }),
]);

/** What the workflow gets back: counters and a place to go on from, never the candidates themselves. */
export type SweepReply =
  | { readonly next: typeof SWEEP_NEXT.pass; readonly state: SweepState }
  | { readonly next: typeof SWEEP_NEXT.wait; readonly waitUntil: string; readonly state: SweepState }
  | { readonly next: typeof SWEEP_NEXT.end; readonly reason: 'quiet' | 'sweptByAnother' | 'notATrigger' | 'leaseLost' };

/** How long one invocation reads; the next goes on where it stopped. */
const BUDGET_MS = 45_000;

/** So many candidates are handled at a time: where each start waits for an answer that does not come, a page must not outlast the function. */
const AT_ONCE = 10;

/** No faster: without a trail nothing tells the rate of the bucket, and what comes at once would make it probe too far. */
const START_SPACING_MS = 50;

/** Finds what throttling took and no event told of, and starts its re-runs. */
export function makeHandler(
  dependencies: HandlerDependencies<'ecs' | 'sfn' | 'dynamoDb' | 'cloudTrail'>,
): (payload: unknown) => Promise<SweepReply> {
  const { clock, log, environment } = dependencies;
  const { awsEnvironment, settings } = environment;
  const ownRoleArn = environment.variable('runTaskRoleArn');
  const applyVerdict = makeVerdictApplier(dependencies);
  const report = makeVerdictReport(dependencies);
  const lease = makeSweepLease(dependencies);
  const readHistory = makeHistory(dependencies);
  const stoppedTasks = makeStoppedTasks(dependencies);
  const launches = makeLaunchStore(dependencies);
  const coverage = makeVersionedItem(dependencies, ITEMS.coverage.id, coverageSchema);
  const rate = makeVersionedItem(dependencies, ITEMS.rate.id, rateStateSchema);
  /** What a warm function handled lately: passes overlap, and each repetition would cost a StartExecution. */
  let handled = new Set<string>();
  /** Calls that nobody had found before, on a page of which another candidate failed: they count when it is read again. */
  let unclaimed = 0;

  /** Carries out the verdicts on a page of candidates; returns how many are calls that nobody had found before. */
  async function handleAll(page: readonly (RunTaskRecord | StoppedTask)[]): Promise<number> {
    const left = page.values();
    const workers = Array.from({ length: AT_ONCE }, async () => {
      // What we read ourselves came over no bus.
      for (const candidate of left) {
        const isStarted = await handle({ ...candidate, replayed: false, origin: awsEnvironment });
        if (isStarted) await clock.sleep(AT_ONCE * START_SPACING_MS);
      }
    });
    // Nothing may go on beside the next invocation.
    await Promise.allSettled(workers);
    await Promise.all(workers);
    const found = unclaimed;
    unclaimed = 0;
    return found;
  }

  /** Carries out the verdict on a candidate; says whether that started a re-run. */
  async function handle(event: BusEvent): Promise<boolean> {
    const identity = eventName(event);
    if (handled.has(identity)) return false;
    // Everybody's, ours too: late re-runs rest on what the history shows.
    const accepted = event.kind === 'runTaskRecord' ? acceptanceOf(event, { awsEnvironment, ownRoleArn }) : undefined;
    if (accepted) await launches.putAccepted(accepted.callId, accepted.acceptance);
    const ending = await applyVerdict(
      decide(event, { awsEnvironment, settings, ownRoleArn, nowMs: clock.now() }),
      event,
    );
    handled = handled.size < 50_000 ? handled.add(identity) : new Set([identity]);
    if (ending.kind === 'ignore' || ending.kind === 'record' || ending.kind === 'duplicate') return false;
    report(ending, event);
    if (ending.kind !== 'rerun') return false;
    unclaimed += 1;
    return true;
  }

  async function begin(input: unknown, execution: string, askedAtMs: number): Promise<SweepReply> {
    const coveredUntilMs = (await coverage.read())?.toMs;
    const trigger = readTrigger(input, { awsEnvironment, nowMs: clock.now(), askedAtMs, settings, coveredUntilMs });
    if (!trigger) {
      log.warn(LOG_MESSAGES.sweep, { ended: 'notATrigger', execution });
      return { next: SWEEP_NEXT.end, reason: 'notATrigger' };
    }
    if (trigger.slowsRate) {
      await rate.update((state = initialRate(settings.rate)) => ({
        state: signalThrottle(state, trigger.throttledAtMs, clock.now()),
      }));
    }
    const taken = await lease.take(trigger.cluster, execution, trigger.sinceMs, trigger.signalAtMs);
    if (taken === 'left') {
      log.info(LOG_MESSAGES.sweep, { ended: 'sweptByAnother', cluster: trigger.cluster, execution });
      return { next: SWEEP_NEXT.end, reason: 'sweptByAnother' };
    }
    return { next: SWEEP_NEXT.pass, state: firstSweepState({ ...trigger, sinceMs: taken.sinceMs }) };
  }

  /** Reads the next page of the event history. */
  async function readRecords(state: SweepState, pass: Pass): Promise<Pass> {
    const page = await readHistory(historyWindow({ ...state, pass }), pass.historyToken);
    const found = pass.found + (await handleAll(page.records));
    const hasGaps = pass.hasGaps || page.unreadable > 0;
    if (page.unreadable > 0) log.warn('records of the event history could not be read', { records: page.unreadable });
    return { ...pass, found, hasGaps, historyToken: page.nextToken, isHistoryDone: page.nextToken === undefined };
  }

  /** Reads the next page of stopped tasks. */
  async function readTasks(pass: Pass, [cluster, ...others]: string[]): Promise<Pass> {
    if (cluster === undefined) return pass;
    const page = await stoppedTasks.page(cluster, pass.tasksToken);
    const found = pass.found + (await handleAll(page.tasks));
    const clusters = page.nextToken === undefined ? others : [cluster, ...others];
    return { ...pass, found, clusters, tasksToken: page.nextToken };
  }

  /** Reads the history, then lists the clusters, then reads the stopped tasks of each: one page, or the list. */
  async function readOn(state: SweepState, pass: Pass): Promise<Pass> {
    if (!pass.isHistoryDone) return readRecords(state, pass);
    return pass.clusters
      ? readTasks(pass, pass.clusters)
      : { ...pass, clusters: await stoppedTasks.clustersOf(state.cluster) };
  }

  /** Reads on until the pass is whole or the budget spent. */
  async function makePass(before: SweepState, execution: string): Promise<SweepReply> {
    const renewed = await lease.renew(before.cluster, execution);
    if (!renewed) return { next: SWEEP_NEXT.end, reason: 'leaseLost' };
    const untilMs = clock.now() + BUDGET_MS;
    const state = { ...before, lastSignAtMs: Math.max(before.lastSignAtMs, renewed.signalAtMs) };
    const begun: Pass = state.pass ?? { startedAtMs: clock.now(), found: 0, isHistoryDone: false, hasGaps: false };
    let underway = begun;
    while (!underway.isHistoryDone || underway.clusters?.length !== 0) {
      if (clock.now() >= untilMs) return { next: SWEEP_NEXT.pass, state: { ...state, pass: underway } };
      try {
        underway = await readOn(state, underway);
      } catch (error) {
        // Pages that were read whole are not read again for the sake of one that was not.
        if (underway === begun) throw error;
        log.warn('a page has to be read again', { cluster: state.cluster, error: errorName(error) });
        return { next: SWEEP_NEXT.pass, state: { ...state, pass: underway } };
      }
    }

    const { startedAtMs, found, hasGaps } = underway;
    const read = { ...historyWindow({ ...state, pass: underway }), toMs: startedAtMs - HISTORY_LAG_MS };
    if (!hasGaps) await coverage.update((known) => ({ state: extendCoverage(known, read) }));
    log.info(LOG_MESSAGES.sweep, { cluster: state.cluster, found, execution });
    const next = afterPass(state, found, startedAtMs, clock.now());
    if (next.kind === 'wait') {
      return { next: SWEEP_NEXT.wait, waitUntil: new Date(next.untilMs).toISOString(), state: next.state };
    }
    if (await lease.release(state.cluster, execution, renewed.signalAtMs))
      return { next: SWEEP_NEXT.end, reason: 'quiet' };
    const { pass: _, ...rest } = state;
    return { next: SWEEP_NEXT.pass, state: { ...rest, lastPassAtMs: startedAtMs } };
  }

  return async (payload) => {
    const parsed = payloadSchema.parse(payload);
    return parsed.step === SWEEP_STEPS.begin
      ? begin(parsed.trigger, parsed.execution, Date.parse(parsed.startedAt))
      : makePass(parsed.state, parsed.execution);
  };
}

export const handler = lazily(() =>
  makeHandler({
    environment: deployedEnvironment(),
    clients: {
      ecs: new ECSClient(CLIENT_CONFIG),
      sfn: new SFNClient(CLIENT_CONFIG),
      dynamoDb: new DynamoDBClient(CLIENT_CONFIG),
      cloudTrail: new CloudTrailClient(CLIENT_CONFIG),
    },
    ...lambdaPorts('sweep'),
  }),
);
