import { count, stopwatch } from '../report/format.ts';

export interface Tick {
  readonly value: number;
  readonly text: string;
}

/** Round values from 0 to the first that reaches `most`, in about `about` steps. */
export function ticks(most: number, about: number): Tick[] {
  const step = niceStep(Math.max(most, 1) / about);
  const steps = Math.max(1, Math.ceil(most / step));
  return Array.from({ length: steps + 1 }, (_, index) => ({ value: index * step, text: count(index * step) }));
}

const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** Round instants from 0 to `end` seconds at most, in at most about `most` steps, as a stopwatch shows them. */
export function timeTicks(end: number, most: number): Tick[] {
  const step = SECONDS.find((seconds) => end / seconds <= most) ?? 14_400;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => ({
    value: index * step,
    text: stopwatch(index * step),
  }));
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= least) ?? 10;
  // No call is half a call.
  return Math.max(1, factor * power);
}
