import * as z from 'zod';
import { runTaskRequestSchema, taskCountSchema } from '../events/run-task-request.ts';
import { SHORTAGES, type Shortage } from '../events/texts.ts';
import type { Settings } from '../settings.ts';
import { failedTaskSchema } from './launch-record.ts';

/** That a call, or a task of it, found no room. */
export const noRoomSchema = z.strictObject({
  /** Until when it waits for some. Counted from when it first found none, over all tasks of the lineage. */
  until: z.iso.datetime(),
  short: z.enum(SHORTAGES),
  /** The room that was full when it last asked; absent while its request is not known. */
  room: z.string().optional(),
});
export type NoRoom = z.infer<typeof noRoomSchema>;

/** What a re-run carries from one attempt to the next. */
export const progressSchema = z.strictObject({
  /** RunTask requests so far that were answered without success. */
  attempts: z.int().min(0),
  /** RunTask requests that got no answer, since the last that found no room: where there are any, its tasks may have their places. */
  unanswered: z.int().min(0),
  /** When the first of those under the token at hand was made: it may have been accepted. */
  unansweredAt: z.iso.datetime().optional(),
  /** When it last threw a permit away for its age and asked for another one, by the clock of the attempts. */
  askedAt: z.iso.datetime().optional(),
  /** Tasks still to start. */
  remaining: taskCountSchema,
  /** Answers with `failures[]` so far. Each needs a new client token. */
  round: z.int().min(0),
  /** Tasks started so far. */
  taskArns: z.array(z.string()),
  /** Absent while it has always found room. */
  noRoom: noRoomSchema.optional(),
});
export type Progress = z.infer<typeof progressSchema>;

/** What an acceptance of the caller's own has to be for the call to be done. */
export const doneBySchema = z.strictObject({ sinceMs: z.number(), count: taskCountSchema, digest: z.string() });
export type DoneBy = z.infer<typeof doneBySchema>;

/** Tokens of ours that calls begin with: in place of a missing one, for a call that nobody attempted, for the next generation. */
const OWN_TOKENS = ['substitute', 'keyed', 'generation'] as const;

/**
 * The input of one execution of the re-run workflow: one throttled call. Its execution's name is the same for each delivery of a
 * record, so starting it twice is the same as starting it once.
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
    /** Who made it, in its identity. */
    principal: z.string().optional(),
    /** When the call was first made as far as is known, or handed over, or its task stopped. */
    eventTime: z.iso.datetime(),
  }),
  /** Until when to wait for the caller's own retries. */
  settleUntil: z.iso.datetime(),
  /** When the re-run gives up. */
  deadline: z.iso.datetime(),
  /** The request to repeat; absent if it first has to be completed from a launch record. */
  request: runTaskRequestSchema.optional(),
  /** Which token of ours the request goes under; absent where it has its caller's. */
  ownToken: z.enum(OWN_TOKENS).optional(),
  /** What an acceptance of the caller's own has to be for the call to be done; absent where only some tasks are left. */
  doneBy: doneBySchema.optional(),
  /** The task that failed to start. */
  failedTask: failedTaskSchema.optional(),
  /** The progress of a call that was accepted in part. */
  progress: progressSchema.optional(),
  /** The rooms that its tasks need places in, by name. Absent while the request is not known. */
  rooms: z.array(z.string()).optional(),
  /** The lineage that the launch continues; absent if the call begins one. */
  lineage: z.strictObject({ rootCallId: z.string(), generation: z.int() }).optional(),
});
export type RerunInput = z.infer<typeof rerunInputSchema>;

/** Until when the token of a request that may have been accepted at `sinceMs` proves sameness, in milliseconds since the epoch. */
export const provesUntilMs = (sinceMs: number, { deadlineSeconds }: Pick<Settings, 'deadlineSeconds'>): number =>
  sinceMs + deadlineSeconds * 1000;

