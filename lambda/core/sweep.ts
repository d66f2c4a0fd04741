import * as z from 'zod';
import { clusterName, type Home } from './arn.ts';
import { ANY } from './policy.ts';
import type { Settings } from './settings.ts';

/** What starts a sweep. */
export interface Trigger {
  readonly kind: 'serviceEvent' | 'byHand' | 'scheduled';
  /** Name of the cluster to look at; `*` for every listed one. */
  readonly cluster: string;
  /** How far back to look, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** When the throttling was signalled; 0 where nothing was. */
  readonly signalAtMs: number;
  /** Whether it tells of the bucket that our turns are taken from. */
  readonly slowsPace: boolean;
}

/** The service scheduler was throttled by ECS itself; its Cloud Map sibling tells of another service's bucket. */
const ECS_THROTTLED = 'ECS_OPERATION_THROTTLED';

const MINUTE_MS = 60_000;
/** Calls are lost before a service notices: its event says that throttling is, not when it began. */
const BEFORE_SIGNAL_MS = 15 * MINUTE_MS;
/** CloudTrail's event history is a quarter of an hour late at worst. */
const HISTORY_LAG_MS = 20 * MINUTE_MS;

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html */
const serviceEvent = z.object({
  'detail-type': z.literal('ECS Service Action'),
  time: instant.optional(),
  detail: z.object({ eventName: z.string(), clusterArn: z.string(), createdAt: instant.optional() }),
});
const byHand = z.strictObject({ cluster: z.string(), since: instant.optional() });
const scheduled = z.strictObject({ scheduled: z.literal(true) });

/** Reads what an execution of the sweep workflow was started with; undefined for what is none of the three. */
export function readTrigger(input: unknown, home: Home, nowMs: number, settings: Settings): Trigger | undefined {
  const event = serviceEvent.safeParse(input).data;
  if (event) {
    const cluster = clusterName(event.detail.clusterArn, home);
    const signalAtMs = Math.min(event.detail.createdAt ?? event.time ?? nowMs, nowMs);
    return cluster === undefined
      ? undefined
      : {
          kind: 'serviceEvent',
          cluster,
          signalAtMs,
          sinceMs: signalAtMs - BEFORE_SIGNAL_MS,
          slowsPace: event.detail.eventName === ECS_THROTTLED,
        };
  }
  const asked = byHand.safeParse(input).data;
  if (asked) {
    const cluster = clusterName(asked.cluster, home);
    const sinceMs = asked.since ?? nowMs - 60 * MINUTE_MS;
    return cluster === undefined
      ? undefined
      : { kind: 'byHand', cluster, signalAtMs: nowMs, sinceMs, slowsPace: false };
  }
  if (!scheduled.safeParse(input).success) return undefined;
  const sinceMs = nowMs - settings.sweep.everyMinutes * MINUTE_MS - HISTORY_LAG_MS;
  return { kind: 'scheduled', cluster: ANY, signalAtMs: 0, sinceMs, slowsPace: false };
}

/** What a sweep carries from one look, or part of a look, to the next. */
export const sweepStateSchema = z.object({
  cluster: z.string(),
  sinceMs: z.number(),
  /** When throttling was last signalled, or something found. */
  lastSignAtMs: z.number(),
  /** Looks in a row that found nothing. */
  quietLooks: z.int(),
  /** The look underway; absent between looks. */
  look: z
    .object({
      startedAtMs: z.number(),
      found: z.int(),
      /** The next page of the event history; absent once that is done. */
      historyToken: z.string().optional(),
      isHistoryDone: z.boolean(),
    })
    .optional(),
  /** When the last whole look began. */
  lastLookAtMs: z.number().optional(),
});
export type SweepState = z.infer<typeof sweepStateSchema>;

/** A sweep before its first look. */
export function firstSweepState({ cluster, sinceMs, signalAtMs }: Trigger): SweepState {
  return { cluster, sinceMs, lastSignAtMs: signalAtMs, quietLooks: 0 };
}

/** The part of the event history that a look has to read: all of it once, then what may have come late. */
export function historyWindow({ sinceMs, lastLookAtMs, look }: SweepState): { fromMs: number; toMs: number } {
  const fromMs = lastLookAtMs === undefined ? sinceMs : Math.max(sinceMs, lastLookAtMs - HISTORY_LAG_MS);
  return { fromMs, toMs: look?.startedAtMs ?? fromMs };
}

export type AfterLook =
  | { readonly kind: 'wait'; readonly untilMs: number; readonly state: SweepState }
  | { readonly kind: 'end' };

/** Decides what follows a whole look that found `found` new calls. */
export function afterLook(
  state: SweepState,
  found: number,
  startedAtMs: number,
  nowMs: number,
  { sweep }: Pick<Settings, 'sweep'>,
): AfterLook {
  const lastSignAtMs = found > 0 ? nowMs : state.lastSignAtMs;
  const quietLooks = found > 0 ? 0 : state.quietLooks + 1;
  // A scheduled sweep that nothing called for looks once: the next one is on its way.
  const wasUncalledFor = lastSignAtMs === 0;
  const isQuiet = quietLooks >= 2 && nowMs - lastSignAtMs >= sweep.quietMinutes * MINUTE_MS;
  if (wasUncalledFor || isQuiet) return { kind: 'end' };
  const { look: _, ...rest } = state;
  return {
    kind: 'wait',
    untilMs: startedAtMs + sweep.lookEveryMinutes * MINUTE_MS,
    state: { ...rest, lastSignAtMs, quietLooks, lastLookAtMs: startedAtMs },
  };
}
