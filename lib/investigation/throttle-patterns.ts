import { THROTTLE_CODES, WRAPPED_THROTTLE, WRAPPER_CODES } from '../../lambda/core/events/throttle.ts';

/**
 * Throttles in CloudTrail's records, as regular expressions for query engines, made from the same data that the handlers
 * use. They avoid syntax that not all engines support, such as non-capturing groups.
 */
const prefixed = (codes: Iterable<string>) => `^(Client\\.|Server\\.)?(${[...codes].join('|')})$`;

/** Error codes that always mean a throttle. */
export const THROTTLE_CODE = prefixed(THROTTLE_CODES);
/** Error codes under which ECS passes on another service's error. The message decides. */
export const WRAPPER_CODE = prefixed(WRAPPER_CODES);
/** Messages of disguised throttles. */
export const WRAPPED_MESSAGE = WRAPPED_THROTTLE.source.replaceAll('(?:', '(');
