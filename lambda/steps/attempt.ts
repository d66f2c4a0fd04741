import { LOG_MESSAGES, METRICS, RERUN_NEXT } from '../core/contract.ts';
import type { RunTaskRequest } from '../core/events/run-task-request.ts';
import { type Occasion, placedOccasion } from '../core/identity.ts';
import { untilSentMs } from '../core/rate/pulse.ts';
import { signalThrottle, throttlePermit } from '../core/rate/rate.ts';
import { initialRate, type RateState, rateStateSchema } from '../core/rate/rate-state.ts';
import { recordedDigest } from '../core/rerun/acceptance.ts';
import type { LaunchRecord } from '../core/rerun/launch-record.ts';
import { endOfWaitForRoom, nextStep } from '../core/rerun/next-step.ts';
import { type Outcome, startedTasks } from '../core/rerun/outcome.ts';
import { remainderRequest } from '../core/rerun/own-token.ts';
import type { Progress, RerunInput } from '../core/rerun/rerun-input.ts';
import { ownCallId } from '../core/verdict/recorded-call.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { ITEMS } from '../state/items.ts';
import { makeLaunchStore } from '../state/launch-store.ts';
import { makeOccasions } from '../state/occasions.ts';
import { makeRestOwners } from '../state/rest-owners.ts';
import { makeSpendCap } from '../state/spend-cap.ts';
import { makeTokenKey } from '../state/token-key.ts';
import { makeVersionedItem, type VersionedItem } from '../state/versioned-item.ts';
import { type Attempt, type AttemptEnd, type LaunchableAttempt, makeLaunchCheck } from './before-launch.ts';
import { makeRoomFinder } from './find-room.ts';
import type { FinishReply, makeFinisher } from './finish.ts';
import { makeSender } from './send-request.ts';

export type AttemptReply =
  | FinishReply
  | {
      readonly next: typeof RERUN_NEXT.backOff | typeof RERUN_NEXT.waitForProof;
      readonly waitUntil: string;
      readonly progress: Progress;
    };

/** What an attempt comes to, and how many of the places in rooms that came with its permit are not taken and not given back yet. */
interface AttemptMade {
  readonly end: AttemptEnd;
  readonly unusedPlaces: number;
}

/** How long it takes between two looks for the records of tasks that stand under the call's token. */
const CONFLICT_POLL_MS = 5 * 60_000;

