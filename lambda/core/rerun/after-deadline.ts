import { type Coverage, HISTORY_LAG_MS } from '../sweep/coverage.ts';
import { TOKEN_LIFE_MS } from './acceptance.ts';

/**
 * A caller's attempts at one call lie this close together. One that was accepted may come before one that was throttled:
 * its answer was lost. Records on either side of a full hour make two executions, whose deadlines differ by as much.
 */
const CALL_SPAN_MS = 3 * 60_000;
/** How long after the deadline was looked at a request may still be accepted; no function works for longer. */
const LAST_REQUEST_MS = 2 * 60_000;

/**
 * What may be done about a call after its token has stopped being proof. `launch`: the history shows no accepted request
 * under it, from the caller's first attempt until the last that anybody could make in time, so a new token cannot start a
 * second task.
 */
export type AfterDeadlineStep = 'launch' | 'alreadyStarted' | 'wait' | 'refuse';

/** A call older than this is nobody's expectation any more. */
const MAX_AGE_MS = 24 * 3_600_000;

export function afterDeadlineStep(input: {
  readonly callAtMs: number;
  readonly deadlineMs: number;
  readonly nowMs: number;
  readonly coverage: Coverage | undefined;
  /** Whether the call was accepted, under its own token or that of a late re-run before this one. */
  readonly wasAccepted: boolean;
  /** Minutes between scheduled sweeps, which extend the coverage; 0 for none. */
  readonly sweepEveryMinutes: number;
}): AfterDeadlineStep {
  const { callAtMs, deadlineMs, nowMs, coverage, wasAccepted, sweepEveryMinutes } = input;
  if (wasAccepted) return 'alreadyStarted';
  if (sweepEveryMinutes === 0 || nowMs - callAtMs > MAX_AGE_MS) return 'refuse';
  const lastInTimeMs = deadlineMs + CALL_SPAN_MS + LAST_REQUEST_MS;
  // The next sweep's reading can be this far behind: what it could not have read yet is no gap.
  const expectedToMs = nowMs - HISTORY_LAG_MS - 2 * sweepEveryMinutes * 60_000;
  // A late request before this one may have been accepted unheard: its token is still alive, or the history shows it.
  const forgottenToMs = nowMs - TOKEN_LIFE_MS + LAST_REQUEST_MS;
  if (!coverage || coverage.toMs < Math.max(lastInTimeMs, expectedToMs, forgottenToMs)) return 'wait';
  return coverage.fromMs <= callAtMs - CALL_SPAN_MS ? 'launch' : 'refuse';
}
