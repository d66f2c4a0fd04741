import * as z from 'zod';
import { clusterName, type Home, parseArn } from './arn.ts';
import { HISTORY_LAG_MS } from './late.ts';
import { ANY } from './policy.ts';
import type { Settings } from './settings.ts';

/** What starts a sweep. */
export interface Trigger {
  /** Name of the cluster to look at; `*` for every listed one. */
  readonly cluster: string;
  /** How far back to look, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** When the sweep was called for; 0 where nothing called for it. */
  readonly signalAtMs: number;
  /** When the throttling was, as far as that is told. */
  readonly throttledAtMs: number;
  /** Whether it tells of the bucket that our turns are taken from. */
  readonly slowsPace: boolean;
}

/** The service scheduler was throttled by ECS itself; its Cloud Map sibling tells of another service's bucket. */
const ECS_THROTTLED = 'ECS_OPERATION_THROTTLED';

const MINUTE_MS = 60_000;
/** Calls are lost before a service notices: its event says that throttling is, not when it began. */
const BEFORE_SIGNAL_MS = 15 * MINUTE_MS;
/** How far a look goes back behind the one before: what CloudTrail may be late by, and some. */
const OVERLAP_MS = HISTORY_LAG_MS + 5 * MINUTE_MS;

/** How far back the first sweep looks, and one that was asked for without saying: tasks are shown for an hour. */
const FIRST_LOOK_MS = 60 * MINUTE_MS;
/** Older calls are nobody's expectation any more. */
const LONGEST_LOOK_MS = 24 * 60 * MINUTE_MS;

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html */
const serviceEvent = z.object({
  'detail-type': z.literal('ECS Service Action'),
  time: instant.optional(),
  resources: z.array(z.string()).optional(),
  detail: z.object({ eventName: z.string(), clusterArn: z.string().optional(), createdAt: instant.optional() }),
});
const byHand = z.strictObject({ cluster: z.string(), since: instant.optional() });
const scheduled = z.strictObject({ scheduled: z.literal(true) });

export interface TriggerContext {
  readonly home: Home;
  readonly nowMs: number;
  /** When the sweep was asked for: longer ago than now where its handler was out of service. */
  readonly askedAtMs: number;
  readonly settings: Pick<Settings, 'sweep'>;
  /** How far sweeps have read the event history without a gap. */
  readonly coveredUntilMs: number | undefined;
}

/** Reads what an execution of the sweep workflow was started with; undefined for what is none of the three. */
export function readTrigger(input: unknown, context: TriggerContext): Trigger | undefined {
  const { home, nowMs, askedAtMs, settings, coveredUntilMs } = context;
  const event = serviceEvent.safeParse(input).data;
  if (event) {
    const { clusterArn, createdAt, eventName } = event.detail;
    const cluster =
      clusterArn === undefined ? clusterOfService(event.resources?.[0], home) : clusterName(clusterArn, home);
    if (cluster === undefined) return undefined;
    const throttledAtMs = Math.min(createdAt ?? event.time ?? nowMs, nowMs);
    const slowsPace = eventName === ECS_THROTTLED;
    return { cluster, throttledAtMs, signalAtMs: nowMs, sinceMs: throttledAtMs - BEFORE_SIGNAL_MS, slowsPace };
  }
  const common = { throttledAtMs: nowMs, slowsPace: false };
  const asked = byHand.safeParse(input).data;
  if (asked) {
    const cluster = clusterName(asked.cluster, home);
    const sinceMs = asked.since ?? askedAtMs - FIRST_LOOK_MS;
    return cluster === undefined ? undefined : { ...common, cluster, signalAtMs: nowMs, sinceMs };
  }
  if (!scheduled.safeParse(input).success) return undefined;
  // From where the last one got to, so that an outage leaves no hole; a first one looks back an hour.
  const dueMs = askedAtMs - settings.sweep.everyMinutes * MINUTE_MS - OVERLAP_MS;
  const sinceMs = Math.max(Math.min(dueMs, coveredUntilMs ?? askedAtMs - FIRST_LOOK_MS), nowMs - LONGEST_LOOK_MS);
  return { ...common, cluster: ANY, signalAtMs: 0, sinceMs };
}

/** `arn:aws:ecs:us-east-1:111122223333:service/batch/api`; ARNs of the old format do not name the cluster. */
function clusterOfService(serviceArn: string | undefined, home: Home): string | undefined {
  const arn = parseArn(serviceArn ?? '');
  if (arn?.account !== home.account || arn.region !== home.region) return undefined;
  return /^service\/([^/]+)\/[^/]+$/.exec(arn.resource)?.[1];
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
      /** Whether part of the history could not be read: then nothing is proven by it. */
      hasGaps: z.boolean(),
      /** Clusters whose tasks are still to be read, and the next page of the first; absent before that begins. */
      clusters: z.array(z.string()).optional(),
      tasksToken: z.string().optional(),
    })
    .optional(),
  /** When the last whole look began. */
  lastLookAtMs: z.number().optional(),
});
export type SweepState = z.infer<typeof sweepStateSchema>;
/** A look underway. */
export type Look = NonNullable<SweepState['look']>;

/** A sweep before its first look. */
export function firstSweepState({ cluster, sinceMs, signalAtMs }: Trigger): SweepState {
  return { cluster, sinceMs, lastSignAtMs: signalAtMs, quietLooks: 0 };
}

/** The part of the event history that a look has to read: all of it once, then what may have come late. */
export function historyWindow({ sinceMs, lastLookAtMs, look }: SweepState): { fromMs: number; toMs: number } {
  const fromMs = lastLookAtMs === undefined ? sinceMs : Math.max(sinceMs, lastLookAtMs - OVERLAP_MS);
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
