import { RERUN_NEXT } from '../core/contract.ts';
import type { RunTaskRequest } from '../core/events/run-task-request.ts';
import type { TokenKey } from '../core/identity.ts';
import { roomsSchema } from '../core/rate/room-state.ts';
import { shortageOf } from '../core/rate/rooms-of.ts';
import { readAcceptances, TOKEN_SURE_MS } from '../core/rerun/acceptance.ts';
import { afterDeadlineStep } from '../core/rerun/after-deadline.ts';
import { launchGuard } from '../core/rerun/launch-guard.ts';
import { endOfWaitForRoom, type Result } from '../core/rerun/next-step.ts';
import { tokenedRequest } from '../core/rerun/own-token.ts';
import { deadlineOf, type Progress, type RerunInput, waitsForRoomUntilMs } from '../core/rerun/rerun-input.ts';
import { type Coverage, coverageSchema } from '../core/sweep/coverage.ts';
import { ownCallId } from '../core/verdict/recorded-call.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { makeItemReader } from '../state/item-reader.ts';
import { ITEMS } from '../state/items.ts';
import { makeLaunchStore } from '../state/launch-store.ts';
import { makePauseSwitch } from '../state/pause-switch.ts';
import { makeVersionedItem, type VersionedItem } from '../state/versioned-item.ts';
import type { PermittedRequest } from './find-room.ts';

export interface Attempt extends PermittedRequest {
  /** When the execution began, or was last redriven. */
  readonly startedAtMs: number;
  /** ARN of the execution. */
  readonly execution: string | undefined;
}

/** What an attempt comes to: the re-run ends, or it waits. */
export type AttemptEnd =
  | { readonly kind: 'finish'; readonly result: Result }
  /** `backOff`: wait, then ask for a permit. `waitForProof`: wait, then look for the proof again, without a permit. */
  | {
      readonly kind: typeof RERUN_NEXT.backOff | typeof RERUN_NEXT.waitForProof;
      readonly untilMs: number;
      readonly progress: Progress;
    };

/** An attempt that may be made, with the request to send. After `deadlineMs` it may not be sent any more. */
export interface LaunchableAttempt {
  readonly kind: 'launch';
  readonly request: RunTaskRequest;
  readonly grantedAtMs: number;
  readonly deadlineMs: number;
}

/** How long a late re-run waits before it looks for its proof again. */
const PROOF_POLL_MS = 5 * 60_000;

/**
 * How long a permit is good for. Usually a function runs within seconds. Where the account has no concurrency left, a permit may
 * be of a time when nobody knew who would call now, and all that waited with it would call at once.
 */
const PERMIT_LIFE_MS = 20_000;

/** How long a re-run with a permit waits during a pause, before it asks for a new permit. */
const PAUSE_POLL_MS = 60_000;

