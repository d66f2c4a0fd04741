/**
 * Calls are sent in pulses: many at once, and then none for a while. Where a bucket runs empty it does so within a pulse. So calls of ours find
 * that out, rather than others' between them, and their answers are in before the next pulse is due.
 */

/** How often a pulse is due. */
export const PULSE_MS = 325;
/** How long after its permit a call is sent. Most get as far sooner, and arrive together for waiting. */
const SEND_AFTER_MS = 150;

/** When the first pulse is due that is not before `atMs`. */
export const pulseFrom = (atMs: number): number => Math.ceil(atMs / PULSE_MS) * PULSE_MS;

/**
 * How many milliseconds a call still waits before it is sent. The clock that `grantedAtMs` was read off may be another one, so it never waits
 * longer than the way from the permit to here may take.
 */
export const untilSentMs = (grantedAtMs: number, nowMs: number): number =>
  Math.min(SEND_AFTER_MS, Math.max(0, grantedAtMs + SEND_AFTER_MS - nowMs));
