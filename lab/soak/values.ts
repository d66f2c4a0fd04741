import fc from 'fast-check';

/** Small numbers, so that a failing scenario reads well. */

export const whole = (min: number, max: number) => fc.integer({ min, max });

/** A probability in whole percent. */
export const chance = (most: number) => whole(0, most * 100).map((percent) => percent / 100);

/** `[from, to]` in whole seconds. */
export const range = (least: number, most: number) =>
  fc.tuple(whole(least, most), whole(least, most)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);
