import { createHash } from 'node:crypto';
import jsonata from 'jsonata';
import { type Random, uuid } from '../kernel/random.ts';
import { javaRandom } from './java-random.ts';

/** What expressions may know of the world outside. */
export interface World {
  readonly clock: { now(): number };
  readonly random: Random;
}

/** The binding under which an evaluation finds its `World`: no JSONata variable can be spelled like this. */
export const WORLD = '(world)';

interface Definition {
  readonly name: string;
  readonly signature: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSONata checks the arguments against the signature.
  readonly run: (this: jsonata.Focus, ...args: any[]) => unknown;
}

const world = (focus: jsonata.Focus): World => focus.environment.lookup(WORLD);
const failure = (code: string, fields: object) => ({ code, stack: new Error().stack, ...fields });

/** JSONata reduces a sequence of one value to the value, and an empty one to nothing. */
const sequence = <T>(values: T[]): T[] => Object.defineProperty(values, 'sequence', { value: true });

const HASHES: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** One more fails for lack of memory: measured by floci, https://github.com/floci-io/floci (JsonataEvaluatorTest). */
const MAX_RANGE = 360_145;

const fromMillis = jsonata('$fromMillis($millis, $picture, $zone)');
const nativeToMillis: { implementation(this: unknown, text?: string, picture?: string): number } =
  await jsonata('$toMillis').evaluate(undefined);

/**
 * The functions that Step Functions adds to JSONata or replaces, and those that would look at the real clock or at
 * `Math.random`. Roundings, missing arguments and error codes as recorded from the service by floci (see above).
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn
 */
const FUNCTIONS: readonly Definition[] = [
  {
    name: 'partition',
    signature: '<xn?:a>',
    run(values?: unknown, size?: number) {
      if (values === null) throw failure('T0412', { index: 1, type: 'values' });
      const array = values === undefined || Array.isArray(values) ? (values ?? []) : [values];
      if (array.length === 0) return undefined;
      const length = size === undefined ? array.length : Math.trunc(size);
      if (length < 0) throw failure('D3137', { message: 'Second argument must be zero or greater' });
      if (length === 0) return undefined;
      return Array.from({ length: Math.ceil(array.length / length) }, (_, chunk) =>
        array.slice(chunk * length, (chunk + 1) * length),
      );
    },
  },
  {
    name: 'range',
    signature: '<nnn?:a<n>>',
    run(first?: number, last?: number, step?: number) {
      if (first === undefined || last === undefined || step === undefined) return undefined;
      const [from, to, by] = [Math.trunc(first), Math.trunc(last), Math.trunc(step)];
      const length = by === 0 ? 0 : Math.max(0, Math.floor((to - from) / by) + 1);
      if (length > MAX_RANGE) {
        throw new Error('Expression evaluation memory limit exceeded: Check for excessive memory usage');
      }
      return sequence(Array.from({ length }, (_, index) => from + index * by));
    },
  },
  {
    name: 'hash',
    signature: '<ss?:s>',
    run(data?: string, algorithm?: string) {
      if (data === undefined || algorithm === undefined) return undefined;
      const known = Object.hasOwn(HASHES, algorithm) ? HASHES[algorithm] : undefined;
      if (known === undefined) {
        throw failure('D3137', { message: `Hash algorithm must be one of ${Object.keys(HASHES).join(', ')}` });
      }
      return createHash(known).update(data).digest('hex');
    },
  },
  {
    name: 'random',
    signature: '<n?:n>',
    run(seed?: number) {
      return seed === undefined ? world(this).random() : javaRandom(seed);
    },
  },
  {
    name: 'uuid',
    signature: '<:s>',
    run() {
      return uuid(world(this).random);
    },
  },
  {
    name: 'parse',
    signature: '<s?:x>',
    run(text?: string) {
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text);
      } catch {
        throw failure('D3137', { message: 'Invalid JSON' });
      }
    },
  },
  {
    name: 'now',
    signature: '<s?s?:s>',
    run(picture?: string, zone?: string) {
      return fromMillis.evaluate(undefined, { millis: world(this).clock.now(), picture, zone });
    },
  },
  {
    name: 'millis',
    signature: '<:n>',
    run() {
      return world(this).clock.now();
    },
  },
  {
    // A picture without a date means today.
    name: 'toMillis',
    signature: '<s-s?:n>',
    run(text?: string, picture?: string) {
      const environment = { timestamp: new Date(world(this).clock.now()) };
      return nativeToMillis.implementation.call({ environment }, text, picture);
    },
  },
  {
    name: 'shuffle',
    signature: '<a:a>',
    run(array?: unknown[]) {
      if (array === undefined) return undefined;
      const { random } = world(this);
      const keyed = array.map((value) => ({ value, key: random() }));
      return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value);
    },
  },
];

/** Removed by Step Functions: calling it is calling something that is not a function. */
const REMOVED = 'eval';

export function addFunctions(expression: jsonata.Expression): void {
  for (const { name, signature, run } of FUNCTIONS) expression.registerFunction(name, run, signature);
  expression.assign(REMOVED, undefined);
}
