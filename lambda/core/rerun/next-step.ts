import type { GiveUpReason, IgnoreReason, RefuseReason } from '../contract.ts';
import type { Settings } from '../settings.ts';
import { type Backoff, backoffSeconds, OUTAGE_BACKOFF, THROTTLE_BACKOFF } from './backoff.ts';
import type { Outcome } from './outcome.ts';
import type { NoRoom, Progress } from './rerun-input.ts';

/** How a re-run ended. */
export type Result =
  | { readonly kind: 'started' | 'alreadyStarted'; readonly taskArns: readonly string[] }
  /** The launch record shows that the call must not be re-run. */
  | { readonly kind: 'ignored'; readonly reason: IgnoreReason }
  | {
      readonly kind: 'gaveUp';
      readonly reason: GiveUpReason;
      readonly taskArns: readonly string[];
      /** What it waited for. */
      readonly room?: string;
      /** Whether tasks of other families started there meanwhile: it is larger than any instance. */
      readonly isMisfit?: true;
    }
  | {
      readonly kind: 'refused';
      readonly reason: RefuseReason;
      /** The error name of ECS's rejection. */
      readonly code?: string;
      /** Tasks of the call that did start. Repeating the whole call by hand would start them twice. */
      readonly taskArns: readonly string[];
    };

/** What a re-run does after an attempt. */
export type NextStep =
  | { readonly kind: 'finish'; readonly result: Result }
  | { readonly kind: 'backOff'; readonly seconds: number; readonly progress: Progress };

export interface RetryLimits {
  readonly maxAttempts: number;
  readonly deadlineMs: number;
}

/** What an attempt that found no room shows: until when the call waits, and which room was full. */
export type FoundNoRoom = Required<NoRoom>;

/** A re-run before its first attempt. */
export function firstProgress(count: number | undefined): Progress {
  return { attempts: 0, unanswered: 0, remaining: count ?? 1, round: 0, taskArns: [] };
}

/** A redrive begins with fresh attempts: somebody has removed the cause. */
export function withFreshAttempts(progress: Progress): Progress {
  return { ...progress, attempts: 0, unanswered: 0 };
}

/**
 * A request that broke off may have been accepted, as one without an answer may: then its tasks have the places that it would
 * wait for. Without a permit none was made since the progress was written.
 */
export function withUnheard(progress: Progress, unheardSince: string | null | undefined, hadPermit: boolean): Progress {
  if (!unheardSince) return progress;
  const unanswered = hadPermit ? Math.max(1, progress.unanswered) : progress.unanswered;
  return { ...progress, unansweredAt: progress.unansweredAt ?? unheardSince, unanswered };
}

/** How a call ends that waited for room in vain. Without waiting for room as such it is as late as any other. */
export function endOfWaitForRoom(
  { taskArns, noRoom }: Progress,
  { capacity }: Pick<Settings, 'capacity'>,
  isMisfit = false,
): Result {
  if (!capacity.rerun) return { kind: 'gaveUp', reason: 'deadline', taskArns };
  const room = noRoom?.room;
  return { kind: 'gaveUp', reason: 'noRoom', taskArns, ...(room && { room }), ...(isMisfit && { isMisfit }) };
}

/** Decides what follows an attempt that was answered at `nowMs`. */
export function nextStep(
  outcome: Outcome,
  before: Progress,
  limits: RetryLimits,
  nowMs: number,
  random: () => number,
  /** Given for an attempt that found no room. */
  noRoom?: FoundNoRoom,
): NextStep {
  const attempts = before.attempts + 1;
  const wait = (backoff: Backoff, changes: Partial<Progress> = {}): NextStep => {
    const { taskArns } = { ...before, ...changes };
    const counted = changes.attempts ?? attempts;
    if (counted >= limits.maxAttempts) {
      return { kind: 'finish', result: { kind: 'gaveUp', reason: 'maxAttempts', taskArns } };
    }
    const left = Math.max(0, (limits.deadlineMs - nowMs) / 1000);
    return {
      kind: 'backOff',
      seconds: Math.min(left, backoffSeconds(backoff, changes.unanswered ?? attempts, random)),
      progress: { ...before, attempts, ...changes },
    };
  };
  /** The rate limiter knows when there may be room. It is no fault of the call's that there was none: no attempt is used up. */
  const waitForRoom = (changes: Partial<Progress>): NextStep => {
    const { unansweredAt: _, ...answered } = before;
    // An answer settles what became of the token; the next request goes under another one.
    const known = changes.round === undefined ? before : answered;
    const progress = { ...known, unanswered: 0, ...changes, ...(noRoom && { noRoom }) };
    return { kind: 'backOff', seconds: 0, progress };
  };
  switch (outcome.kind) {
    case 'started':
    case 'alreadyStarted':
      return { kind: 'finish', result: { kind: outcome.kind, taskArns: [...before.taskArns, ...outcome.taskArns] } };
    case 'throttled':
      return wait(THROTTLE_BACKOFF);
    case 'partlyStarted':
      return waitForRoom({
        // Some tasks started, so this is no failed attempt.
        attempts: 0,
        remaining: outcome.remaining,
        round: before.round + 1,
        taskArns: [...before.taskArns, ...outcome.taskArns],
      });
    case 'noRoom':
      return waitForRoom(outcome.tokenUnused ? {} : { round: before.round + 1 });
    case 'unavailable':
      // Without an answer the request may have been accepted, and only the same token can tell: the round stays. A failing
      // service uses up no attempts. The deadline ends it.
      return wait(OUTAGE_BACKOFF, {
        attempts: before.attempts,
        unanswered: before.unanswered + 1,
        unansweredAt: before.unansweredAt ?? new Date(nowMs).toISOString(),
      });
    case 'conflict':
      return { kind: 'finish', result: { kind: 'refused', reason: 'conflict', taskArns: before.taskArns } };
    case 'rejected':
      return {
        kind: 'finish',
        result: {
          kind: 'refused',
          reason: 'rejectedByEcs',
          code: outcome.code,
          taskArns: [...before.taskArns, ...outcome.taskArns],
        },
      };
    default:
      return outcome satisfies never;
  }
}
