import { LOG_MESSAGES, METRICS, RERUN_NEXT } from '../core/contract.ts';
import type { RunTaskRequest } from '../core/events/run-task-request.ts';
import { type Occasion, placedOccasion, synchronousCallId } from '../core/identity.ts';
import { signalThrottle, throttlePermit } from '../core/rate/rate.ts';
import { initialRate, type RateState, rateStateSchema } from '../core/rate/rate-state.ts';
import { roomOf } from '../core/rate/rooms-of.ts';
import { readAcceptances, TOKEN_SURE_MS } from '../core/rerun/acceptance.ts';
import { afterDeadlineStep } from '../core/rerun/after-deadline.ts';
import { launchGuard } from '../core/rerun/launch-guard.ts';
import type { LaunchRecord } from '../core/rerun/launch-record.ts';
import { nextStep } from '../core/rerun/next-step.ts';
import { type Outcome, startedTasks } from '../core/rerun/outcome.ts';
import { remainderRequest, tokenedRequest } from '../core/rerun/own-token.ts';
import { deadlineOf, type Progress, type RerunInput, waitsForRoomUntilMs } from '../core/rerun/rerun-input.ts';
import { type Coverage, coverageSchema } from '../core/sweep/coverage.ts';
import { OWN_PRINCIPAL } from '../core/verdict/recorded-call.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { ITEMS } from '../state/items.ts';
import { makeLaunchStore } from '../state/launch-store.ts';
import { makeOccasions } from '../state/occasions.ts';
import { makePauseSwitch } from '../state/pause-switch.ts';
import { makeSpendCap } from '../state/spend-cap.ts';
import { makeTokenKey } from '../state/token-key.ts';
import { makeVersionedItem, type VersionedItem } from '../state/versioned-item.ts';
import { makeRoomFinder, type PermittedRequest } from './find-room.ts';
import type { FinishReply, makeFinisher } from './finish.ts';
import { makeSender } from './send-request.ts';

export type AttemptReply =
  | FinishReply
  /** `backOff`: wait, then ask for a permit. `waitForProof`: wait, then look for the proof again, without a permit. */
  | {
      readonly next: typeof RERUN_NEXT.backOff | typeof RERUN_NEXT.waitForProof;
      readonly waitUntil: string;
      readonly progress: Progress;
    };

export interface Attempt extends PermittedRequest {
  /** When the execution began, or was last redriven. */
  readonly startedAtMs: number;
  /** ARN of the execution. */
  readonly execution: string | undefined;
}

/** How long a late re-run waits before it looks for its proof again. */
const PROOF_POLL_MS = 5 * 60_000;

/** How long it takes between two looks for the records of tasks that stand under the call's token. */
const CONFLICT_POLL_MS = 5 * 60_000;

/**
 * How long a permit is good for. Usually a function runs within seconds. Where the account has no concurrency left, a permit may
 * be of a time when nobody knew who would call now, and all that waited with it would call at once.
 */
const PERMIT_LIFE_MS = 20_000;

/** How long a re-run with a permit waits during a pause, before it asks for a new permit. */
const PAUSE_POLL_MS = 60_000;

