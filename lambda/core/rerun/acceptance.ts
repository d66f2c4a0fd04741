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
  /** That the launch records of its tasks were kept before it, as those of a listed caller. */
  launchesKept: z.literal(true).optional(),
});
export type Acceptance = z.infer<typeof acceptanceSchema>;

/** A token is forgotten an hour after its task ended, and a task may end at once. */
export const TOKEN_LIFE_MS = 60 * 60_000;
/** For so long after an acceptance ECS knows the token for sure: five minutes less, for the clocks and the next request. */
export const TOKEN_SURE_MS = TOKEN_LIFE_MS - 5 * 60_000;

/**
 * The acceptance that a call first made at `atMs` could have had. An older one is of a call before it with the same token,
 * unless the token names one call for ever.
 */
export function doneByOf(request: RunTaskRequest, atMs: number): DoneBy {
  const { clientToken = '', count = 1 } = request;
  return { sinceMs: isLasting(clientToken) ? 0 : atMs - TOKEN_LIFE_MS, count, digest: recordedDigest(request) };
}

/** What acceptances under a call's token mean for it. */
export type CallAcceptance =
  | { readonly kind: 'none' }
  /** ECS accepted this very request, and launched as many tasks as it asks for. */
  | { readonly kind: 'done'; readonly taskArns: readonly string[] }
  | { readonly kind: 'inPart'; readonly taskArns: readonly string[] }
  /** It accepted another request: under the same token nothing may be launched beside it. */
  | { readonly kind: 'another'; readonly atMs: number };

export function readAcceptances(acceptances: readonly (Acceptance | undefined)[], doneBy: DoneBy): CallAcceptance {
  const recent = acceptances
    .filter((acceptance) => acceptance !== undefined)
    .filter(({ atMs }) => atMs >= doneBy.sinceMs);
  const same = recent.filter(({ digest }) => digest === doneBy.digest);
  const [whole] = same.filter(({ taskArns }) => taskArns.length >= doneBy.count);
  if (whole) return { kind: 'done', taskArns: whole.taskArns };
  const [part] = same;
  if (part) return { kind: 'inPart', taskArns: part.taskArns };
  const [other] = recent;
  return other ? { kind: 'another', atMs: other.atMs } : { kind: 'none' };
}

/**
 * The digest of a request as CloudTrail records it: with environment values hidden, and without what means the same as
 * nothing, which the caller may have sent and the record may lack, or the other way round.
 */
export function recordedDigest(request: unknown): string {
  const { count, ...rest } = (withHiddenEnvironment(request) ?? {}) as { readonly count?: unknown };
  return requestDigest(telling({ ...rest, ...(count !== 1 && { count }) }) as { readonly clientToken?: unknown });
}

/** Without `false`, and without lists and objects that hold nothing. */
function telling(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(telling);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, inner]) => [name, telling(inner)] as const);
  return Object.fromEntries(members.filter(([, inner]) => inner !== false && !isEmpty(inner)));
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

function withHiddenEnvironment(request: unknown): unknown {
  const { overrides } = (request ?? {}) as { overrides?: { containerOverrides?: unknown } | null };
  const containers = overrides?.containerOverrides;
  if (!Array.isArray(containers)) return request;
  const containerOverrides = containers.map((container: { environment?: unknown } | null) =>
    container?.environment == null ? container : { ...container, environment: HIDDEN },
  );
  return { ...(request as object), overrides: { ...overrides, containerOverrides } };
}
