import * as z from 'zod';
import type { AwsEnvironment } from '../arn.ts';
import { parseJson } from '../json.ts';
import { type Malformed, problemsOf } from './malformed.ts';
import type { Caller } from './run-task-record.ts';
import type { ApiError } from './throttle.ts';

/** A call that its caller handed over: a message in the hand-over queue. */
export interface HandedOverCall {
  readonly kind: 'handedOverCall';
  /** Two deliveries of a message share it, two copies of it do not. */
  readonly messageId: string;
  readonly account: string;
  readonly region: string;
  readonly caller: Caller;
  /** Undecoded, as in a record. */
  readonly request: unknown;
  /** When the message was sent, in milliseconds since the epoch. */
  readonly sentAtMs: number;
  /** How far the caller got by itself. */
  readonly attempted: Attempted;
}

export type Attempted =
  /** ECS rejected the last attempt. An earlier one may have been accepted unheard. */
  | {
      readonly kind: 'rejected';
      readonly error: ApiError;
      /** Of the attempts: their records have the same. */
      readonly requestIds: readonly string[];
      readonly firstAttemptAtMs: number;
    }
  /** ECS accepted the call and placed some of its tasks, or none. */
  | {
      readonly kind: 'answered';
      readonly taskArns: readonly string[];
      readonly failureReasons: readonly string[];
      readonly requestIds: readonly string[];
      readonly firstAttemptAtMs: number;
    }
  /** Nobody has called ECS yet; `key` names the job. */
  | { readonly kind: 'never'; readonly key: string };

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
/** No SDK makes more attempts. */
const MAX_REQUEST_IDS = 50;
/** They are logged: what is no id may be anything. */
const requestIds = z
  .array(z.string())
  .transform((ids) => ids.filter((id) => /^[\w-]{1,128}$/.test(id)).slice(0, MAX_REQUEST_IDS))
  .nullish();

const attemptedSchema = z.union([
  z.object({
    // The status tells of errors that have no name of AWS's: a proxy's.
    error: z.object({
      code: z.string(),
      message: z.string().nullish(),
      status: z.int().positive().nullish(),
      requestIds,
    }),
    firstAttemptAt: instant,
  }),
  z.object({
    answer: z.object({
      tasks: z.array(z.string()),
      failures: z.array(z.object({ reason: z.string().nullish() })),
      requestIds,
    }),
    firstAttemptAt: instant,
  }),
  // SQS and EventBridge Scheduler know no longer names than this.
  z.object({ key: z.string().min(1).max(2048), error: z.undefined().optional(), answer: z.undefined().optional() }),
]);
const messageSchema = z.object({ request: z.unknown() }).and(attemptedSchema);

/** The parts of an SQS message that matter, with who sent it. */
export interface HandOverMessage {
  readonly messageId: string;
  readonly body: string;
  readonly sentAtMs: number;
  readonly caller: Caller;
}

/** Decodes a message of the hand-over queue. */
export function decodeHandOver(
  { messageId, body, sentAtMs, caller }: HandOverMessage,
  { account, region }: AwsEnvironment,
): HandedOverCall | Malformed {
  const parsed = messageSchema.safeParse(parseJson(body));
  if (!parsed.success) return { problems: problemsOf(parsed.error, 'the message') };
  const { request } = parsed.data;
  const attempted = attemptedOf(parsed.data, sentAtMs);
  return { kind: 'handedOverCall', messageId, account, region, caller, request, sentAtMs, attempted };
}

/** A sender's clock may be fast: nothing was attempted after it was sent. */
function attemptedOf(message: z.output<typeof attemptedSchema>, sentAtMs: number): Attempted {
  if ('error' in message && message.error) {
    const { code, message: text, status, requestIds } = message.error;
    const error = { code, message: text ?? '', ...(status && { status }) };
    return {
      kind: 'rejected',
      error,
      requestIds: requestIds ?? [],
      firstAttemptAtMs: Math.min(message.firstAttemptAt, sentAtMs),
    };
  }
  if ('answer' in message && message.answer) {
    const { tasks, failures, requestIds } = message.answer;
    return {
      kind: 'answered',
      taskArns: tasks,
      failureReasons: failures.map(({ reason }) => reason ?? ''),
      requestIds: requestIds ?? [],
      firstAttemptAtMs: Math.min(message.firstAttemptAt, sentAtMs),
    };
  }
  return { kind: 'never', key: (message as { key: string }).key };
}