/** Makes one attempt at a throttled call. */
export function makeAttempter(
  dependencies: HandlerDependencies<'ecs' | 'dynamoDb'>,
  finish: ReturnType<typeof makeFinisher>,
): (attempt: Attempt) => Promise<AttemptReply> {
  const { clock, random, log, metrics } = dependencies;
  const { awsEnvironment, settings } = dependencies.environment;
  const launches = makeLaunchStore(dependencies);
  const isPaused = makePauseSwitch(dependencies);
  const cap = makeSpendCap(dependencies);
  const send = makeSender(dependencies);
  const occasions = makeOccasions(dependencies);
  const tokenKey = makeTokenKey(dependencies);
  const rate: VersionedItem<RateState> = makeVersionedItem(dependencies, ITEMS.rate.id, rateStateSchema);
  const { findNoRoom, findPlaced, leavePlaces } = makeRoomFinder(dependencies);
  const coverage: VersionedItem<Coverage> = makeVersionedItem(dependencies, ITEMS.coverage.id, coverageSchema);

  const waitUntil = (untilMs: number, progress: Progress) => ({
    next: RERUN_NEXT.backOff,
    waitUntil: new Date(untilMs).toISOString(),
    progress,
  });

  /** What tells the tokens of this call from those of another one under the same id. */
  async function occasionOf(
    { callId, call, failedTask, ownToken }: RerunInput,
    { taskArns }: Progress,
  ): Promise<Occasion> {
    if (taskArns.length > 0) return { callId, occasion: placedOccasion(taskArns) };
    const isUnique = failedTask !== undefined || ownToken !== undefined;
    const occasion = isUnique ? '' : String(await occasions(callId, Date.parse(call.eventTime)));
    return { callId, occasion };
  }

  /** Keeps launch records of our own launches: complete, as CloudTrail hides environment values, and with the lineage. */
  async function recordLaunches(
    { callId, call, lineage }: RerunInput,
    request: RunTaskRequest,
    { noRoom }: Progress,
    outcome: Outcome,
  ) {
    if (!('taskArns' in outcome)) return;
    const record: LaunchRecord = {
      caller: call.caller ?? '',
      rootCallId: lineage?.rootCallId ?? callId,
      generation: lineage?.generation ?? 0,
      isOurs: true,
      ...(noRoom && { waitsForRoomUntil: noRoom.until }),
      request,
    };
    await launches.put(outcome.taskArns.map((taskArn) => ({ taskArn, atMs: 0, record })));
  }

  /** Slows the rate after a throttle of ours. */
  async function slowDown(grantedAtMs: number, isElsewhere: boolean): Promise<void> {
    await rate.update((state = initialRate(settings.rate)) => ({
      state: isElsewhere
        ? signalThrottle(state, grantedAtMs, clock.now())
        : throttlePermit(state, grantedAtMs, clock.now()),
    }));
  }

  /** Asks for another permit later; this one is not used. */
  async function waitUnsent(attempt: Attempt, untilMs: number) {
    await leavePlaces(attempt);
    return waitUntil(untilMs, attempt.progress);
  }

  async function launch(attempt: Attempt, deadlineMs: number): Promise<AttemptReply> {
    const { rerun, request, progress, grantedAtMs = clock.now() } = attempt;
    const wanted =
      progress.round > 0
        ? remainderRequest(request, await occasionOf(rerun, progress), progress, await tokenKey())
        : request;
    const reservation = await cap.reserve(wanted.count ?? 1);
    if ('untilMs' in reservation) return waitUnsent(attempt, reservation.untilMs);
    // Counting may have taken time, so the deadline is checked again.
    if (clock.now() >= deadlineMs) {
      await cap.settle(reservation, 0);
      return waitUnsent(attempt, clock.now());
    }
    const isOwnToken = rerun.ownToken !== undefined || progress.round > 0;
    const sentAtMs = clock.now();
    const outcome = await send(wanted, rerun, isOwnToken);
    if (outcome.kind === 'unknown') {
      await cap.settle(reservation, 0);
      return waitUnsent(attempt, clock.now() + CONFLICT_POLL_MS);
    }
    await recordLaunches(rerun, request, progress, outcome);
    await cap.settle(reservation, startedTasks(outcome));
    log.info(LOG_MESSAGES.attempt, { kind: outcome.kind, callId: rerun.callId, attempt: progress.attempts + 1 });
    metrics.add(METRICS.attempt, 1, { kind: outcome.kind });
    if (outcome.kind === 'throttled') await slowDown(grantedAtMs, outcome.elsewhere ?? false);
    if (outcome.kind === 'started' && attempt.isRoomShort)
      await findPlaced(roomOf('instances', request, awsEnvironment), sentAtMs);
    const isWithoutRoom = outcome.kind === 'noRoom' || outcome.kind === 'partlyStarted';
    const noRoom = isWithoutRoom ? await findNoRoom(attempt, outcome) : undefined;
    if (outcome.kind !== 'started' && !noRoom) await leavePlaces(attempt, startedTasks(outcome));
    const limits = { maxAttempts: settings.maxAttempts, deadlineMs };
    const step = nextStep(outcome, progress, limits, clock.now(), random, noRoom?.found);
    if (noRoom?.isMisfit && step.kind === 'backOff')
      return giveUpWaiting({ ...attempt, progress: step.progress }, true);
    if (step.kind === 'finish') return finish(rerun, step.result, attempt.execution);
    return waitUntil(clock.now() + step.seconds * 1000, step.progress);
  }

  /** What ECS accepted under the token of a call: from the caller, or from us. */
  async function acceptances({ callId, call }: RerunInput, request: RunTaskRequest) {
    const { clientToken = '' } = request;
    const ours = { ...awsEnvironment, principal: OWN_PRINCIPAL, cluster: call.cluster, clientToken };
    return Promise.all([callId, synchronousCallId(ours)].map((id) => launches.getAccepted(id)));
  }

  /**
   * After the deadline the caller's token alone proves nothing any more: ECS may have forgotten it. With the event history it
   * does: what the history cannot show yet is so young that ECS still knows the token.
   */
  async function launchLate(attempt: Attempt, deadlineMs: number): Promise<AttemptReply> {
    const { rerun, request, progress, grantedAtMs, startedAtMs, execution } = attempt;
    const giveUp = (taskArns: readonly string[] = progress.taskArns) =>
      finish(
        rerun,
        startedAtMs >= deadlineMs
          ? { kind: 'refused', reason: 'tooLate', taskArns }
          : { kind: 'gaveUp', reason: 'deadline', taskArns },
        execution,
      );
    // The proof covers the token of the whole call only, not those that we derived.
    if (!rerun.doneBy || progress.round > 0) return giveUp();
    // In this order: sweeps write acceptances first and the coverage after them.
    const covered = await coverage.read();
    const acceptance = readAcceptances(await acceptances(rerun, request), rerun.doneBy);
    switch (acceptance.kind) {
      case 'done':
        return finish(rerun, { kind: 'alreadyStarted', taskArns: acceptance.taskArns }, execution);
      case 'inPart':
        // The remainder has no safe token.
        return giveUp(acceptance.taskArns);
      case 'another':
        return finish(rerun, { kind: 'refused', reason: 'conflict', taskArns: progress.taskArns }, execution);
      case 'none':
        break;
      default:
        return acceptance satisfies never;
    }
    const step = afterDeadlineStep({
      callAtMs: Date.parse(rerun.call.eventTime),
      deadlineMs,
      nowMs: clock.now(),
      coverage: covered,
      sweepEveryMinutes: settings.sweep.everyMinutes,
    });
    switch (step) {
      case 'wait':
        return { ...waitUntil(clock.now() + PROOF_POLL_MS, progress), next: RERUN_NEXT.waitForProof };
      case 'refuse':
        return giveUp();
      case 'launch':
        return isGood(grantedAtMs) ? launch(attempt, Number.POSITIVE_INFINITY) : waitUnsent(attempt, clock.now());
      default:
        return step satisfies never;
    }
  }

  function giveUpWaiting({ rerun, progress: { taskArns, noRoom } }: Attempt, isMisfit = false) {
    const { room } = noRoom ?? {};
    return finish(
      rerun,
      settings.capacity.rerun
        ? {
            kind: 'gaveUp',
            reason: 'noRoom',
            taskArns,
            ...(room && { room }),
            ...(isMisfit && { isMisfit: true as const }),
          }
        : { kind: 'gaveUp', reason: 'deadline', taskArns },
    );
  }

  const isGood = (grantedAtMs: number | undefined) =>
    grantedAtMs !== undefined && clock.now() - grantedAtMs < PERMIT_LIFE_MS;

  return async function makeAttempt(given) {
    const { rerun, progress, grantedAtMs, execution } = given;
    const reason = launchGuard(rerun, given.request, progress, { awsEnvironment, settings });
    if (reason) return finish(rerun, { kind: 'refused', reason: reason, taskArns: progress.taskArns }, execution);
    const deadlineMs = deadlineOf(rerun, progress, settings);
    const waitsUntilMs = waitsForRoomUntilMs(rerun, progress) ?? Number.POSITIVE_INFINITY;
    if (clock.now() >= waitsUntilMs) return giveUpWaiting(given);
    // A pause also holds re-runs that already have their permit.
    if (await isPaused()) return waitUnsent(given, clock.now() + PAUSE_POLL_MS);
    if (rerun.doneBy && progress.round === 0) {
      const acceptance = readAcceptances([await launches.getAccepted(rerun.callId)], rerun.doneBy);
      if (acceptance.kind === 'done') {
        await leavePlaces(given);
        return finish(rerun, { kind: 'alreadyStarted', taskArns: acceptance.taskArns }, execution);
      }
      // ECS compares requests better than we can, as long as it knows the token.
      if (acceptance.kind === 'another' && clock.now() > acceptance.atMs + TOKEN_SURE_MS)
        return finish(rerun, { kind: 'refused', reason: 'conflict', taskArns: progress.taskArns }, execution);
    }
    const request = rerun.ownToken ? tokenedRequest(given.request, rerun, await tokenKey()) : given.request;
    const attempt = { ...given, request };
    if (clock.now() >= deadlineMs) return launchLate(attempt, deadlineMs);
    return isGood(grantedAtMs) ? launch(attempt, deadlineMs) : waitUnsent(attempt, clock.now());
  };
}
