import { RunTaskCommand, type RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { LOG_MESSAGES, METRICS, RERUN_NEXT } from '../core/contract.ts';
import type { RunTaskRequest } from '../core/events/run-task-request.ts';
import { afterDeadlineToken, isLasting, synchronousCallId } from '../core/identity.ts';
import { throttlePermit } from '../core/rate/rate.ts';
import { initialRate, type RateState, rateStateSchema } from '../core/rate/rate-state.ts';
import { isAcceptanceOf, isDone } from '../core/rerun/acceptance.ts';
import { afterDeadlineStep } from '../core/rerun/after-deadline.ts';
import { launchGuard } from '../core/rerun/launch-guard.ts';
import type { LaunchRecord } from '../core/rerun/launch-record.ts';
import { nextStep } from '../core/rerun/next-step.ts';
import { answerOutcome, errorOutcome, type Outcome, startedTasks } from '../core/rerun/outcome.ts';
import { attemptRequest, deadlineOf, isKeyed, type Progress, type RerunInput } from '../core/rerun/rerun-input.ts';
import { type Coverage, coverageSchema } from '../core/sweep/coverage.ts';
import { OWN_PRINCIPAL } from '../core/verdict/recorded-call.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { apiError } from '../runtime/sdk-retry.ts';
import { ITEMS } from '../state/items.ts';
import { makeLaunchStore } from '../state/launch-store.ts';
import { makePauseSwitch } from '../state/pause-switch.ts';
import { makeSpendCap } from '../state/spend-cap.ts';
import { makeVersionedItem, type VersionedItem } from '../state/versioned-item.ts';
import type { FinishReply, makeFinisher } from './finish.ts';

export type AttemptReply =
  | FinishReply
  /** `backOff`: ask for a permit then; `waitForProof`: there is something to find out first, which takes no permit. */
  | {
      readonly next: typeof RERUN_NEXT.backOff | typeof RERUN_NEXT.waitForProof;
      readonly waitUntil: string;
      readonly progress: Progress;
    };

export interface Attempt {
  readonly rerun: RerunInput;
  readonly request: RunTaskRequest;
  readonly progress: Progress;
  /** When the rate limiter gave a permit for it; without one nothing is launched. */
  readonly grantedAtMs: number | undefined;
  /** When the execution began, or was last redriven. */
  readonly startedAtMs: number;
}

/** How long a late re-run waits for a sweep to prove that its call was not accepted. */
const PROOF_POLL_MS = 5 * 60_000;

/**
 * How long a permit is good for. One that waited for a function to be run, which takes seconds at most unless the account has no
 * concurrency left, is of a time when nobody knew who would call now: all that waited with it would call at once.
 */
const PERMIT_LIFE_MS = 20_000;

/** How long one that has its permit waits for the end of a pause before it asks for another. */
const PAUSE_POLL_MS = 60_000;

/** Makes one attempt at a throttled call. */
export function makeAttempter(
  dependencies: HandlerDependencies<'ecs' | 'dynamoDb'>,
  finish: ReturnType<typeof makeFinisher>,
): (attempt: Attempt) => Promise<AttemptReply> {
  const { clock, random, log, metrics, clients } = dependencies;
  const { awsEnvironment, settings } = dependencies.environment;
  const launches = makeLaunchStore(dependencies);
  const isPaused = makePauseSwitch(dependencies);
  const cap = makeSpendCap(dependencies);
  const rate: VersionedItem<RateState> = makeVersionedItem(dependencies, ITEMS.rate.id, rateStateSchema);
  const coverage: VersionedItem<Coverage> = makeVersionedItem(dependencies, ITEMS.coverage.id, coverageSchema);

  const waitUntil = (untilMs: number, progress: Progress) => ({
    next: RERUN_NEXT.backOff,
    waitUntil: new Date(untilMs).toISOString(),
    progress,
  });

  async function send(request: RunTaskRequest): Promise<Outcome> {
    const sentAtMs = clock.now();
    try {
      // The schema leaves enumerations open, the SDK's type does not.
      const { tasks = [], failures = [] } = await clients.ecs.send(new RunTaskCommand(request as RunTaskCommandInput));
      const answer = {
        tasks: tasks.map((task) => ({ taskArn: task.taskArn ?? '', createdAtMs: task.createdAt?.getTime() })),
        failures: failures.map((failure) => ({ reason: failure.reason ?? '' })),
      };
      return answerOutcome(answer, request.count ?? 1, sentAtMs);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return errorOutcome(apiError(error), request.count ?? 1);
    }
  }

  /** CloudTrail hides environment values; what we launched ourselves we can record whole, and with its lineage. */
  async function recordLaunches({ callId, call, lineage }: RerunInput, request: RunTaskRequest, outcome: Outcome) {
    if (!('taskArns' in outcome)) return;
    const record: LaunchRecord = {
      caller: call.caller ?? '',
      rootCallId: lineage?.rootCallId ?? callId,
      generation: lineage?.generation ?? 0,
      request,
    };
    await launches.put(outcome.taskArns.map((taskArn) => ({ taskArn, record })));
  }

  /** A token that names one call for ever outlives ECS's memory of it: what we started under it is kept here. */
  async function recordAcceptance({ callId, doneBy }: RerunInput, request: RunTaskRequest, outcome: Outcome) {
    if (outcome.kind !== 'started' || !doneBy || !isLasting(request.clientToken ?? '')) return;
    const { taskArns } = outcome;
    await launches.putAccepted(callId, { atMs: clock.now(), taskArns: [...taskArns], digest: doneBy.digest });
  }

  /** Every throttle of ours is news to the rate. */
  async function slowDown(grantedAtMs: number): Promise<void> {
    await rate.update((state) => ({
      state: throttlePermit(state ?? initialRate(settings.rate), grantedAtMs, clock.now()),
    }));
  }

  async function launch(attempt: Attempt, deadlineMs: number): Promise<AttemptReply> {
    const { rerun, request, progress, grantedAtMs = clock.now() } = attempt;
    const wanted = attemptRequest(request, rerun.callId, progress);
    const reservation = await cap.reserve(wanted.count ?? 1);
    if ('untilMs' in reservation) return waitUntil(reservation.untilMs, progress);
    // Counting may have taken a while.
    if (clock.now() >= deadlineMs) {
      await cap.settle(reservation, 0);
      return waitUntil(clock.now(), progress);
    }
    const outcome = await send(wanted);
    await recordLaunches(rerun, request, outcome);
    await recordAcceptance(rerun, wanted, outcome);
    await cap.settle(reservation, startedTasks(outcome));
    log.info(LOG_MESSAGES.attempt, { kind: outcome.kind, callId: rerun.callId, attempt: progress.attempts + 1 });
    metrics.add(METRICS.attempt, 1, { kind: outcome.kind });
    if (outcome.kind === 'throttled') await slowDown(grantedAtMs);
    const step = nextStep(outcome, progress, { maxAttempts: settings.maxAttempts, deadlineMs }, clock.now(), random);
    if (step.kind === 'finish') return finish(rerun, step.result);
    return waitUntil(clock.now() + step.seconds * 1000, step.progress);
  }

  /** What ECS accepted of a call: under its own token, from the caller or from us, or under that of a late re-run. */
  async function acceptance({ callId, call, doneBy }: RerunInput, request: RunTaskRequest) {
    const ofOurs = (clientToken: string) =>
      launches.getAccepted(
        synchronousCallId({ ...awsEnvironment, principal: OWN_PRINCIPAL, cluster: call.cluster, clientToken }),
      );
    const late = await ofOurs(afterDeadlineToken(callId));
    const own = [await launches.getAccepted(callId), await ofOurs(request.clientToken ?? '')];
    return late ?? own.find((accepted) => doneBy && isAcceptanceOf(accepted, doneBy));
  }

  /** After the deadline the caller's token proves nothing any more; only the event history can. */
  async function launchLate(attempt: Attempt, deadlineMs: number): Promise<AttemptReply> {
    const { rerun, request, progress, grantedAtMs, startedAtMs } = attempt;
    const giveUp = (taskArns: readonly string[] = progress.taskArns) =>
      finish(
        rerun,
        startedAtMs >= deadlineMs
          ? { kind: 'refused', reason: 'tooLate', taskArns }
          : { kind: 'gaveUp', reason: 'deadline', taskArns },
      );
    // What we launched under tokens of our own is not in anybody's history to be looked for.
    if (rerun.failedTask || progress.round > 0 || isKeyed(rerun.callId, request.clientToken)) return giveUp();
    const callAtMs = Date.parse(rerun.call.eventTime);
    // In this order: sweeps note what was accepted before they say how far they have read.
    const covered = await coverage.read();
    const accepted = await acceptance(rerun, request);
    const step = afterDeadlineStep({
      callAtMs,
      deadlineMs,
      nowMs: clock.now(),
      coverage: covered,
      wasAccepted: accepted !== undefined,
      sweepEveryMinutes: settings.sweep.everyMinutes,
    });
    switch (step) {
      case 'alreadyStarted':
        // Accepted in part: what is left has no token of which nobody else could have made use.
        return accepted && accepted.taskArns.length >= (request.count ?? 1)
          ? finish(rerun, { kind: 'alreadyStarted', taskArns: accepted.taskArns })
          : giveUp(accepted?.taskArns);
      case 'wait':
        return { ...waitUntil(clock.now() + PROOF_POLL_MS, progress), next: RERUN_NEXT.waitForProof };
      case 'refuse':
        return giveUp();
      case 'launch': {
        if (grantedAtMs === undefined || clock.now() - grantedAtMs >= PERMIT_LIFE_MS) {
          return waitUntil(clock.now(), progress);
        }
        const renamed = { ...request, clientToken: afterDeadlineToken(rerun.callId) };
        return launch({ ...attempt, request: renamed }, Number.POSITIVE_INFINITY);
      }
      default:
        return step satisfies never;
    }
  }

  return async function makeAttempt(attempt) {
    const { rerun, request, progress, grantedAtMs } = attempt;
    const objection = launchGuard(rerun, request, progress, { awsEnvironment, settings });
    if (objection) return finish(rerun, { kind: 'refused', reason: objection, taskArns: progress.taskArns });
    const deadlineMs = deadlineOf(rerun, request.clientToken, progress, settings);
    // Who has its permit already is held as well: a pause is for what must not happen now.
    if (await isPaused()) return waitUntil(clock.now() + PAUSE_POLL_MS, progress);
    if (rerun.doneBy && progress.round === 0) {
      const accepted = await launches.getAccepted(rerun.callId);
      if (isDone(accepted, rerun.doneBy)) {
        return finish(rerun, { kind: 'alreadyStarted', taskArns: accepted?.taskArns ?? [] });
      }
    }
    if (clock.now() >= deadlineMs) return launchLate(attempt, deadlineMs);
    const isGood = grantedAtMs !== undefined && clock.now() - grantedAtMs < PERMIT_LIFE_MS;
    return isGood ? launch(attempt, deadlineMs) : waitUntil(clock.now(), progress);
  };
}
