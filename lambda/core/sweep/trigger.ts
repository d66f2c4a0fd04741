import * as z from 'zod';
import { type AwsEnvironment, clusterName, parseArn } from '../arn.ts';
import { SERVICE_EVENTS } from '../contract.ts';
import { ANY, listedCluster, type OptIn } from '../opt-in/opt-in.ts';
import type { Settings } from '../settings.ts';
import { MINUTE_MS, OVERLAP_MS } from './coverage.ts';

/** What starts a sweep. */
export interface Trigger {
  /** Name of the cluster to look at; `*` for every listed one, `UNLISTED` for none: then only the event history is read. */
  readonly cluster: string;
  /** The start of the period to sweep, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** When throttling was signalled; 0 for a scheduled sweep. */
  readonly signalAtMs: number;
  /** When the throttling happened, as far as it is known. */
  readonly throttledAtMs: number;
  /** Whether it is about the bucket that our permits are taken from. */
  readonly slowsRate: boolean;
}

/** Stands for all clusters that are not listed, which share one sweep. No cluster's name has a space. */
export const UNLISTED = 'not listed';

/** Calls may be lost before a service is throttled. Its event does not say when throttling began. */
const BEFORE_SIGNAL_MS = 15 * MINUTE_MS;

/** The period of the first sweep, and of a manual one without `since`: ECS shows stopped tasks for an hour. */
const FIRST_PASS_MS = 60 * MINUTE_MS;

/** Nobody expects older calls to run. */
const LONGEST_PASS_MS = 24 * 60 * MINUTE_MS;

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
  readonly awsEnvironment: AwsEnvironment;
  readonly nowMs: number;
  /** When the sweep was requested. An outage of its handler may lie between then and now. */
  readonly askedAtMs: number;
  readonly settings: Pick<Settings, 'sweep' | keyof OptIn>;
  /** How far sweeps have read the event history without a gap. */
  readonly coveredUntilMs: number | undefined;
}

/** Reads the input of an execution of the sweep workflow; undefined if it is none of the three kinds. */
export function readTrigger(input: unknown, context: TriggerContext): Trigger | undefined {
  const { awsEnvironment, nowMs, askedAtMs, settings, coveredUntilMs } = context;
  const event = serviceEvent.safeParse(input).data;
  if (event) {
    const { clusterArn, createdAt, eventName } = event.detail;
    const cluster =
      clusterArn === undefined
        ? clusterOfService(event.resources?.[0], awsEnvironment)
        : clusterName(clusterArn, awsEnvironment);
    if (cluster === undefined) return undefined;
    const swept = sweptBy(cluster, context);
    const throttledAtMs = Math.min(createdAt ?? event.time ?? nowMs, nowMs);
    const slowsRate = eventName === SERVICE_EVENTS.ecsThrottled;
    return { cluster: swept, throttledAtMs, signalAtMs: nowMs, sinceMs: throttledAtMs - BEFORE_SIGNAL_MS, slowsRate };
  }
  const common = { throttledAtMs: nowMs, slowsRate: false };
  const asked = byHand.safeParse(input).data;
  if (asked) {
    const cluster = asked.cluster === ANY ? ANY : clusterName(asked.cluster, awsEnvironment);
    const sinceMs = asked.since ?? askedAtMs - FIRST_PASS_MS;
    if (cluster === undefined) return undefined;
    const swept = cluster === ANY ? ANY : (listedCluster(cluster, settings, awsEnvironment) ?? UNLISTED);
    return { ...common, cluster: swept, signalAtMs: nowMs, sinceMs };
  }
  if (!scheduled.safeParse(input).success) return undefined;
  // From the end of the coverage, so that an outage leaves no gap. The first sweep goes back an hour.
  const dueMs = askedAtMs - settings.sweep.everyMinutes * MINUTE_MS - OVERLAP_MS;
  const sinceMs = Math.max(Math.min(dueMs, coveredUntilMs ?? askedAtMs - FIRST_PASS_MS), nowMs - LONGEST_PASS_MS);
  return { ...common, cluster: ANY, signalAtMs: 0, sinceMs };
}

/**
 * Which sweep a service event belongs to. Whoever may create clusters and services can have any number of them throttled, and
 * each sweep reads the history, which all share: so there is one for each cluster that the owner named, and one for the rest.
 */
function sweptBy(cluster: string, { settings, awsEnvironment }: TriggerContext): string {
  if (settings.clusters.includes(ANY)) return ANY;
  return listedCluster(cluster, settings, awsEnvironment) ?? UNLISTED;
}

/** `arn:aws:ecs:us-east-1:111122223333:service/batch/api`; ARNs of the old format do not name the cluster. */
function clusterOfService(serviceArn: string | undefined, awsEnvironment: AwsEnvironment): string | undefined {
  const arn = parseArn(serviceArn ?? '');
  if (arn?.account !== awsEnvironment.account || arn.region !== awsEnvironment.region) return undefined;
  return /^service\/([^/]+)\/[^/]+$/.exec(arn.resource)?.[1];
}
