import type { IgnoreReason } from '../contract.ts';
import { generationToken, spreadOf } from '../identity.ts';
import { callerEntry } from '../opt-in/opt-in.ts';
import type { Settings } from '../settings.ts';
import type { FailedTask } from './launch-record.ts';
import { completeRequest, generationPauseSeconds, type LaunchRecord } from './launch-record.ts';
import type { Result } from './next-step.ts';
import { isTooLarge } from './payload-size.ts';
import type { RerunInput } from './rerun-input.ts';

/** The next step of completing the request of a task that failed to start. */
export type CompletionStep =
  | { readonly kind: 'ready'; readonly rerun: RerunInput }
  /** The launch record is late, or the pause before the next generation is not over. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  /** The launch record did not come. The event history is the last place to search. */
  | { readonly kind: 'lookUp' }
  | { readonly kind: 'ignore'; readonly reason: IgnoreReason }
  | { readonly kind: 'fail'; readonly result: Result };

/** CloudTrail is minutes late at worst. A record that is later than this does not come by itself. */
const RECORD_PATIENCE_MS = 20 * 60_000;
/** The least time between two reads of the store. Each wait doubles the time since the task's stop. */
const RECORD_POLL_MS = 60_000;

export interface CompletionInput {
  readonly rerun: RerunInput;
  readonly failedTask: FailedTask;
  /** Undefined if none was found (yet). */
  readonly record: LaunchRecord | undefined;
  readonly hasLookedUp: boolean;
  readonly settings: Pick<Settings, 'callers' | 'maxGenerations'>;
  readonly nowMs: number;
}

/** Decides how a request is completed. The handler reads the store and the history. */
export function completionStep(input: CompletionInput): CompletionStep {
  const { rerun, failedTask, record, hasLookedUp, settings, nowMs } = input;
  const stoppedAtMs = Date.parse(rerun.call.eventTime);
  if (!record) {
    if (nowMs < stoppedAtMs + RECORD_PATIENCE_MS)
      return {
        kind: 'wait',
        untilMs: Math.min(nowMs + Math.max(RECORD_POLL_MS, nowMs - stoppedAtMs), stoppedAtMs + RECORD_PATIENCE_MS),
      };
    return hasLookedUp
      ? { kind: 'fail', result: { kind: 'refused', reason: 'launchUnknown', taskArns: [] } }
      : { kind: 'lookUp' };
  }
  if (record.isWatched) return { kind: 'ignore', reason: 'launcherRetries' };
  if (!callerEntry(record.caller, settings.callers)) return { kind: 'ignore', reason: 'callerNotListed' };
  const generation = record.generation + 1;
  if (generation > settings.maxGenerations) {
    return { kind: 'fail', result: { kind: 'gaveUp', reason: 'maxGenerations', taskArns: [] } };
  }
  const dueMs = stoppedAtMs + generationPauseSeconds(generation, spreadOf(rerun.callId)) * 1000;
  if (nowMs < dueMs) return { kind: 'wait', untilMs: dueMs };
  const completed = completeRequest(record, failedTask.environments, generationToken(rerun.callId));
  if ('reason' in completed)
    return { kind: 'fail', result: { kind: 'refused', reason: completed.reason, taskArns: [] } };
  const { rootCallId, caller } = record;
  const whole = {
    ...rerun,
    call: { ...rerun.call, caller },
    request: completed.request,
    lineage: { rootCallId, generation },
  };
  return isTooLarge(whole)
    ? { kind: 'fail', result: { kind: 'refused', reason: 'tooLarge', taskArns: [] } }
    : { kind: 'ready', rerun: whole };
}
