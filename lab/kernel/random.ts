import { hash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** Returns a number in [0, 1), as `Math.random` does. */
export type Random = () => number;

/**
 * A stream of random numbers of its own for each name. Streams do not disturb each other: drawing more from one (say,
 * because the remediation is switched on) leaves the others (say, the arrivals of the live traffic) as they were.
 */
export function randomStream(seed: number, name: string): Random {
  const digest = hash('sha256', `${seed}/${name}`, 'buffer');
  // All of the state: of 100,000 streams, two out of the 2^32 that a single number seeds would likely be the same.
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)));
  return () => uniformFloat64(generator);
}

/** A number evenly distributed over `[from, to)`. */
export function uniform(random: Random, [from, to]: readonly [number, number]): number {
  return from + (to - from) * random();
}

const HEX = '0123456789abcdef';

/** A version 4 UUID out of a seeded stream. */
export function uuid(random: Random): string {
  let hex = '';
  for (let i = 0; i < 32; i++) hex += HEX[Math.floor(random() * 16)];
  const variant = HEX[8 + Math.floor(random() * 4)];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
