import { TOKEN_LIFE_MS } from './acceptance.ts';

/**
 * When the call was first made that a record of this instant is of, among the calls known under its id, in the order in which
 * they became known. A fixed token makes a new call when ECS has forgotten it, an hour later at the earliest; records that
 * lie closer together are of one call, also on either side of a full hour.
 */
export function occasionOf(knownMs: readonly number[], atMs: number): number {
  const firsts: number[] = [];
  for (const ms of [...knownMs, atMs]) {
    if (!firsts.some((first) => isSameCall(first, ms))) firsts.push(ms);
  }
  return firsts.find((first) => isSameCall(first, atMs)) ?? atMs;
}

const isSameCall = (aMs: number, bMs: number) => Math.abs(aMs - bMs) < TOKEN_LIFE_MS;
