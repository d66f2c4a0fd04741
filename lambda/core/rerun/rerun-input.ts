import * as z from 'zod';
import { type RunTaskRequest, runTaskRequestSchema, taskCountSchema } from '../events/run-task-request.ts';
import { remainderToken } from '../identity.ts';
import type { Settings } from '../settings.ts';
import { failedTaskSchema } from './launch-record.ts';

/** What a re-run carries from one attempt to the next. */
export const progressSchema = z.strictObject({
  /** RunTask requests so far that were answered without success. */
  attempts: z.int().min(0),
  /** RunTask requests so far that got no answer. */
  unanswered: z.int().min(0),
  /** Tasks still to start. */
  remaining: taskCountSchema,
  /** Answers with `failures[]` so far. Each needs a new client token. */
  round: z.int().min(0),
  /** Tasks started so far. */
  taskArns: z.array(z.string()),
});
export type Progress = z.infer<typeof progressSchema>;

/**
 * The input of one execution of the re-run workflow: one throttled call. It is the same for each delivery of a record, so
 * starting it twice is the same as starting it once.
 */
export const rerunInputSchema = z.strictObject({
  callId: z.string(),
  call: z.strictObject({
    account: z.string(),
    region: z.string(),
    cluster: z.string(),
    family: z.string(),
    /** ARN of the IAM role or user that made the call. For a failed task, only its launch record holds it. */
    caller: z.string().optional(),
    /** When the call was rejected, or its task stopped. */
    eventTime: z.iso.datetime(),
  }),
  /** Until when to wait for the caller's own retries. */
  settleUntil: z.iso.datetime(),
  /** When the re-run gives up. */
  deadline: z.iso.datetime(),
  /** The request to repeat; absent if it first has to be completed from a launch record. */
  request: runTaskRequestSchema.optional(),
  /** The task that failed to start. */
  failedTask: failedTaskSchema.optional(),
  /** The progress of a call that was accepted in part. */
  progress: progressSchema.optional(),
  /** The lineage that the launch continues; absent if the call begins one. */
  lineage: z.strictObject({ rootCallId: z.string(), generation: z.int() }).optional(),
});
export type RerunInput = z.infer<typeof rerunInputSchema>;

/** The request of the next attempt: the caller's own, or the rest of it under a new token. */
export function attemptRequest(
  request: RunTaskRequest,
  callId: string,
  { remaining, round }: Progress,
): RunTaskRequest {
  if (round === 0) return request;
  return { ...request, count: remaining, clientToken: remainderToken(callId, remaining, round) };
}

/** Instants of a call, both in milliseconds since the epoch. */
export function timesOf(eventTimeMs: number, settings: Pick<Settings, 'graceSeconds' | 'deadlineSeconds'>) {
  return {
    settleUntilMs: eventTimeMs + settings.graceSeconds * 1000,
    deadlineMs: eventTimeMs + settings.deadlineSeconds * 1000,
  };
}
