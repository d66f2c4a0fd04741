import { type Coverage, HISTORY_LAG_MS } from '../sweep/coverage.ts';
import { TOKEN_LIFE_MS } from './acceptance.ts';

/**
 * A caller's attempts at one call lie within this time. An accepted attempt may come before a throttled one, if its answer
 * was lost. Records before and after a full hour make two executions, whose deadlines differ by no more than this.
 */
const CALL_SPAN_MS = 3 * 60_000;
/** How long after the check of the deadline ECS may still accept the request. No function runs for longer. */
const LAST_REQUEST_MS = 2 * 60_000;

/**
 * What may be done about a call after its deadline. `launch`: the event history shows no accepted request under its token,
 * from the caller's first attempt on until so late that ECS still knows the token of any later one.
 */
export type AfterDeadlineStep = 'launch' | 'wait' | 'refuse';

/** Nobody expects a call that is older than this to run. */
const MAX_AGE_MS = 24 * 3_600_000;

export function afterDeadlineStep(input: {
  readonly callAtMs: number;
  readonly deadlineMs: number;
  readonly nowMs: number;
  readonly coverage: Coverage | undefined;
  /** Minutes between scheduled sweeps, which extend the coverage; 0 for none. */
  readonly sweepEveryMinutes: number;
}): AfterDeadlineStep {
  const { callAtMs, deadlineMs, nowMs, coverage, sweepEveryMinutes } = input;
  if (sweepEveryMinutes === 0 || nowMs - callAtMs > MAX_AGE_MS) return 'refuse';
  const lastInTimeMs = deadlineMs + CALL_SPAN_MS + LAST_REQUEST_MS;
  // Sweeps may be this far behind. What they could not have read yet is no gap.
  const expectedToMs = nowMs - HISTORY_LAG_MS - 2 * sweepEveryMinutes * 60_000;
  // An earlier late request may have been accepted without an answer. Either ECS remembers its token, or the history shows it.
  const forgottenToMs = nowMs - TOKEN_LIFE_MS + LAST_REQUEST_MS;
  if (!coverage || coverage.toMs < Math.max(lastInTimeMs, expectedToMs, forgottenToMs)) return 'wait';
  return coverage.fromMs <= callAtMs - CALL_SPAN_MS ? 'launch' : 'refuse';
}
