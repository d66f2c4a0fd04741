import * as z from 'zod';
import type { PaceSettings } from './settings.ts';

/**
 * The pace that all re-runs of an account and Region share: one small state, kept in one DynamoDB item.
 * Turns are spaced by the generic cell rate algorithm: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
 */
export const paceStateSchema = z.object({
  /** Turns per second. */
  perSecond: z.number().positive(),
  /** When the next turn is due, in milliseconds since the epoch. */
  nextTurnAtMs: z.number(),
});
export type PaceState = z.infer<typeof paceStateSchema>;

/**
 * How far behind its schedule the turnstile may catch up. Handing out a batch takes a while of its own; without this,
 * each such while would be lost to the pace.
 */
const CATCH_UP_MS = 500;

/** The pace before its first turn. */
export function initialPace(settings: PaceSettings): PaceState {
  return { perSecond: settings.initialPerSecond, nextTurnAtMs: 0 };
}

/** Reserves up to `wanted` turns that are due within `windowMs` from now, and says when each is due. */
export function reserveTurns(
  state: PaceState,
  wanted: number,
  nowMs: number,
  windowMs: number,
): { readonly state: PaceState; readonly turnsAtMs: readonly number[] } {
  const spacingMs = 1000 / state.perSecond;
  const firstMs = Math.max(state.nextTurnAtMs, nowMs - CATCH_UP_MS);
  const fitting = Math.max(0, Math.floor((nowMs + windowMs - firstMs) / spacingMs) + 1);
  const turnsAtMs = Array.from({ length: Math.min(wanted, fitting) }, (_, turn) => firstMs + turn * spacingMs);
  return { state: { ...state, nextTurnAtMs: firstMs + turnsAtMs.length * spacingMs }, turnsAtMs };
}

/** Takes back turns that nobody used. */
export function giveTurnsBack(state: PaceState, turns: number): PaceState {
  return { ...state, nextTurnAtMs: state.nextTurnAtMs - (turns * 1000) / state.perSecond };
}
