import { RunTaskCommand, type RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { LOG_MESSAGES, METRICS } from './core/contract.ts';
import { lateToken, synchronousCallId } from './core/identity.ts';
import { type Coverage, coverageSchema, isSameCall, lateStep } from './core/late.ts';
import type { LaunchRecord } from './core/launch.ts';
import { launchObjection } from './core/objection.ts';
import { answerOutcome, errorOutcome, type Outcome, startedTasks } from './core/outcome.ts';
import { initialPace, type PaceState, paceStateSchema, throttleTurn } from './core/pace.ts';
import { attemptRequest, type Progress, type RerunInput, timesOf } from './core/rerun.ts';
import { nextStep } from './core/retry.ts';
import type { RunTaskRequest } from './core/run-task-request.ts';
import type { FinishReply, makeFinisher } from './finish.ts';
import { makeLaunchStore } from './launch-store.ts';
import { makePauseSwitch } from './pause.ts';
import type { Wiring } from './ports.ts';
import { apiError } from './retrying.ts';
import { makeSharedState, type SharedState } from './shared-state.ts';
import { makeSpendCap } from './spend-cap.ts';

export type AttemptReply =
  | FinishReply
  /** `backOff`: ask for a turn then; `look`: there is something to find out first, for which it takes no turn. */
  | { readonly next: 'backOff' | 'look'; readonly waitUntil: string; readonly progress: Progress };

export interface Attempt {
  readonly rerun: RerunInput;
  readonly request: RunTaskRequest;
  readonly progress: Progress;
  /** When the turnstile gave a turn for it; without one nothing is launched. */
  readonly grantedAtMs: number | undefined;
  /** When the execution began, or was last redriven. */
  readonly startedAtMs: number;
}

/** How long a late re-run waits for a sweep to prove that its call was not accepted. */
const PROOF_POLL_MS = 5 * 60_000;

/** How long one that has its turn waits for the end of a pause before it asks for another. */
const PAUSE_POLL_MS = 60_000;

/** Makes one attempt at a throttled call. */
export function makeAttempter(
  wiring: Wiring<'ecs' | 'dynamoDb'>,
  finish: ReturnType<typeof makeFinisher>,
): (attempt: Attempt) => Promise<AttemptReply> {
  const { clock, random, log, metrics, clients } = wiring;
  const { home, settings } = wiring.environment;
  const launches = makeLaunchStore(wiring);
  const isPaused = makePauseSwitch(wiring);
  const cap = makeSpendCap(wiring);
  const pace: SharedState<PaceState> = makeSharedState(wiring, 'pace', paceStateSchema);
  const coverage: SharedState<Coverage> = makeSharedState(wiring, 'coverage', coverageSchema);

  const waitUntil = (untilMs: number, progress: Progress) => ({
    next: 'backOff' as const,
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

  /** Every throttle of ours is news to the pace. */
  async function slowDown(grantedAtMs: number): Promise<void> {
    await pace.update((state) => ({
      state: throttleTurn(state ?? initialPace(settings.pace), grantedAtMs, clock.now()),
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
    await cap.settle(reservation, startedTasks(outcome));
    log.info(LOG_MESSAGES.attempt, { kind: outcome.kind, callId: rerun.callId, attempt: progress.attempts + 1 });
    metrics.add(METRICS.attempt, 1, { kind: outcome.kind });
    if (outcome.kind === 'throttled') await slowDown(grantedAtMs);
    const step = nextStep(outcome, progress, { maxAttempts: settings.maxAttempts, deadlineMs }, clock.now(), random);
    if (step.kind === 'finish') return finish(rerun, step.result);
    return waitUntil(clock.now() + step.seconds * 1000, step.progress);
  }

  /** What ECS accepted of a call: under its own token, or under that of a late re-run whose answer was lost. */
  async function acceptance({ callId, call }: RerunInput, request: RunTaskRequest, callAtMs: number) {
    const under = (clientToken: string) =>
      launches.getAccepted(synchronousCallId({ ...home, cluster: call.cluster, clientToken }));
    const late = await under(lateToken(callId));
    const own = await under(request.clientToken ?? '');
    return late ?? (own && isSameCall(callAtMs, own.atMs) ? own : undefined);
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
    if (rerun.failedTask || progress.round > 0) return giveUp();
    const callAtMs = Date.parse(rerun.call.eventTime);
    // In this order: sweeps note what was accepted before they say how far they have read.
    const covered = await coverage.read();
    const accepted = await acceptance(rerun, request, callAtMs);
    const step = lateStep({
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
        return { ...waitUntil(clock.now() + PROOF_POLL_MS, progress), next: 'look' };
      case 'refuse':
        return giveUp();
      case 'launch': {
        if (grantedAtMs === undefined) return waitUntil(clock.now(), progress);
        const renamed = { ...request, clientToken: lateToken(rerun.callId) };
        return launch({ ...attempt, request: renamed }, Number.POSITIVE_INFINITY);
      }
      default:
        return step satisfies never;
    }
  }

  return async function makeAttempt(attempt) {
    const { rerun, request, progress, grantedAtMs } = attempt;
    const objection = launchObjection(rerun, request, progress, { home, settings });
    if (objection) return finish(rerun, { kind: 'refused', reason: objection, taskArns: progress.taskArns });
    const { deadlineMs } = timesOf(Date.parse(rerun.call.eventTime), settings);
    // Who has its turn already is held as well: a pause is for what must not happen now.
    if (await isPaused()) return waitUntil(clock.now() + PAUSE_POLL_MS, progress);
    if (clock.now() >= deadlineMs) return launchLate(attempt, deadlineMs);
    return grantedAtMs === undefined ? waitUntil(clock.now(), progress) : launch(attempt, deadlineMs);
  };
}
