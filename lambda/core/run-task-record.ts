import * as z from 'zod';
import type { ApiError } from './throttle.ts';

/** Who made a recorded call. */
export interface Caller {
  /** The IAM role or user behind the call; for an assumed role the role, not the session. */
  readonly principalArn: string;
  /** The AWS service that called on somebody's behalf. */
  readonly invokedBy?: string;
  readonly userAgent?: string;
}

/** A RunTask request, rejected or accepted, as CloudTrail recorded it. */
export interface RunTaskRecord {
  readonly kind: 'runTaskRecord';
  /** Identity of the CloudTrail record; two deliveries of one record share it. */
  readonly eventId: string;
  readonly account: string;
  readonly region: string;
  /** When the call was made, in milliseconds since the epoch. */
  readonly eventTimeMs: number;
  readonly caller: Caller;
  /** Why it was rejected; absent where it was accepted. */
  readonly error?: ApiError;
  /** As recorded: undecoded, and null where CloudTrail dropped it. */
  readonly requestParameters: unknown;
  /** The tasks that an accepted request started. */
  readonly taskArns: readonly string[];
  /** Why an accepted request started fewer tasks than it asked for. */
  readonly failureReasons: readonly string[];
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html */
const userIdentity = z.object({
  arn: z.string().nullish(),
  invokedBy: z.string().nullish(),
  sessionContext: z.object({ sessionIssuer: z.object({ arn: z.string().nullish() }).nullish() }).nullish(),
});

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
export const runTaskRecordSchema = z.object({
  eventID: z.string(),
  eventTime: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  eventSource: z.literal('ecs.amazonaws.com'),
  eventName: z.literal('RunTask'),
  awsRegion: z.string(),
  userAgent: z.string().nullish(),
  errorCode: z.string().nullish(),
  errorMessage: z.string().nullish(),
  requestParameters: z.unknown().optional(),
  responseElements: z
    .object({
      tasks: z.array(z.object({ taskArn: z.string() })).nullish(),
      failures: z.array(z.object({ reason: z.string().nullish() })).nullish(),
    })
    .nullish(),
  recipientAccountId: z.string().nullish(),
  userIdentity,
});

/** `account` is that of the bus which the record arrived at; only the record says in whose account the call was made. */
export function decodeRunTaskRecord(record: z.output<typeof runTaskRecordSchema>, account: string): RunTaskRecord {
  const { userIdentity: identity, userAgent, errorCode, errorMessage, responseElements } = record;
  return {
    kind: 'runTaskRecord',
    eventId: record.eventID,
    account: record.recipientAccountId ?? account,
    region: record.awsRegion,
    eventTimeMs: record.eventTime,
    caller: {
      // The role behind a session where the record names it; the bare identity otherwise, e.g. of an IAM user.
      principalArn: identity.sessionContext?.sessionIssuer?.arn ?? identity.arn ?? '',
      ...(identity.invokedBy && { invokedBy: identity.invokedBy }),
      ...(userAgent && { userAgent }),
    },
    ...(errorCode && { error: { code: errorCode, message: errorMessage ?? '' } }),
    requestParameters: record.requestParameters ?? null,
    taskArns: (responseElements?.tasks ?? []).map(({ taskArn }) => taskArn),
    failureReasons: (responseElements?.failures ?? []).map(({ reason }) => reason ?? ''),
  };
}