/** Records of one call come about as late as each other: a late one leaves the record of a success this share of its delay to come. */
const LATE_SHARE = 0.1;

/**
 * Until when a caller's own retries are left to themselves, in milliseconds since the epoch: for the grace from the call on, and
 * after a record that was delivered late for a little longer, as a success among them may be recorded still later.
 */
export function settleUntilMs(
  eventTimeMs: number,
  deliveredAtMs: number,
  settings: Pick<Settings, 'graceSeconds' | 'deadlineSeconds'>,
): number {
  const graceMs = settings.graceSeconds * 1000;
  const leftMs = provesUntilMs(eventTimeMs, settings) - deliveredAtMs;
  const moreMs = LATE_SHARE * Math.max(0, Math.min(deliveredAtMs - eventTimeMs, leftMs));
  return Math.max(eventTimeMs + graceMs, deliveredAtMs + Math.min(graceMs, moreMs));
}

/** How long a job that was handed over unattempted is worth starting. */
export const KEYED_LIFE_MS = 24 * 3_600_000;

/** Until when a call waits for room that first found none at `sinceMs`. Where such calls are not re-run, its own time holds. */
export function roomDeadlineMs(
  sinceMs: number,
  ownDeadlineMs: number,
  { capacity }: Pick<Settings, 'capacity'>,
): number {
  return capacity.rerun ? sinceMs + capacity.deadlineSeconds * 1000 : ownDeadlineMs;
}

/** The progress of a call that found no room for so many of its tasks before it came to us, at `sinceMs`. */
export function withoutRoom(
  { short, room, sinceMs }: { readonly short: Shortage; readonly room?: string; readonly sinceMs: number },
  rest: Pick<Progress, 'remaining' | 'round'> & Partial<Pick<Progress, 'taskArns'>>,
  settings: Pick<Settings, 'deadlineSeconds' | 'capacity'>,
): Progress & { readonly noRoom: NoRoom } {
  const untilMs = roomDeadlineMs(sinceMs, provesUntilMs(sinceMs, settings), settings);
  const noRoom = { until: new Date(untilMs).toISOString(), short, ...(room !== undefined && { room }) };
  return { attempts: 0, unanswered: 0, taskArns: [], ...rest, noRoom };
}

/** Until when a re-run waits for room; undefined while it has always found some. Whoever starts an execution gains little by a later time. */
export function waitsForRoomUntilMs(
  { call }: Pick<RerunInput, 'call'>,
  { noRoom }: Pick<Progress, 'noRoom'>,
): number | undefined {
  return noRoom && Math.min(Date.parse(noRoom.until), Date.parse(call.eventTime) + KEYED_LIFE_MS);
}

/**
 * Until when a re-run may ask ECS to launch. A token that nobody but us has used proves sameness from the first request on
 * that may have been accepted unheard; until then there is nothing to prove, and the call may wait for as long as it is worth starting.
 */
export function deadlineOf(
  rerun: Pick<RerunInput, 'call' | 'ownToken'>,
  progress: Pick<Progress, 'unansweredAt' | 'noRoom' | 'round'>,
  settings: Pick<Settings, 'graceSeconds' | 'deadlineSeconds'>,
): number {
  const { call, ownToken } = rerun;
  const eventTimeMs = Date.parse(call.eventTime);
  const roomMs = waitsForRoomUntilMs(rerun, progress) ?? Number.POSITIVE_INFINITY;
  const isOurs = ownToken === 'keyed' || (progress.noRoom && (progress.round > 0 || ownToken === 'generation'));
  if (!isOurs) return Math.min(provesUntilMs(eventTimeMs, settings), roomMs);
  const { unansweredAt } = progress;
  const unheard = unansweredAt ? provesUntilMs(Date.parse(unansweredAt), settings) : Number.POSITIVE_INFINITY;
  return Math.min(ownToken === 'keyed' ? eventTimeMs + KEYED_LIFE_MS : roomMs, roomMs, unheard);
}
