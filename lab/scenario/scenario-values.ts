import { z } from 'zod';

/** Values that many keys of a scenario hold. */

export const seconds = z.number().nonnegative();
export const probability = z.number().min(0).max(1);
export const count = z.int().positive();

export const range = z
  .tuple([seconds, seconds])
  .refine(([from, to]) => from <= to, 'a range whose start is not after its end');