/** Looks whether an attempt may still be made. */
export function makeLaunchCheck(
  dependencies: HandlerDependencies<'dynamoDb'>,
  tokenKey: () => Promise<TokenKey>,
): (attempt: Attempt) => Promise<AttemptEnd | LaunchableAttempt> {
  const { clock } = dependencies;
  const { awsEnvironment, settings } = dependencies.environment;
  const readItem = makeItemReader(dependencies);
  const launches = makeLaunchStore(dependencies, readItem);
  const isPaused = makePauseSwitch(readItem);
  const rooms = makeVersionedItem(dependencies, ITEMS.rooms.id, roomsSchema);
  const coverage: VersionedItem<Coverage> = makeVersionedItem(dependencies, ITEMS.coverage.id, coverageSchema);

  const end = (result: Result): AttemptEnd => ({ kind: 'finish', result });

  async function launchWithPermit(
    attempt: Attempt,
    request: RunTaskRequest,
    deadlineMs: number,
  ): Promise<AttemptEnd | LaunchableAttempt> {
    const { progress, grantedAtMs } = attempt;
    const nowMs = clock.now();
    const backOff = RERUN_NEXT.backOff;
    if (grantedAtMs === undefined)
      return { kind: backOff, untilMs: nowMs, progress: await waitForRoom(attempt, request) };
    // The rate limiter's clock may be another one. No permit is older than the asking for it, by this clock.
    const askedAtMs = progress.askedAt ? Date.parse(progress.askedAt) : 0;
    if (nowMs - Math.max(grantedAtMs, askedAtMs) < PERMIT_LIFE_MS)
      return { kind: 'launch', request, grantedAtMs, deadlineMs };
    // At once, also where this clock is ahead of the one that waits.
    const askedAt = new Date(nowMs).toISOString();
    return { kind: backOff, untilMs: grantedAtMs, progress: { ...progress, askedAt } };
  }

  /** Notes that a call which got no permit waits for room, although it has never been answered so: for that there is a time. */
  async function waitForRoom({ rerun, progress }: Attempt, request: RunTaskRequest): Promise<Progress> {
    if (progress.noRoom || !settings.capacity.rerun) return progress;
    const full = (await rooms.read())?.rooms ?? {};
    const room = rerun.rooms?.find((name) => full[name]);
    if (room === undefined) return progress;
    const until = new Date(clock.now() + settings.capacity.deadlineSeconds * 1000).toISOString();
    return { ...progress, noRoom: { until, short: shortageOf(room, request, awsEnvironment), room } };
  }

  /** What ECS accepted under the token of a call: from the caller, or from us. */
  async function acceptances({ callId, call }: RerunInput, request: RunTaskRequest) {
    const ours = ownCallId(request, call.cluster, awsEnvironment);
    return Promise.all([callId, ours].map((id) => launches.getAccepted(id)));
  }

  /**
   * After the deadline the caller's token alone proves nothing any more: ECS may have forgotten it. With the event history it
   * does: what the history cannot show yet is so young that ECS still knows the token.
   */
  async function checkLate(attempt: Attempt, request: RunTaskRequest, deadlineMs: number) {
    const { rerun, progress, startedAtMs } = attempt;
    const giveUp = (taskArns: readonly string[] = progress.taskArns) =>
      end(
        startedAtMs >= deadlineMs
          ? { kind: 'refused', reason: 'tooLate', taskArns }
          : { kind: 'gaveUp', reason: 'deadline', taskArns },
      );
    // The proof covers the token of the whole call only, not those that we derived.
    if (!rerun.doneBy || progress.round > 0) return giveUp();
    // In this order: sweeps write acceptances first and the coverage after them.
    const covered = await coverage.read();
    const acceptance = readAcceptances(await acceptances(rerun, request), rerun.doneBy);
    switch (acceptance.kind) {
      case 'done':
        return end({ kind: 'alreadyStarted', taskArns: acceptance.taskArns });
      case 'inPart':
        // The remainder has no safe token.
        return giveUp(acceptance.taskArns);
      case 'another':
        return end({ kind: 'refused', reason: 'conflict', taskArns: progress.taskArns });
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
        return { kind: RERUN_NEXT.waitForProof, untilMs: clock.now() + PROOF_POLL_MS, progress };
      case 'refuse':
        return giveUp();
      case 'launch':
        return launchWithPermit(attempt, request, Number.POSITIVE_INFINITY);
      default:
        return step satisfies never;
    }
  }

  return async function checkLaunch(attempt) {
    const { rerun, progress, request } = attempt;
    const reason = launchGuard(rerun, request, progress, { awsEnvironment, settings });
    if (reason) return end({ kind: 'refused', reason, taskArns: progress.taskArns });
    const deadlineMs = deadlineOf(rerun, progress, settings);
    const waitsUntilMs = waitsForRoomUntilMs(rerun, progress) ?? Number.POSITIVE_INFINITY;
    if (clock.now() >= waitsUntilMs) return end(endOfWaitForRoom(progress, settings));
    const doneBy = progress.round === 0 ? rerun.doneBy : undefined;
    const [paused, accepted] = await Promise.all([isPaused(), doneBy && launches.getAccepted(rerun.callId)]);
    // A pause also holds re-runs that already have their permit.
    if (paused) return { kind: RERUN_NEXT.backOff, untilMs: clock.now() + PAUSE_POLL_MS, progress };
    if (doneBy) {
      const acceptance = readAcceptances([accepted], doneBy);
      if (acceptance.kind === 'done') return end({ kind: 'alreadyStarted', taskArns: acceptance.taskArns });
      // ECS compares requests better than we can, as long as it knows the token.
      if (acceptance.kind === 'another' && clock.now() > acceptance.atMs + TOKEN_SURE_MS)
        return end({ kind: 'refused', reason: 'conflict', taskArns: progress.taskArns });
    }
    const tokened = rerun.ownToken ? tokenedRequest(request, rerun, await tokenKey()) : request;
    return clock.now() >= deadlineMs
      ? checkLate(attempt, tokened, deadlineMs)
      : launchWithPermit(attempt, tokened, deadlineMs);
  };
}
