import { THROTTLE_CODES, WRAPPED_THROTTLE, WRAPPER_CODES } from '../../lambda/core/events/throttle.ts';

/**
 * What a throttle looks like in CloudTrail's records, as regular expressions for query engines: the same data that the
 * handlers decide by. Written without what only some engines know, such as groups that do not capture.
 */
const prefixed = (codes: Iterable<string>) => `^(Client\\.|Server\\.)?(${[...codes].join('|')})$`;

/** Error codes that always mean a throttle. */
export const THROTTLE_CODE = prefixed(THROTTLE_CODES);
/** Error codes under which ECS passes on what another service told it; their message decides. */
export const WRAPPER_CODE = prefixed(WRAPPER_CODES);
/** Messages of disguised throttles. */
export const WRAPPED_MESSAGE = WRAPPED_THROTTLE.source.replaceAll('(?:', '(');
