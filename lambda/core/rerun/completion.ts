import type { AwsEnvironment } from '../arn.ts';
import type { IgnoreReason } from '../contract.ts';
import { spreadOf } from '../identity.ts';
import { roomOf, roomsOf } from '../rate/rooms-of.ts';
import type { Settings } from '../settings.ts';
import type { FailedTask } from './launch-record.ts';
import { completeRequest, foreignLaunch, generationPauseSeconds, type LaunchRecord } from './launch-record.ts';
import { recordPolls } from './lookup.ts';
import type { Result } from './next-step.ts';
import { isTooLarge } from './payload-size.ts';
import type { RerunInput } from './rerun-input.ts';

/** The next step of completing the request of a task that failed to start. */
export type CompletionStep =
  | { readonly kind: 'ready'; readonly rerun: RerunInput }
  /** The launch record is late, or the pause before the next generation is not over. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  /** The launch record is not there: the event history may have it. A look that began earlier does not count. */
  | { readonly kind: 'lookUp'; readonly freshSinceMs: number }
  | { readonly kind: 'ignore'; readonly reason: IgnoreReason }
  | { readonly kind: 'fail'; readonly result: Result };

export interface CompletionInput {
  readonly rerun: RerunInput;
  readonly failedTask: FailedTask;
  /** Undefined if none was found (yet). */
  readonly record: LaunchRecord | undefined;
  readonly hasLookedUp: boolean;
  readonly settings: Pick<Settings, 'callers' | 'maxGenerations'>;
  readonly awsEnvironment: AwsEnvironment;
  readonly nowMs: number;
}

/** Decides how a request is completed. The handler reads the store and the history. */
export function completionStep(input: CompletionInput): CompletionStep {
  const { rerun, failedTask, record, hasLookedUp, settings, awsEnvironment, nowMs } = input;
  const stoppedAtMs = Date.parse(rerun.call.eventTime);
  if (!record) {
    const { freshSinceMs, nextMs } = recordPolls(Date.parse(failedTask.createdAt), spreadOf(rerun.callId), nowMs);
    if (!hasLookedUp && freshSinceMs !== undefined) return { kind: 'lookUp', freshSinceMs };
    return nextMs === undefined
      ? { kind: 'fail', result: { kind: 'refused', reason: 'launchUnknown', taskArns: [] } }
      : { kind: 'wait', untilMs: nextMs };
  }
  const foreign = foreignLaunch(record, settings);
  if (foreign) return { kind: 'ignore', reason: foreign };
  const { progress } = rerun;
  // That there was no room is no fault of the task's: it uses up no generation, and its room says when it may start.
  const generation = progress?.noRoom ? record.generation : record.generation + 1;
  if (generation > settings.maxGenerations) {
    return { kind: 'fail', result: { kind: 'gaveUp', reason: 'maxGenerations', taskArns: [] } };
  }
  const dueMs = stoppedAtMs + generationPauseSeconds(generation, spreadOf(rerun.callId)) * 1000;
  if (!progress?.noRoom && nowMs < dueMs) return { kind: 'wait', untilMs: dueMs };
  const completed = completeRequest(record, failedTask);
  if ('reason' in completed)
    return { kind: 'fail', result: { kind: 'refused', reason: completed.reason, taskArns: [] } };
  const { rootCallId, caller, waitsForRoomUntil } = record;
  const { request } = completed;
  const noRoom = progress?.noRoom && {
    short: progress.noRoom.short,
    // Of all tasks of the lineage the first that found no room counts.
    until: waitsForRoomUntil ?? progress.noRoom.until,
    room: roomOf(progress.noRoom.short, request, awsEnvironment),
  };
  const whole = {
    ...rerun,
    ...(progress && noRoom && { deadline: noRoom.until, progress: { ...progress, noRoom } }),
    call: { ...rerun.call, caller },
    request,
    rooms: roomsOf(request, awsEnvironment),
    ownToken: 'generation' as const,
    lineage: { rootCallId, generation },
  };
  return isTooLarge(whole)
    ? { kind: 'fail', result: { kind: 'refused', reason: 'tooLarge', taskArns: [] } }
    : { kind: 'ready', rerun: whole };
}
