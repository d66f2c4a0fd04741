/**
 * Calls are sent in pulses: many at once, and then none for a while. Where a bucket runs empty it does so within a pulse. So calls of ours find
 * that out, rather than others' between them, and their answers are in before the next pulse is due.
 */

/** How often a pulse is due. */
export const PULSE_MS = 325;
/** How long after the pulse of its permit a call is sent. Most get as far sooner, and arrive together for waiting. */
const SEND_AFTER_MS = 150;
/** A timer may be this early. */
const EARLY_MS = 2;

/** When the first pulse is due that is not before `atMs`. */
export const pulseFrom = (atMs: number): number => Math.ceil(atMs / PULSE_MS) * PULSE_MS;

/**
 * How many milliseconds a call still waits before it is sent. The clock that `grantedAtMs` was read off may be another one, so it never waits
 * longer than the way from the permit to here may take.
 */
export function untilSentMs(grantedAtMs: number, nowMs: number): number {
  const pulseAtMs = Math.floor((grantedAtMs + EARLY_MS) / PULSE_MS) * PULSE_MS;
  return Math.min(SEND_AFTER_MS, Math.max(0, pulseAtMs + SEND_AFTER_MS - nowMs));
}

/** How far ahead permits are reserved: what is learnt meanwhile comes too late for them. */
export const AHEAD_MS = 100;
/** Who has missed so many pulses asks as early as can be ... */
const TURNS = 4;
/** ... and so much later for each that it has missed less. */
const TURN_MS = 10;

/**
 * How many milliseconds a rate limiter waits before it asks for permits of the next pulse. `missed` says how many pulses it has got nothing of. Who has
 * waited longest asks first: where a pulse has permits for one batch only, the others would else be left to chance.
 */
export function untilAskedMs(missed: number, nowMs: number): number {
  const leadMs = AHEAD_MS - TURN_MS * Math.max(0, TURNS - missed);
  return PULSE_MS - ((nowMs + leadMs) % PULSE_MS);
}
