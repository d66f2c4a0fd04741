import jsonata from 'jsonata';

export interface Native<Arguments extends unknown[], Result> {
  implementation(this: unknown, ...args: Arguments): Result;
}

/** A function of JSONata itself, for one that replaces it. */
export const native = async <Arguments extends unknown[], Result>(name: string): Promise<Native<Arguments, Result>> =>
  jsonata(`$${name}`).evaluate(undefined);