/** Makes one attempt at a throttled call. */
export function makeAttempter(
  dependencies: HandlerDependencies<'ecs' | 'dynamoDb'>,
  finish: ReturnType<typeof makeFinisher>,
): (attempt: Attempt) => Promise<AttemptReply> {
  const { clock, random, log, metrics } = dependencies;
  const { awsEnvironment, settings } = dependencies.environment;
  const launches = makeLaunchStore(dependencies);
  const cap = makeSpendCap(dependencies);
  const send = makeSender(dependencies);
  const occasions = makeOccasions(dependencies);
  const restOwner = makeRestOwners(dependencies);
  const tokenKey = makeTokenKey(dependencies);
  const checkLaunch = makeLaunchCheck(dependencies, tokenKey);
  const rate: VersionedItem<RateState> = makeVersionedItem(dependencies, ITEMS.rate.id, rateStateSchema);
  const { findNoRoom, findPlaced, leavePlaces } = makeRoomFinder(dependencies);

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

  /**
   * Keeps launch records of our own launches: complete, as CloudTrail hides environment values, and with the lineage. With those of
   * new tasks that ECS accepted the request: a sweep would find that out later.
   */
  async function recordLaunches(
    { callId, call, lineage }: RerunInput,
    request: RunTaskRequest,
    { noRoom }: Progress,
    outcome: Outcome,
    { sent, sentAtMs: atMs }: { readonly sent: RunTaskRequest; readonly sentAtMs: number },
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
    const { taskArns } = outcome;
    const launched = taskArns.map((taskArn) => ({ taskArn, atMs: 0, record }));
    // Older tasks may be of another request under the token: an acceptance of theirs is for sweeps to find.
    if (outcome.kind !== 'started') return launches.put(launched);
    const acceptance = { atMs, taskArns: [...taskArns], digest: recordedDigest(sent) };
    await launches.putOurs(launched, { callId: ownCallId(sent, call.cluster, awsEnvironment), acceptance });
  }

  /** Slows the rate after a throttle of ours. */
  async function slowDown(grantedAtMs: number, isElsewhere: boolean, tasks: number): Promise<void> {
    await rate.update((state = initialRate(settings.rate)) => ({
      state: isElsewhere
        ? signalThrottle(state, grantedAtMs, clock.now())
        : throttlePermit(state, grantedAtMs, clock.now(), tasks),
    }));
  }

  async function launch(given: Attempt, launchable: LaunchableAttempt): Promise<AttemptMade> {
    const { rerun, progress, execution } = given;
    const { request, grantedAtMs, deadlineMs } = launchable;
    /** Asks for another permit later; this one is not used. */
    const waitUnsent = (untilMs: number): AttemptMade => ({
      end: { kind: RERUN_NEXT.backOff, untilMs, progress },
      unusedPlaces: progress.remaining,
    });
    const occasion = progress.round > 0 ? await occasionOf(rerun, progress) : undefined;
    // Executions of older definitions do not say which they are.
    if (occasion && execution && (await restOwner(occasion, execution)) !== execution)
      return {
        end: { kind: 'finish', result: { kind: 'ignored', reason: 'takenUp' } },
        unusedPlaces: progress.remaining,
      };
    const wanted = occasion ? remainderRequest(request, occasion, progress, await tokenKey()) : request;
    const tasks = wanted.count ?? 1;
    const reservation = await cap.reserve(tasks);
    if ('untilMs' in reservation) return waitUnsent(reservation.untilMs);
    await clock.sleep(untilSentMs(grantedAtMs, clock.now()));
    // Counting and waiting may have taken time, so the deadline is checked again.
    if (clock.now() >= deadlineMs) {
      await cap.settle(reservation, 0);
      return waitUnsent(clock.now());
    }
    const isOwnToken = rerun.ownToken !== undefined || progress.round > 0;
    const sentAtMs = clock.now();
    const outcome = await send(wanted, rerun, isOwnToken);
    if (outcome.kind === 'unknown') {
      await cap.settle(reservation, 0);
      return waitUnsent(clock.now() + CONFLICT_POLL_MS);
    }
    await recordLaunches(rerun, request, progress, outcome, { sent: wanted, sentAtMs });
    await cap.settle(reservation, startedTasks(outcome));
    log.info(LOG_MESSAGES.attempt, { kind: outcome.kind, callId: rerun.callId, attempt: progress.attempts + 1 });
    metrics.add(METRICS.attempt, 1, { kind: outcome.kind });
    if (outcome.kind === 'throttled') await slowDown(grantedAtMs, outcome.elsewhere ?? false, tasks);
    if (outcome.kind === 'started') await findPlaced(given, sentAtMs);
    const isWithoutRoom = outcome.kind === 'noRoom' || outcome.kind === 'partlyStarted';
    const noRoom = isWithoutRoom ? await findNoRoom({ ...given, request, grantedAtMs }, outcome, sentAtMs) : undefined;
    const isUsed = outcome.kind === 'started' || noRoom !== undefined;
    const unusedPlaces = isUsed ? 0 : progress.remaining - (startedTasks(outcome) ?? 0);
    const limits = { maxAttempts: settings.maxAttempts, deadlineMs };
    const step = nextStep(outcome, progress, limits, clock.now(), random, noRoom?.found);
    if (step.kind === 'finish') return { end: step, unusedPlaces };
    const end: AttemptEnd = noRoom?.isMisfit
      ? { kind: 'finish', result: endOfWaitForRoom(step.progress, settings, true) }
      : { kind: step.kind, untilMs: clock.now() + step.seconds * 1000, progress: step.progress };
    return { end, unusedPlaces };
  }

  return async function makeAttempt(given) {
    const check = await checkLaunch(given);
    const { end, unusedPlaces } =
      check.kind === 'launch' ? await launch(given, check) : { end: check, unusedPlaces: given.progress.remaining };
    await leavePlaces(given, unusedPlaces);
    if (end.kind === 'finish') return finish(given.rerun, end.result, given.execution);
    return { next: end.kind, waitUntil: new Date(end.untilMs).toISOString(), progress: end.progress };
  };
}
