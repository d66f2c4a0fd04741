import type { BucketSettings } from '../scenario/account.ts';
import { readScenario, type Scenario } from '../scenario/scenario.ts';

/** One storm beside live traffic that arrives at random, on one bucket; some in a room that is too small. */
export interface Case {
  readonly bucket: BucketSettings;
  /** Whether the bucket is that of Fargate's RunTask, beside an undisturbed one of the cluster's. */
  readonly isFargate?: boolean;
  /** RunTask calls of the storm. */
  readonly calls: number;
  readonly overSeconds: number;
  /** Of each call by its caller's own SDK. */
  readonly attempts: number;
  /** Calls a second of others; and from some second on, if that changes. */
  readonly others?: {
    readonly perSecond: number;
    readonly later?: { readonly perSecond: number; readonly atSecond: number };
  };
  /** How late CloudTrail's records are, where it is not the lab's default. */
  readonly recordDelaySeconds?: readonly [number, number];
  /** Callers do not hand over: records hold the requests, for this project too. */
  readonly isRecorded?: boolean;
  /** What there is too little of; tasks then take 20 to 60 s. */
  readonly room?: { readonly kind: 'fargate' | 'addresses' | 'provisioning'; readonly tasks: number };
  /** The caller is an EventBridge rule, which takes every answer for success and hands nothing over. */
  readonly isRule?: boolean;
}

const BUCKET: BucketSettings = { burst: 100, refillPerSecond: 40 };

/** As it mostly is: callers with an SDK's own three attempts, over a minute. */
const REALISTIC: Case = { bucket: BUCKET, calls: 3000, overSeconds: 60, attempts: 3, others: { perSecond: 15 } };
const CROWDED: Case = { bucket: BUCKET, calls: 1500, overSeconds: 5, attempts: 1, others: { perSecond: 34 } };
const SMALL: Case = {
  bucket: { burst: 10, refillPerSecond: 5 },
  calls: 300,
  overSeconds: 5,
  attempts: 1,
  others: { perSecond: 2 },
};
/** Of the tasks that fit, others have about a third. */
const FULL: Case = {
  bucket: BUCKET,
  room: { kind: 'fargate', tasks: 150 },
  isRule: true,
  calls: 1500,
  overSeconds: 120,
  // As EventBridge tries what was throttled: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
  attempts: 185,
  others: { perSecond: 0.8 },
};
const RAMP: Case = {
  bucket: BUCKET,
  calls: 2500,
  overSeconds: 5,
  attempts: 1,
  others: { perSecond: 8, later: { perSecond: 24, atSecond: 40 } },
};

export const CASES: readonly Case[] = [
  REALISTIC,
  { bucket: BUCKET, calls: 2000, overSeconds: 5, attempts: 1, others: { perSecond: 20 } },
  { bucket: BUCKET, calls: 2000, overSeconds: 5, attempts: 1, others: { perSecond: 20 }, isRecorded: true },
  { ...REALISTIC, overSeconds: 10, recordDelaySeconds: [60, 300] },
  RAMP,
  CROWDED,
  SMALL,
  {
    bucket: { burst: 20, refillPerSecond: 20 },
    isFargate: true,
    calls: 1300,
    overSeconds: 5,
    attempts: 1,
    others: { perSecond: 5 },
  },
  {
    bucket: { burst: 400, refillPerSecond: 160 },
    calls: 3000,
    overSeconds: 5,
    attempts: 1,
    others: { perSecond: 60 },
  },
  FULL,
  { bucket: BUCKET, room: { kind: 'addresses', tasks: 33 }, calls: 500, overSeconds: 60, attempts: 1 },
  { bucket: BUCKET, room: { kind: 'provisioning', tasks: 60 }, calls: 1200, overSeconds: 20, attempts: 1 },
];

/** What the README shows: the realistic case with every figure, and harder ones beside it. */
export const README_CASES = { full: [REALISTIC], brief: [RAMP, CROWDED, SMALL, FULL] } as const;

const ACCOUNT_ID = '111122223333';
const CRON = `arn:aws:iam::${ACCOUNT_ID}:role/cron`;
const CLUSTER = 'batch';
const SUBNET = 'subnet-0aaa';
const RULE = { invokedBy: 'events.amazonaws.com', userAgent: 'events.amazonaws.com' };
const request = (taskDefinition: string) => ({
  cluster: CLUSTER,
  taskDefinition,
  launchType: 'FARGATE',
  networkConfiguration: { awsvpcConfiguration: { subnets: [SUBNET] } },
});
const callerOf = (name: string, taskDefinition: string) => ({
  name,
  principalArn: `arn:aws:sts::${ACCOUNT_ID}:assumed-role/${name}/session`,
  request: request(taskDefinition),
});

/**
 * What a contender can know of a lost call. `handedOver`: records of rejected calls hold no request, and the caller hands
 * its calls over, as this project asks for; `recorded`: records hold the request, for whoever has nothing else to go by.
 */
export type Knowledge = 'handedOver' | 'recorded';

export function scenarioOf(storm: Case, seed: number, knowledge: Knowledge): Scenario {
  const { bucket, isFargate, calls, overSeconds, attempts, others, recordDelaySeconds, room, isRule } = storm;
  const handsOver = knowledge === 'handedOver' && !storm.isRecorded && !isRule;
  const web = (name: string, callsPerSecond: number, startAt = 0) => ({
    ...callerOf(name, 'web-job'),
    maxAttempts: 1,
    callsPerSecond,
    startAt,
    arrival: 'poisson',
  });
  const scenario = {
    name: 'bench',
    seed,
    remediation: {
      config: {
        mode: 'rerun',
        clusters: [CLUSTER],
        families: ['report'],
        callers: [handsOver ? { arn: CRON, handsOver } : CRON],
        ...(room && { capacity: { rerun: true } }),
      },
    },
    account: {
      throttledRecords: handsOver ? 'bare' : 'full',
      id: ACCOUNT_ID,
      clusters: [CLUSTER],
      taskDefinitions: [{ family: 'report' }, { family: 'web-job' }],
      buckets: isFargate ? { fargateRunTask: bucket } : { clusterResourceModify: bucket },
      ...(recordDelaySeconds && { cloudTrailDelaySeconds: recordDelaySeconds }),
      ...(room && { room: [limitOf(room)], taskSeconds: [20, 60] }),
    },
    callers: [
      { ...callerOf('cron', 'report'), handsOver, calls, overSeconds, maxAttempts: attempts, ...(isRule && RULE) },
      ...(others ? [web('web', others.perSecond)] : []),
      ...(others?.later ? [web('web-2', others.later.perSecond - others.perSecond, others.later.atSecond)] : []),
    ],
  };
  return readScenario(JSON.stringify(scenario), scenario.name);
}

/** As a scenario has it: some limits are of a cluster or a subnet. */
const limitOf = (room: NonNullable<Case['room']>) => ({
  ...room,
  ...(room.kind === 'addresses' && { subnet: SUBNET }),
  ...(room.kind === 'provisioning' && { cluster: CLUSTER }),
});
