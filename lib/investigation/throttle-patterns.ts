import { ERROR_NAMES, SHARED_ERROR_NAMES, WRAPPED_THROTTLE } from '../../lambda/core/events/texts.ts';

/**
 * What a throttle looks like in CloudTrail's records, as regular expressions for query engines: the same data that the
 * handlers decide by. Written without what only some engines know, such as groups that do not capture.
 */
const prefixed = (codes: readonly string[]) => `^(Client\\.|Server\\.)?(${codes.join('|')})$`;

/** Error codes that always mean a throttle. */
export const THROTTLE_CODE = prefixed(
  ERROR_NAMES.filter((row) => row.class === 'throttle').map(({ pattern }) => pattern),
);
/** Error codes under which ECS passes on what another service told it; their message decides. */
export const WRAPPER_CODE = prefixed(SHARED_ERROR_NAMES);
/** Messages of disguised throttles. */
export const WRAPPED_MESSAGE = WRAPPED_THROTTLE.pattern.replaceAll('(?:', '(');
