import { ERROR_NAMES, SHARED_ERROR_NAMES, WRAPPED_THROTTLE } from './texts.ts';

/**
 * Throttles in CloudTrail's records, as regular expressions for query engines, made from the same data that the handlers
 * use. They avoid syntax that not all engines support, such as non-capturing groups.
 */
const prefixed = (codes: readonly string[]) => `^(Client\\.|Server\\.)?(${codes.join('|')})$`;

/** Error codes that always mean a throttle. */
export const THROTTLE_CODE = prefixed(
  ERROR_NAMES.filter((row) => row.class === 'throttle').map(({ pattern }) => pattern),
);
/** Error codes under which ECS passes on another service's error. The message decides. */
export const WRAPPER_CODE = prefixed(SHARED_ERROR_NAMES);
/** Messages of disguised throttles. */
export const WRAPPED_MESSAGE = WRAPPED_THROTTLE.pattern.replaceAll('(?:', '(');
