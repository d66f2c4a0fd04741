import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** Returns a number in [0, 1), as `Math.random` does. */
export type Random = () => number;

/**
 * A stream of random numbers of its own for each name. Streams do not disturb each other: drawing more from one (say,
 * because the remediation is switched on) leaves the others (say, the arrivals of the live traffic) as they were.
 */
export function randomStream(seed: number, name: string): Random {
  const digest = createHash('sha256').update(`${seed}/${name}`).digest();
  // All of the state: of 100,000 streams, two out of the 2^32 that a single number seeds would likely be the same.
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)));
  return () => uniformFloat64(generator);
}

/** A number evenly distributed over `[from, to)`. */
export function uniform(random: Random, [from, to]: readonly [number, number]): number {
  return from + (to - from) * random();
}

/** A version 4 UUID out of a seeded stream. */
export function uuid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16));
  hex[12] = '4';
  hex[16] = (8 + Math.floor(random() * 4)).toString(16);
  const text = hex.join('');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
}
