/**
 * How throttles look, with where each was seen. The error's name alone does not decide: ECS uses
 * InvalidParameterException for throttles and for real mistakes.
 */

/** The error of a failed API call. */
export interface ApiError {
  readonly code: string;
  readonly message: string;
  /** HTTP status of the answer; 0 if there was no answer; absent if the error comes from a record. */
  readonly status?: number;
}

/** `throttled`: the caller was too fast. `transient`: the service failed. `rejected`: the request itself is at fault. */
export type ErrorKind = 'throttled' | 'transient' | 'rejected';

/** Names that always mean a throttle: those of the AWS SDK's "standard" retry mode, without those that ECS uses for quotas. */
export const THROTTLE_CODES: ReadonlySet<string> = new Set([
  'ThrottlingException', // ECS RunTask, not among its modeled errors
  'Throttling',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded', // EC2, behind ECS
  'EC2ThrottledException',
  'SlowDown',
  'ProvisionedThroughputExceededException', // DynamoDB
  'KmsThrottlingException', // Step Functions, behind a customer-managed key
]);

/** Names of failures of the service. ECS answers them with HTTP 500 and 503. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'ServerException', // ECS
  'InternalFailure',
  'InternalError',
  'InternalServerError',
  'InternalServerException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
]);

/** Names under which ECS passes on another service's error. */
export const WRAPPER_CODES: ReadonlySet<string> = new Set(['InvalidParameterException', 'ClientException']);

/**
 * Texts of a wrapped throttle. Verbatim in dagster#33439, construct-hub#415 and dask-cloudprovider#56:
 * `Error retrieving subnet information for [subnet-0ab]: Rate exceeded (ErrorCode: Throttling)`,
 * `Error retrieving security group information for [sg-0ab]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)`,
 * and, in wrapbox#32, `com.amazonaws.services.ec2.model.AmazonEC2Exception: Request limit exceeded`. We assume that one more
 * part in parentheses may follow, as in other such exceptions. Only the end of a message is matched, which may be cut off:
 * the rest quotes names that the caller chose.
 */
export const WRAPPED_THROTTLE =
  /(?:\(ErrorCode: (?:Throttling|ThrottlingException|ThrottledException|RequestLimitExceeded|RequestThrottled|RequestThrottledException|TooManyRequestsException)\)|: (?:Rate exceeded|Request limit exceeded)\.?(?: \([^()]*\)| \(\w*:? ?\w*)?)\.?$/;

/** Distinguishes a throttle, a failing service and a wrong request. */
export function classifyError({ code, message, status }: ApiError): ErrorKind {
  // CloudTrail prefixes some codes with `Client.` or `Server.`.
  const name = code.replace(/^(?:Client|Server)\./, '');
  if (THROTTLE_CODES.has(name)) return 'throttled';
  // Errors of proxies and connections have other names. Without an answer of the service the call may have been accepted.
  if (status === 429) return 'throttled';
  if (TRANSIENT_CODES.has(name) || status === 0 || (status ?? 0) >= 500) return 'transient';
  return WRAPPER_CODES.has(name) && WRAPPED_THROTTLE.test(message) ? 'throttled' : 'rejected';
}

/**
 * Beginnings of `failures[].reason` that may pass: there is no room at this moment.
 * ATTRIBUTE, LOCATION, MISSING and INACTIVE do not pass by waiting.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
 */
const PASSING_FAILURES = ['RESOURCE:', 'AGENT', 'Capacity is unavailable at this time'] as const;

/** Whether a placement failure is worth another try. */
export function isPassingFailure(reason: string): boolean {
  return PASSING_FAILURES.some((beginning) => reason.startsWith(beginning));
}
