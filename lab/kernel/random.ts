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
  const generator = seeded(`${seed}/${name}`);
  return () => uniformFloat64(generator);
}

/** A function of its own: thousands of streams would keep the digest that they began with. */
function seeded(name: string) {
  const digest = hash('sha256', name, 'buffer');
  // All of the state: of 100,000 streams, two out of the 2^32 that a single number seeds would likely be the same.
  return xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)));
}

/** A number evenly distributed over `[from, to)`. */
export function uniform(random: Random, [from, to]: readonly [number, number]): number {
  return from + (to - from) * random();
}

const DIGITS = Buffer.from('0123456789abcdef');
const digit = (value: number): number => DIGITS[value] ?? 0;
const [HYPHEN = 0, VERSION = 0] = Buffer.from('-4');
const [VERSION_PLACE, VARIANT_PLACE] = [14, 19];
/** Written in place: one text of 36 characters is kept for each request, not the pieces that it is made of. */
const written = Buffer.alloc(36, HYPHEN);

/** A version 4 UUID out of a seeded stream. */
export function uuid(random: Random): string {
  let place = 0;
  for (let count = 0; count < 32; count++) {
    if (count === 8 || count === 12 || count === 16 || count === 20) place += 1;
    written[place++] = digit(Math.floor(random() * 16));
  }
  written[VERSION_PLACE] = VERSION;
  written[VARIANT_PLACE] = digit(8 + Math.floor(random() * 4));
  return written.toString('latin1');
}
