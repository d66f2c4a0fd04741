import type { AwsEnvironment } from '../arn.ts';
import { answerOf } from '../events/answer.ts';
import type { BusEvent } from '../events/event.ts';
import type { Malformed } from '../events/malformed.ts';
import type { OtherCallRecord, RunTaskRecord } from '../events/run-task-record.ts';
import { taskCountSchema } from '../events/run-task-request.ts';
import { isPlainThrottle } from '../events/throttle.ts';
import { isOwnCall } from '../opt-in/opt-in.ts';
import type { SecondOfTraffic } from './traffic.ts';

/** One recorded call of others. */
export interface Call {
  /** Identity of its record. A second delivery is not counted, and says nothing about how late records are. */
  readonly eventId: string;
  /** When it was made, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly kind: keyof SecondOfTraffic;
  /** How many tasks it started or, if it was throttled, asked for. */
  readonly tasks: number;
}

/** Errors of callers without permission, as CloudTrail and ECS call them. */
const DENIED = /^(?:Client\.)?(?:AccessDenied|Unauthorized|NotAuthorized)/;

/**
 * The call of others in a record, for the rate. "Each request that you make removes one token", so calls that were
 * rejected for other reasons count as well: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 */
export function callOf(event: BusEvent | Malformed, ownRoleArn: string, awsEnvironment: AwsEnvironment): Call[] {
  if (!('kind' in event) || event.kind === 'stoppedTask' || event.replayed) return [];
  if (event.account !== awsEnvironment.account || event.region !== awsEnvironment.region) return [];
  const { caller, eventId, eventTimeMs: atMs } = event;
  if (isOwnCall(caller, ownRoleArn)) return [];
  const isThrottled = answerOf(event) === 'throttled';
  // Whether ECS throttles before it authorizes is not known: that one was denied does not show that it took a token.
  if (event.error && DENIED.test(event.error.code)) return [];
  // A throttle of a service behind ECS shows neither that a token was there nor that there was none.
  if (isThrottled && event.error && !isPlainThrottle(event.error)) return [];
  return [{ eventId, atMs, kind: isThrottled ? 'throttled' : 'accepted', tasks: tasksOf(event) }];
}

/** How many tasks a call started or, if it was rejected, asked for; one for an operation that starts none. */
function tasksOf(event: RunTaskRecord | OtherCallRecord): number {
  if (event.kind === 'otherCallRecord') return 1;
  if (!event.error) return event.taskArns.length;
  const { count } = (event.requestParameters ?? {}) as { count?: unknown };
  // A request may hold any number. One that ECS would reject must not influence the rate.
  return taskCountSchema.safeParse(count).data ?? 1;
}
