import { exceeds, type Json } from '../kernel/json.ts';
import { ErrorName, StatesError } from './errors.ts';

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: input or output of a task, state or execution */
export const MAX_DATA_BYTES = 262_144;

/** `producer`: the state, or the service or function that a task calls. */
export function checkSize<T extends Json>(value: T, producer: string): T {
  if (!exceeds(value, MAX_DATA_BYTES)) return value;
  throw new StatesError(
    ErrorName.dataLimitExceeded,
    `The state/task '${producer}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  );
}
