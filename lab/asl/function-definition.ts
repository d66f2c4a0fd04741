import type jsonata from 'jsonata';
import type { Random } from '../kernel/random.ts';

/** What expressions may know of the world outside. */
export interface World {
  readonly clock: { now(): number };
  readonly random: Random;
}

/** The binding under which an evaluation finds its `World`: no JSONata variable can be spelled like this. */
export const WORLD = '(world)';

/** A function for expressions. */
export interface Definition {
  readonly name: string;
  readonly signature: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSONata checks the arguments against the signature.
  readonly run: (this: jsonata.Focus, ...args: any[]) => unknown;
}

export const world = (focus: jsonata.Focus): World => focus.environment.lookup(WORLD);

/** JSONata reduces a sequence of one value to the value, and an empty one to nothing. */
export const sequence = <T>(values: T[]): T[] => Object.defineProperty(values, 'sequence', { value: true });

export const memoryLimitExceeded = (): Error =>
  new Error('Expression evaluation memory limit exceeded: Check for excessive memory usage');

export const failure = (code: string, fields: object) => ({ code, stack: new Error().stack, ...fields });
