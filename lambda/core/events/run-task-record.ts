import * as z from 'zod';
import type { ApiError } from './throttle.ts';

/** Who made a recorded call. */
export interface Caller {
  /** The IAM role or user behind the call; for an assumed role the role, not the session. */
  readonly principalArn: string;
  /** The AWS service that made the call for somebody. */
  readonly invokedBy?: string;
  readonly userAgent?: string;
}

/** A request to ECS, rejected or accepted, as CloudTrail recorded it. */
interface CallRecord {
  /** Identity of the CloudTrail record; two deliveries of one record share it. */
  readonly eventId: string;
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
const userIdentity = z.object({
  arn: z.string().nullish(),
  invokedBy: z.string().nullish(),
  sessionContext: z.object({ sessionIssuer: z.object({ arn: z.string().nullish() }).nullish() }).nullish(),
});

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
const callRecordSchema = z.object({
  eventID: z.string(),
  eventTime: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  eventSource: z.literal('ecs.amazonaws.com'),
  awsRegion: z.string(),
  userAgent: z.string().nullish(),
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
  const { userIdentity: identity, userAgent, errorCode, errorMessage } = record;
  return {
    eventId: record.eventID,
    account: record.recipientAccountId ?? account,
    region: record.awsRegion,
    eventTimeMs: record.eventTime,
    caller: {
      // The role behind a session, if the record names it; otherwise the identity itself, e.g. an IAM user.
      principalArn: identity.sessionContext?.sessionIssuer?.arn ?? identity.arn ?? '',
      ...(identity.invokedBy && { invokedBy: identity.invokedBy }),
      ...(userAgent && { userAgent }),
    },
    ...(errorCode && { error: { code: errorCode, message: errorMessage ?? '' } }),
  };
}

/** All operations that take from RunTask's bucket. */
export const BUCKET_OPERATIONS = ['RunTask', ...OTHER_OPERATIONS] as const;
