import * as z from 'zod';
import { type AwsEnvironment, clusterName, familyName } from '../arn.ts';
import { parseJson } from '../json.ts';
import type { TaskPlace } from '../rate/rooms-of.ts';
import { shortageOfStart } from './start-failure.ts';
import type { Shortage } from './texts.ts';

/** What a state-change event tells of the place that a task takes. */
export interface TaskChange {
  readonly taskArn: string;
  readonly family: string;
  readonly place: TaskPlace;
  /** What it is at now. */
  readonly status: string;
  readonly createdAtMs: number;
  readonly atMs: number;
  readonly stoppedAtMs: number | undefined;
  /** Whether it stopped before it started, and what there was too little of if that is why. */
  readonly hasFailedToStart: boolean;
  readonly short: Shortage | undefined;
}

const DETAIL_TYPE = 'ECS Task State Change';

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html */
const schema = z.object({
  account: z.string(),
  region: z.string(),
  source: z.literal('aws.ecs'),
  time: instant,
  'replay-name': z.undefined().optional(),
  'detail-type': z.literal(DETAIL_TYPE),
  detail: z.object({
    taskArn: z.string(),
    clusterArn: z.string(),
    taskDefinitionArn: z.string(),
    lastStatus: z.string(),
    createdAt: instant,
    updatedAt: instant.nullish(),
    stoppedAt: instant.nullish(),
    stopCode: z.string().nullish(),
    stoppedReason: z.string().nullish(),
    launchType: z.string().nullish(),
    capacityProviderName: z.string().nullish(),
    containers: z.array(z.object({ reason: z.string().nullish() })).nullish(),
    attachments: z
      .array(z.object({ details: z.array(z.object({ name: z.string(), value: z.string().nullish() })).nullish() }))
      .nullish(),
  }),
});

/** Decodes the text of a state-change event of this account and Region; undefined for anything else. */
export function decodeTaskChange(text: string, awsEnvironment: AwsEnvironment): TaskChange | undefined {
  // Most of what arrives tells of calls: a look at the text is cheaper than reading it.
  if (!text.includes(DETAIL_TYPE)) return undefined;
  const { data } = schema.safeParse(parseJson(text));
  if (!data || data.account !== awsEnvironment.account || data.region !== awsEnvironment.region) return undefined;
  const { detail, time } = data;
  const subnets = (detail.attachments ?? []).flatMap(({ details }) => details ?? []);
  const reasons = [detail.stoppedReason, ...(detail.containers ?? []).map(({ reason }) => reason)];
  const isStopped = detail.lastStatus === 'STOPPED';
  const hasFailedToStart = isStopped && detail.stopCode === 'TaskFailedToStart';
  return {
    taskArn: detail.taskArn,
    family: familyName(detail.taskDefinitionArn, awsEnvironment) ?? '',
    place: {
      cluster: clusterName(detail.clusterArn, awsEnvironment) ?? '',
      launchType: detail.launchType ?? undefined,
      capacityProvider: detail.capacityProviderName ?? undefined,
      subnet: subnets.find(({ name }) => name === 'subnetId')?.value ?? undefined,
    },
    status: detail.lastStatus,
    createdAtMs: detail.createdAt,
    atMs: detail.updatedAt ?? time,
    stoppedAtMs: isStopped ? (detail.stoppedAt ?? detail.updatedAt ?? time) : undefined,
    hasFailedToStart,
    short: hasFailedToStart ? shortageOfStart(reasons.filter((reason) => typeof reason === 'string')) : undefined,
  };
}
