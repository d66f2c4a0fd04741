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
import type { Acceptance } from './core/rerun/acceptance.ts';
import { coverageSchema, extendCoverage, HISTORY_LAG_MS } from './core/sweep/coverage.ts';
import {
  afterPass,
  firstSweepState,
  historyWindow,
  isWhole,
  type Pass,
  type SweepState,
  sweepStateSchema,
} from './core/sweep/sweep-state.ts';
import { readTrigger, UNLISTED } from './core/sweep/trigger.ts';
import { decide } from './core/verdict/decide.ts';
import { acceptanceOf } from './core/verdict/recorded-call.ts';
import type { AcceptedUnder, Verdict } from './core/verdict/verdict.ts';
import { deployedEnvironment } from './runtime/environment.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from './runtime/lambda-ports.ts';
import type { HandlerDependencies } from './runtime/ports.ts';
import { errorName } from './runtime/sdk-retry.ts';
import { ITEMS } from './state/items.ts';
import { makeLaunchStore } from './state/launch-store.ts';
import { makeSweepLease } from './state/sweep-lease.ts';
import { makeVersionedItem } from './state/versioned-item.ts';
import { makeVerdictApplier } from './steps/apply-verdict.ts';
import { makePassReader } from './steps/read-pass.ts';
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

/** The reply to the workflow: counters and where to go on, never the candidates. */
export type SweepReply =
  | { readonly next: typeof SWEEP_NEXT.pass; readonly state: SweepState }
  | { readonly next: typeof SWEEP_NEXT.wait; readonly waitUntil: string; readonly state: SweepState }
  | { readonly next: typeof SWEEP_NEXT.end; readonly reason: 'quiet' | 'sweptByAnother' | 'notATrigger' | 'leaseLost' };

/** What a sweep found and, where ECS accepted that call, whether that is known already. */
interface Candidate {
  readonly event: BusEvent;
  readonly accepted: AcceptedUnder | undefined;
  readonly known: Acceptance | undefined;
}

/** A signal is as good as another one so much later. */
const REPEATED_SIGNAL_MS = 60_000;

/** Candidates that are handled at a time. Even if each start waits for its timeout, a page must not take longer than the function may. */
const AT_ONCE = 10;

/** The least time between two starts. Without a trail the bucket is not known, and many re-runs at once would drive the probe too high. */
const START_SPACING_MS = 50;

