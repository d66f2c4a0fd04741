import type { Json } from '../kernel/json.ts';
import { ErrorName, StatesError } from './errors.ts';

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: input or output of a task, state or execution */
export const MAX_DATA_BYTES = 262_144;

/** Values that were measured before; most states hand on what they were given. */
const fitting = new WeakSet<object>();

export function fits(value: Json): boolean {
  const isObject = typeof value === 'object' && value !== null;
  if (isObject && fitting.has(value)) return true;
  const text = JSON.stringify(value);
  // No UTF-16 unit takes more than three bytes of UTF-8: counting them is seldom needed.
  const isSmall = text.length * 3 <= MAX_DATA_BYTES || Buffer.byteLength(text) <= MAX_DATA_BYTES;
  if (isSmall && isObject) fitting.add(value);
  return isSmall;
}

/** `producer`: the state, or the service or function that a task calls. */
export function checkSize<T extends Json>(value: T, producer: string): T {
  if (fits(value)) return value;
  throw new StatesError(
    ErrorName.dataLimitExceeded,
    `The state/task '${producer}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  );
}
