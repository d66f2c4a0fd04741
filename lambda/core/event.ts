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

/** A RunTask request that failed, as CloudTrail recorded it. */
export interface RunTaskRecord {
  readonly kind: 'runTaskRecord';
  /** Identity of the CloudTrail record; two deliveries of one record share it. */
  readonly eventId: string;
  readonly account: string;
  readonly region: string;
  /** When the call was made, in milliseconds since the epoch. */
  readonly eventTimeMs: number;
  readonly caller: Caller;
  readonly error: ApiError;
  /** As recorded: undecoded, and null where CloudTrail dropped it. */
  readonly requestParameters: unknown;
  /** Whether an archive replayed it. */
  readonly replayed: boolean;
}

/** What a rule delivered, decoded. */
export type ThrottleEvent = RunTaskRecord;

/** What could not be decoded: where, what was expected there. Never what was found, which may be somebody's secret. */
export interface Malformed {
  readonly problems: readonly string[];
}

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html */
const userIdentity = z.object({
  type: z.string().optional(),
  arn: z.string().optional(),
  invokedBy: z.string().optional(),
  sessionContext: z.object({ sessionIssuer: z.object({ arn: z.string().optional() }).optional() }).optional(),
});

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
const cloudTrailRecord = z.object({
  eventID: z.string(),
  eventTime: instant,
  eventSource: z.literal('ecs.amazonaws.com'),
  eventName: z.literal('RunTask'),
  awsRegion: z.string(),
  userAgent: z.string().optional(),
  errorCode: z.string(),
  errorMessage: z.string().optional(),
  requestParameters: z.unknown(),
  recipientAccountId: z.string().optional(),
  userIdentity,
});

const envelope = z.object({
  account: z.string(),
  region: z.string(),
  source: z.literal('aws.ecs'),
  'detail-type': z.literal('AWS API Call via CloudTrail'),
  'replay-name': z.string().optional(),
  detail: cloudTrailRecord,
});

/** Decodes the text of an EventBridge event. Nothing undecoded travels further but the request, which has its own reader. */
export function decodeEvent(text: string): ThrottleEvent | Malformed {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problems: ['expected JSON'] };
  }
  const parsed = envelope.safeParse(json);
  if (!parsed.success) return { problems: problemsOf(parsed.error) };
  const { account, detail } = parsed.data;
  return {
    kind: 'runTaskRecord',
    eventId: detail.eventID,
    // The envelope says on whose bus the event arrived; only the record says in whose account the call was made.
    account: detail.recipientAccountId ?? account,
    region: detail.awsRegion,
    eventTimeMs: detail.eventTime,
    caller: {
      principalArn: principalArn(detail.userIdentity),
      ...(detail.userIdentity.invokedBy !== undefined && { invokedBy: detail.userIdentity.invokedBy }),
      ...(detail.userAgent !== undefined && { userAgent: detail.userAgent }),
    },
    error: { code: detail.errorCode, message: detail.errorMessage ?? '' },
    requestParameters: detail.requestParameters ?? null,
    replayed: parsed.data['replay-name'] !== undefined,
  };
}

/** The role behind a session where the record names it; the bare identity otherwise, e.g. of an IAM user. */
function principalArn(identity: z.infer<typeof userIdentity>): string {
  return identity.sessionContext?.sessionIssuer?.arn ?? identity.arn ?? '';
}

/** Places and expectations only: `detail.eventTime: Invalid ISO datetime`. */
function problemsOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => `${issue.path.join('.') || 'the event'}: ${issue.message}`);
}
