import * as z from 'zod';
import type { AwsEnvironment } from '../arn.ts';
import { parseJson } from '../json.ts';
import type { HandedOverCall } from './hand-over.ts';
import { type Malformed, problemsOf } from './malformed.ts';
import {
  decodeOtherCallRecord,
  decodeRunTaskRecord,
  type OtherCallRecord,
  otherCallRecordSchema,
  type RunTaskRecord,
  runTaskRecordSchema,
} from './run-task-record.ts';
import { decodeStoppedTask, type StoppedTask, stoppedTaskSchema } from './stopped-task.ts';

/** What a rule delivered, or a sweep found, decoded. */
export type BusEvent = (RunTaskRecord | OtherCallRecord | StoppedTask) & {
  /** Whether an archive replayed it. */
  readonly replayed: boolean;
  /** The bus that it arrived on first. Forwarding does not change it. */
  readonly origin: AwsEnvironment;
};

/** Whatever tells of a call: an event, or the message of whoever made it. */
export type ThrottleEvent = BusEvent | HandedOverCall;

/** The identity of an event: the same in each delivery, and in what a sweep finds. */
export function eventName(event: ThrottleEvent): string {
  switch (event.kind) {
    case 'stoppedTask':
      return event.taskArn;
    case 'handedOverCall':
      return event.messageId;
    default:
      return event.eventId;
  }
}

const members = {
  account: z.string(),
  region: z.string(),
  source: z.literal('aws.ecs'),
  time: z.iso.datetime({ offset: true }).optional(),
  'replay-name': z.string().optional(),
};
const envelope = z.discriminatedUnion('detail-type', [
  z.object({
    ...members,
    'detail-type': z.literal('AWS API Call via CloudTrail'),
    detail: z.discriminatedUnion('eventName', [runTaskRecordSchema, otherCallRecordSchema]),
  }),
  z.object({ ...members, 'detail-type': z.literal('ECS Task State Change'), detail: stoppedTaskSchema }),
]);

/** Decodes the text of an EventBridge event. Only the request stays undecoded; `readRunTaskRequest` reads it. */
export function decodeEvent(text: string): BusEvent | Malformed {
  const parsed = envelope.safeParse(parseJson(text));
  if (!parsed.success) return { problems: problemsOf(parsed.error, 'the event') };
  const { account, region, time, 'replay-name': replayName } = parsed.data;
  const common = { replayed: replayName !== undefined, origin: { account, region } };
  if (parsed.data['detail-type'] === 'ECS Task State Change') {
    return { ...decodeStoppedTask(parsed.data.detail, { account, region }, Date.parse(time ?? '') || 0), ...common };
  }
  const { detail } = parsed.data;
  return detail.eventName === 'RunTask'
    ? { ...decodeRunTaskRecord(detail, account), ...common }
    : { ...decodeOtherCallRecord(detail, account), ...common };
}

/** Decodes the text of a record in CloudTrail's event history. It has no envelope. */
export function decodeHistoryRecord(text: string): RunTaskRecord | Malformed {
  const parsed = runTaskRecordSchema.safeParse(parseJson(text));
  return parsed.success ? decodeRunTaskRecord(parsed.data, '') : { problems: problemsOf(parsed.error, 'the record') };
}
