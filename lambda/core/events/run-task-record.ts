import * as z from 'zod';
import type { ApiError } from './throttle.ts';

/** Who made a recorded call. */
export interface Caller {
  /** The IAM role or user behind the call; for an assumed role the role, not the session. */
  readonly principalArn: string;
  /** The unique id of that role or user (`AROA…`, `AIDA…`): SQS names senders by it. */
  readonly principalId?: string;
  /** The AWS service that made the call for somebody. */
  readonly invokedBy?: string;
  readonly userAgent?: string;
  /** The AWS service that the request came from: CloudTrail puts its name in place of an address. */
  readonly sourceService?: string;
}

/** A request to ECS, rejected or accepted, as CloudTrail recorded it. */
interface CallRecord {
  /** Identity of the CloudTrail record; two deliveries of one record share it. */
  readonly eventId: string;
  /** Identity of the request: whoever made it knows it too. */
  readonly requestId?: string;
  readonly account: string;
  readonly region: string;
  /** When the call was made, in milliseconds since the epoch. */
  readonly eventTimeMs: number;
  readonly caller: Caller;
  /** Why it was rejected; absent if it was accepted. */
  readonly error?: ApiError;
}

export interface RunTaskRecord extends CallRecord {
  readonly kind: 'runTaskRecord';
  /** As recorded, undecoded; null if the record does not hold it. */
  readonly requestParameters: unknown;
  /** The tasks that an accepted request started. */
  readonly taskArns: readonly string[];
  /** Why an accepted request started fewer tasks than it asked for. */
  readonly failureReasons: readonly string[];
}

/** A request for another operation that shares RunTask's bucket. */
export interface OtherCallRecord extends CallRecord {
  readonly kind: 'otherCallRecord';
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html */
const principal = z.object({
  type: z.string().nullish(),
  arn: z.string().nullish(),
  principalId: z.string().nullish(),
});
const userIdentity = principal.extend({
  invokedBy: z.string().nullish(),
  sessionContext: z.object({ sessionIssuer: principal.nullish() }).nullish(),
});

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
const callRecordSchema = z.object({
  eventID: z.string(),
  requestID: z.string().nullish(),
  eventTime: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  eventSource: z.literal('ecs.amazonaws.com'),
  awsRegion: z.string(),
  userAgent: z.string().nullish(),
  sourceIPAddress: z.string().nullish(),
  errorCode: z.string().nullish(),
  errorMessage: z.string().nullish(),
  recipientAccountId: z.string().nullish(),
  userIdentity,
});

export const runTaskRecordSchema = callRecordSchema.extend({
  eventName: z.literal('RunTask'),
  requestParameters: z.unknown().optional(),
  responseElements: z
    .object({
      tasks: z.array(z.object({ taskArn: z.string() })).nullish(),
      failures: z.array(z.object({ reason: z.string().nullish() })).nullish(),
    })
    .nullish(),
});

/**
 * Other operations that take from RunTask's bucket, "cluster resource modify", as AWS documents them:
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 */
export const OTHER_OPERATIONS = ['StartTask', 'StopTask', 'ExecuteCommand'] as const;
export const otherCallRecordSchema = callRecordSchema.extend({ eventName: z.enum(OTHER_OPERATIONS) });

/** `account` is that of the bus; it stands in where the record does not say in which account the call was made. */
export function decodeRunTaskRecord(record: z.output<typeof runTaskRecordSchema>, account: string): RunTaskRecord {
  const { requestParameters = null, responseElements } = record;
  return {
    kind: 'runTaskRecord',
    ...decodeCall(record, account),
    requestParameters,
    taskArns: (responseElements?.tasks ?? []).map(({ taskArn }) => taskArn),
    failureReasons: (responseElements?.failures ?? []).map(({ reason }) => reason ?? ''),
  };
}

export function decodeOtherCallRecord(
  record: z.output<typeof otherCallRecordSchema>,
  account: string,
): OtherCallRecord {
  return { kind: 'otherCallRecord', ...decodeCall(record, account) };
}

function decodeCall(record: z.output<typeof callRecordSchema>, account: string): CallRecord {
  const { userIdentity: identity, userAgent, sourceIPAddress, errorCode, errorMessage } = record;
  return {
    eventId: record.eventID,
    ...(record.requestID && { requestId: record.requestID }),
    account: record.recipientAccountId ?? account,
    region: record.awsRegion,
    eventTimeMs: record.eventTime,
    caller: {
      ...decodePrincipal(identity),
      ...(identity.invokedBy && { invokedBy: identity.invokedBy }),
      ...(userAgent && { userAgent }),
      ...(sourceIPAddress?.endsWith('.amazonaws.com') && { sourceService: sourceIPAddress }),
    },
    ...(errorCode && { error: { code: errorCode, message: errorMessage ?? '' } }),
  };
}

/** All operations that take from RunTask's bucket. */
export const BUCKET_OPERATIONS = ['RunTask', ...OTHER_OPERATIONS] as const;

/**
 * The role behind a session, or the identity itself. A federated user's session was issued by an IAM user, but may be
 * scoped down to nothing: it does not count as that user.
 */
function decodePrincipal(identity: z.output<typeof userIdentity>): Pick<Caller, 'principalArn' | 'principalId'> {
  const issuer = identity.sessionContext?.sessionIssuer;
  const isSession = (identity.type ?? 'AssumedRole') === 'AssumedRole' && issuer?.arn?.includes(':role/');
  const { arn, principalId } = issuer && isSession ? issuer : identity;
  const id = principalId ?? identity.principalId;
  return { principalArn: arn ?? '', ...(id && { principalId: uniqueId(id) }) };
}

/** `AROAEXAMPLE:session` is a session of the role `AROAEXAMPLE`. */
export function uniqueId(principalId: string): string {
  return /^AROA[^:]*/.exec(principalId)?.[0] ?? principalId;
}
