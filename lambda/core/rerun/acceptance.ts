import * as z from 'zod';
import { HIDDEN, type RunTaskRequest } from '../events/run-task-request.ts';
import { isLasting, requestDigest } from '../identity.ts';
import type { DoneBy } from './rerun-input.ts';

/** That ECS accepted a call under some token. */
export const acceptanceSchema = z.object({
  /** When, in milliseconds since the epoch. */
  atMs: z.number(),
  /** The tasks that it launched; fewer than the call asked for where some found no room. */
  taskArns: z.array(z.string()),
  /** Of the request, as CloudTrail shows it. */
  digest: z.string(),
});
export type Acceptance = z.infer<typeof acceptanceSchema>;

/** A token is forgotten an hour after its task ended, and a task may end at once. */
export const TOKEN_LIFE_MS = 60 * 60_000;

/** The acceptance that a call first made at `atMs` could have had. */
export function doneByOf(request: RunTaskRequest, atMs: number): DoneBy {
  const { clientToken = '', count = 1 } = request;
  // An older one is of a call before it that used the same token, unless the token names one call for ever.
  return { sinceMs: isLasting(clientToken) ? 0 : atMs - TOKEN_LIFE_MS, count, digest: recordedDigest(request) };
}

/** Whether ECS accepted this very request, and launched as many tasks as it asks for. */
export function isDone(acceptance: Acceptance | undefined, doneBy: DoneBy): boolean {
  return isAcceptanceOf(acceptance, doneBy) && acceptance.taskArns.length >= doneBy.count;
}

/** Whether an acceptance is of this call, wholly or in part. */
export function isAcceptanceOf(
  acceptance: Acceptance | undefined,
  { sinceMs, digest }: DoneBy,
): acceptance is Acceptance {
  return acceptance !== undefined && acceptance.atMs >= sinceMs && acceptance.digest === digest;
}

/** The digest of a request as CloudTrail records it: with environment values hidden. */
export function recordedDigest(request: unknown): string {
  return requestDigest((withHiddenEnvironment(request) ?? {}) as { readonly clientToken?: unknown });
}

function withHiddenEnvironment(request: unknown): unknown {
  const { overrides } = (request ?? {}) as { overrides?: { containerOverrides?: unknown } | null };
  const containers = overrides?.containerOverrides;
  if (!Array.isArray(containers)) return request;
  const containerOverrides = containers.map((container: { environment?: unknown } | null) =>
    container?.environment == null ? container : { ...container, environment: HIDDEN },
  );
  return { ...(request as object), overrides: { ...overrides, containerOverrides } };
}