/** Finds throttled calls that no event reported, and starts their re-runs. */
export function makeHandler(
  dependencies: HandlerDependencies<'ecs' | 'sfn' | 'dynamoDb' | 'cloudTrail'>,
): (payload: unknown) => Promise<SweepReply> {
  const { clock, log, environment } = dependencies;
  const { awsEnvironment, settings } = environment;
  const ownRoleArn = environment.variable('runTaskRoleArn');
  const applyVerdict = makeVerdictApplier(dependencies);
  const report = makeVerdictReport(dependencies);
  const lease = makeSweepLease(dependencies);
  const launches = makeLaunchStore(dependencies);
  const coverage = makeVersionedItem(dependencies, ITEMS.coverage.id, coverageSchema);
  const rate = makeVersionedItem(dependencies, ITEMS.rate.id, rateStateSchema);
  /** Events that a warm function has handled. Passes overlap, and each repetition would cost a StartExecution. */
  let handled = new Set<string>();
  /** Until when a warm function need not say again that clusters are throttled which are not listed. */
  let unlistedUntilMs = 0;
  /** New calls on a page on which another candidate failed. They count when the page is read again. */
  let unclaimed = 0;
  /** When the next start is due. */
  let nextStartAtMs = 0;
  const readPass = makePassReader(dependencies, { handleAll, isKnown: (taskArn) => handled.has(taskArn) });

  /** Applies the verdicts on a page of candidates. Returns how many of them are new calls. */
  async function handleAll(page: readonly (RunTaskRecord | StoppedTask)[]): Promise<number> {
    // A candidate came over no bus: nobody replayed or forwarded it.
    const events = page.map((found): BusEvent => ({ ...found, replayed: false, origin: awsEnvironment }));
    const left = (await Promise.all(events.filter((event) => !handled.has(eventName(event))).map(lookUp))).values();
    const workers = Array.from({ length: AT_ONCE }, async () => {
      for (const candidate of left) {
        const isStarted = await handle(candidate);
        if (!isStarted) continue;
        nextStartAtMs = Math.max(nextStartAtMs, clock.now()) + START_SPACING_MS;
        await clock.sleep(nextStartAtMs - clock.now());
      }
    });
    // All workers have to end, even if one failed: none may run on beside the next invocation.
    await Promise.allSettled(workers);
    await Promise.all(workers);
    const found = unclaimed;
    unclaimed = 0;
    return found;
  }

  async function lookUp(event: BusEvent): Promise<Candidate> {
    const accepted = event.kind === 'runTaskRecord' ? acceptanceOf(event, { awsEnvironment, ownRoleArn }) : undefined;
    return { event, accepted, known: accepted && (await launches.getAccepted(accepted.callId)) };
  }

  /** Whether all that a verdict keeps was kept before: of most calls it was, from their events. */
  const isKept = ({ accepted, known }: Candidate, verdict: Verdict): verdict is Verdict & { kind: 'record' } =>
    verdict.kind === 'record' && known?.launchesKept === true && known.atMs === accepted?.acceptance.atMs;

  /** Keeps that ECS accepted a call: everybody's, ours too, as late re-runs rest on what the history shows. Of listed callers the verdict keeps it. */
  async function keepAcceptance({ accepted, known }: Candidate, verdict: Verdict): Promise<void> {
    if (!accepted || (verdict.kind === 'record' && verdict.acceptance)) return;
    if (!known || known.atMs < accepted.acceptance.atMs) await launches.putAccepted(accepted);
  }

  /** Applies the verdict on a candidate. Returns whether that started a re-run. */
  async function handle(candidate: Candidate): Promise<boolean> {
    const { event } = candidate;
    const identity = eventName(event);
    if (handled.has(identity)) return false;
    const verdict = decide(event, { awsEnvironment, settings, ownRoleArn, nowMs: clock.now() });
    await keepAcceptance(candidate, verdict);
    const ending = isKept(candidate, verdict) ? verdict : await applyVerdict(verdict, event);
    // A launch record said that a task is nobody's of ours: one of a listed caller may still come, and then says otherwise.
    const isForeign = verdict.kind === 'rerun' && ending.kind === 'ignore' && ending.reason !== 'observeMode';
    if (event.kind !== 'stoppedTask' || !isForeign || clock.now() > event.createdAtMs + HISTORY_LAG_MS) {
      handled = handled.size < 50_000 ? handled.add(identity) : new Set([identity]);
    }
    if (ending.kind === 'ignore' || ending.kind === 'record' || ending.kind === 'duplicate') return false;
    report(ending, event);
    if (ending.kind !== 'rerun') return false;
    unclaimed += 1;
    return true;
  }

  function sweptByAnother(cluster: string, execution: string): SweepReply {
    log.info(LOG_MESSAGES.sweep, { ended: 'sweptByAnother', cluster, execution });
    return { next: SWEEP_NEXT.end, reason: 'sweptByAnother' };
  }

  async function begin(input: unknown, execution: string, askedAtMs: number): Promise<SweepReply> {
    const context = { awsEnvironment, nowMs: clock.now(), askedAtMs, settings };
    const event = readTrigger(input, { ...context, coveredUntilMs: undefined });
    if (event?.cluster === UNLISTED && clock.now() < unlistedUntilMs) return sweptByAnother(UNLISTED, execution);
    const isScheduled = event?.signalAtMs === 0;
    const coveredUntilMs = isScheduled ? (await coverage.read())?.toMs : undefined;
    const trigger = isScheduled ? readTrigger(input, { ...context, coveredUntilMs }) : event;
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
    if (trigger.cluster === UNLISTED) unlistedUntilMs = clock.now() + REPEATED_SIGNAL_MS;
    if (taken === 'left') return sweptByAnother(trigger.cluster, execution);
    return { next: SWEEP_NEXT.pass, state: firstSweepState({ ...trigger, sinceMs: taken.sinceMs }) };
  }

  /** Reads on until the pass is complete or the time of the invocation is over. */
  async function makePass(before: SweepState, execution: string): Promise<SweepReply> {
    const renewed = await lease.renew(before.cluster, execution);
    if (!renewed) return { next: SWEEP_NEXT.end, reason: 'leaseLost' };
    const state = { ...before, lastSignAtMs: Math.max(before.lastSignAtMs, renewed.signalAtMs) };
    const begun: Pass = state.pass ?? { startedAtMs: clock.now(), found: 0, isHistoryDone: false, hasGaps: false };
    const { pass, busyUntilMs, error } = await readPass(state, begun);
    if (error !== undefined) {
      if (pass === begun) throw error;
      // Goes on from the failed page, so that the pages before it are not read again.
      log.warn('a page has to be read again', { cluster: state.cluster, error: errorName(error) });
    } else if (busyUntilMs !== undefined) {
      // The workflow waits, not the function.
      return { next: SWEEP_NEXT.wait, waitUntil: new Date(busyUntilMs).toISOString(), state: { ...state, pass } };
    }
    if (!isWhole(pass)) return { next: SWEEP_NEXT.pass, state: { ...state, pass } };

    const { startedAtMs, found, hasGaps } = pass;
    const read = { ...historyWindow({ ...state, pass }), toMs: startedAtMs - HISTORY_LAG_MS };
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
