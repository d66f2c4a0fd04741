import { createHash } from 'node:crypto';
import type jsonata from 'jsonata';
import { uuid } from '../kernel/random.ts';
import { decodeBase64, decodeUrlComponent, encodeBase64 } from './encodings.ts';
import { FORMATTING } from './formatting.ts';
import { type Definition, failure, memoryLimitExceeded, sequence, world } from './function-definition.ts';
import { javaRandom } from './java-random.ts';
import { OPERATORS } from './operators.ts';
import { parseJson } from './parse-json.ts';
import { TEXT } from './text.ts';

/** In the order in which the service names them. */
const HASHES: Readonly<Record<string, string>> = {
  'SHA-1': 'sha1',
  'SHA-384': 'sha384',
  'SHA-256': 'sha256',
  'SHA-512': 'sha512',
  MD5: 'md5',
};

/** One more fails for lack of memory: measured by floci, https://github.com/floci-io/floci (JsonataEvaluatorTest). */
const MAX_RANGE = 360_145;

/**
 * The functions that Step Functions adds to JSONata or replaces, and those that would look at the real clock or at
 * `Math.random`. Roundings, missing arguments and error codes as recorded from the service by floci (see above), by
 * https://github.com/gabrielmoreira/tiny-asl-machine and by https://github.com/iwamot/sfnx.
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn
 */
const FUNCTIONS: readonly Definition[] = [
  {
    name: 'partition',
    signature: '<xn?:a>',
    run(values?: unknown, size?: number) {
      if (values === undefined) return undefined;
      if (!Array.isArray(values)) throw failure('T0412', { index: 1, type: undefined });
      const array: unknown[] = values;
      if (size === undefined) return [array];
      if (array.length === 0) return undefined;
      const length = Math.trunc(size);
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
      if (length > MAX_RANGE) throw memoryLimitExceeded();
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
        const expected = Object.keys(HASHES).join(', ');
        throw failure('D3137', { message: `Hash algorithm '${algorithm}' must be one of ${expected}` });
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
        return parseJson(text);
      } catch {
        throw failure('D3137', { message: 'Invalid JSON' });
      }
    },
  },
  ...FORMATTING,
  ...TEXT,
  ...OPERATORS,
  {
    name: 'base64encode',
    signature: '<s-:s>',
    run(text?: string) {
      return text === undefined ? undefined : encodeBase64(text);
    },
  },
  {
    name: 'base64decode',
    signature: '<s-:s>',
    run(text?: string) {
      if (text === undefined) return undefined;
      const decoded = decodeBase64(text);
      if (decoded === undefined) throw new Error(`Not base64: ${text}`);
      return decoded;
    },
  },
  {
    name: 'decodeUrlComponent',
    signature: '<s-:s>',
    run(text?: string) {
      if (text === undefined) return undefined;
      const decoded = decodeUrlComponent(text);
      if (decoded === undefined) throw failure('D3140', { value: text, functionName: 'decodeUrlComponent' });
      return decoded;
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
