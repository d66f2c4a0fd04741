import {
  CAPACITY_TEXTS,
  ERROR_NAMES,
  type Place,
  SHARED_ERROR_NAMES,
  type Shortage,
  type TextClass,
  WRAPPED_THROTTLE,
} from './texts.ts';

/** The error of a failed API call. */
export interface ApiError {
  readonly code: string;
  readonly message: string;
  /** HTTP status of the answer; 0 if there was no answer; absent if the error comes from a record. */
  readonly status?: number;
}

const classOfName = new Map(ERROR_NAMES.map((row) => [row.pattern, row.class]));
const wrappedThrottle = new RegExp(WRAPPED_THROTTLE.pattern);
const noRoom = (place: Place) =>
  CAPACITY_TEXTS.filter(({ where }) => where.includes(place)).map(({ pattern, short }) => ({
    pattern: new RegExp(`^${pattern}`),
    short,
  }));
const NO_ROOM_MESSAGES = noRoom('errorMessage');
const NO_ROOM_FAILURES = noRoom('failureReason');

/** The class of an error; `none` where the request itself is at fault. */
export function classifyError({ code, message, status }: ApiError): TextClass {
  // CloudTrail prefixes some codes with `Client.` or `Server.`.
  const name = code.replace(/^(?:Client|Server)\./, '');
  const known = classOfName.get(name);
  if (known === 'throttle') return known;
  // Errors of proxies and connections have other names. Without an answer of the service the call may have been accepted.
  if (status === 429) return 'throttle';
  if (known || status === 0 || (status ?? 0) >= 500) return 'transient';
  // The name alone never decides: InvalidParameterException carries throttles and real mistakes alike.
  if (!SHARED_ERROR_NAMES.includes(name)) return 'none';
  if (wrappedThrottle.test(message)) return 'throttle';
  return NO_ROOM_MESSAGES.some(({ pattern }) => pattern.test(message)) ? 'capacity' : 'none';
}

/**
 * Whether the bucket of the API was empty. ECS passes throttles of the services behind it on under other names, and those
 * say nothing of its own bucket.
 */
export function isPlainThrottle({ code, status }: ApiError): boolean {
  return code.replace(/^(?:Client|Server)\./, '') === 'ThrottlingException' || status === 429;
}

/**
 * The class of a `failures[].reason`: no room at this moment, or what stays as it is however often one asks (ATTRIBUTE,
 * LOCATION, MISSING, INACTIVE).
 */
export function classifyFailure(reason: string): TextClass {
  return shortageOfFailure(reason) ? 'capacity' : 'none';
}

/** Whether a placement failure is worth another try. */
export function isPassingFailure(reason: string): boolean {
  return classifyFailure(reason) === 'capacity';
}

/** What was short where a `failures[].reason` tells of want of room. */
export function shortageOfFailure(reason: string): Shortage | undefined {
  return NO_ROOM_FAILURES.find(({ pattern }) => pattern.test(reason))?.short;
}

/** What was short where an error tells of want of room. */
export function shortageOfError(error: ApiError): Shortage | undefined {
  if (classifyError(error) !== 'capacity') return undefined;
  return NO_ROOM_MESSAGES.find(({ pattern }) => pattern.test(error.message))?.short;
}
