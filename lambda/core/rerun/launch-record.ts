import * as z from 'zod';
import type { IgnoreReason, RefuseReason } from '../contract.ts';
import { type RunTaskRequest, readRunTaskRequest } from '../events/run-task-request.ts';
import { type Environments, environmentVariableSchema } from '../events/stopped-task.ts';
import { callerEntry, type OptIn } from '../opt-in/opt-in.ts';

/** What an accepted RunTask asked for. It is kept under the ARN of each task that the call started. */
export const launchRecordSchema = z.object({
  /** ARN of the IAM role or user that made the call; the original one in all generations. */
  caller: z.string(),
  /** Identity of the first call of the lineage. */
  rootCallId: z.string(),
  /** How many times the task was started again before this launch. */
  generation: z.int().min(0),
  /** Until when the lineage waits for room; absent while it has always found some. */
  waitsForRoomUntil: z.iso.datetime().optional(),
  /** Whether we made it, for somebody else. */
  isOurs: z.boolean().optional(),
  /** Whether the call was made by an AWS service that watches its tasks and starts them again by itself. */
  isWatched: z.boolean().optional(),
  /** The request: as CloudTrail recorded it, or complete if it was ours. */
  request: z.unknown(),
});
export type LaunchRecord = z.infer<typeof launchRecordSchema>;

/** A launch record, and when the call that it tells of was made: 0 for one of ours, which are known first-hand. */
export interface KnownLaunch {
  readonly atMs: number;
  readonly record: LaunchRecord;
}

/** Why a task is none of ours, by its launch record. */
export function foreignLaunch(
  record: Pick<LaunchRecord, 'caller' | 'isWatched'> | undefined,
  { callers }: Pick<OptIn, 'callers'>,
): IgnoreReason | undefined {
  if (record?.isWatched) return 'launcherRetries';
  return record && !callerEntry(record.caller, callers) ? 'callerNotListed' : undefined;
}

/** A task's launch is recorded at the second it was created in; clocks and rounding make it a few. */
export const AROUND_LAUNCH_MS = 5000;

/**
 * Whether a call can have launched a task. A later one repeats, under its token, the call that did: that makes the task
 * nobody else's, and the record of the call itself is still to come.
 */
export const canHaveLaunched = (atMs: number, createdAtMs: number): boolean => atMs <= createdAtMs + AROUND_LAUNCH_MS;

/** The launch record of a task, unless all that it says is that somebody who is not listed repeated the call. */
export function credibleRecord(
  launch: KnownLaunch | undefined,
  createdAtMs: number,
  optIn: Pick<OptIn, 'callers'>,
): LaunchRecord | undefined {
  if (!launch || canHaveLaunched(launch.atMs, createdAtMs)) return launch?.record;
  return foreignLaunch(launch.record, optIn) ? undefined : launch.record;
}

/** What an execution knows about a task that failed to start, before its launch record is found. */
export const failedTaskSchema = z.strictObject({
  taskArn: z.string(),
  /** The revision that the task was of: a bare family may mean another one by now. */
  taskDefinition: z.string(),
  createdAt: z.iso.datetime(),
  environments: z.record(z.string(), z.array(environmentVariableSchema)),
});
export type FailedTask = z.infer<typeof failedTaskSchema>;

/**
 * The whole request of a task that failed to start: its launch record, with the environment values that CloudTrail hides
 * filled in from the task, and its revision. Containers that the caller did not override (GuardDuty puts its agent among the task's
 * overrides) are in no request, so they do not come back either.
 */
export function completeRequest(
  { request: recorded }: LaunchRecord,
  { environments, taskDefinition }: Pick<FailedTask, 'environments' | 'taskDefinition'>,
): { readonly request: RunTaskRequest } | { readonly reason: RefuseReason } {
  const read = readRunTaskRequest(withEnvironments(recorded, environments));
  if ('problem' in read) return { reason: read.problem.reason };
  // Its token is spent.
  const { clientToken: _, ...request } = read.request;
  return { request: { ...request, taskDefinition, count: 1 } };
}

function withEnvironments(recorded: unknown, environments: Environments): unknown {
  const request = recorded as { overrides?: { containerOverrides?: unknown } } | null;
  const containers = request?.overrides?.containerOverrides;
  if (!Array.isArray(containers)) return recorded;
  const containerOverrides = containers.map((container: { name?: string; environment?: unknown } | null) => {
    const values = environments[container?.name ?? ''];
    return container?.environment !== undefined && values ? { ...container, environment: values } : container;
  });
  return { ...request, overrides: { ...request?.overrides, containerOverrides } };
}

/** Pauses before each generation, in seconds. What throttles a start takes minutes to pass. */
const GENERATION_PAUSES = [60, 300, 900] as const;

/** How long after a failed start the next one may be tried. `spread` in [0, 1) spreads the tasks of a storm. */
export function generationPauseSeconds(generation: number, spread: number): number {
  const pause = GENERATION_PAUSES[Math.min(generation, GENERATION_PAUSES.length) - 1] ?? GENERATION_PAUSES[0];
  return pause * (0.75 + 0.5 * spread);
}
