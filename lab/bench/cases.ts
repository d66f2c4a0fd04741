import type { BucketSettings } from '../scenario/account.ts';
import { readScenario, type Scenario } from '../scenario/scenario.ts';

/** One storm beside live traffic that arrives at random, on one bucket. */
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
  readonly others: {
    readonly perSecond: number;
    readonly later?: { readonly perSecond: number; readonly atSecond: number };
  };
  /** How late CloudTrail's records are, where it is not the lab's default. */
  readonly recordDelaySeconds?: readonly [number, number];
  /** Callers do not hand over: records hold the requests, for this project too. */
  readonly isRecorded?: boolean;
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
];

/** What the README shows: the realistic case with every figure, and harder ones beside it. */
export const README_CASES = { full: [REALISTIC], brief: [RAMP, CROWDED, SMALL] } as const;

const ACCOUNT_ID = '111122223333';
const CRON = `arn:aws:iam::${ACCOUNT_ID}:role/cron`;
const request = (taskDefinition: string) => ({
  cluster: 'batch',
  taskDefinition,
  launchType: 'FARGATE',
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0aaa'] } },
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
  const { bucket, isFargate, calls, overSeconds, attempts, others, recordDelaySeconds } = storm;
  const handsOver = knowledge === 'handedOver' && !storm.isRecorded;
  const web = (name: string, callsPerSecond: number, startAt = 0) => ({
    ...callerOf(name, 'web-job'),
    maxAttempts: 1,
    callsPerSecond,
    startAt,
    arrival: 'poisson',
  });
  const { perSecond, later } = others;
  const scenario = {
    name: 'bench',
    seed,
    remediation: {
      config: {
        mode: 'rerun',
        clusters: ['batch'],
        families: ['report'],
        callers: [handsOver ? { arn: CRON, handsOver } : CRON],
      },
    },
    account: {
      throttledRecords: handsOver ? 'bare' : 'full',
      id: ACCOUNT_ID,
      clusters: ['batch'],
      taskDefinitions: [{ family: 'report' }, { family: 'web-job' }],
      buckets: isFargate ? { fargateRunTask: bucket } : { clusterResourceModify: bucket },
      ...(recordDelaySeconds && { cloudTrailDelaySeconds: recordDelaySeconds }),
    },
    callers: [
      { ...callerOf('cron', 'report'), handsOver, calls, overSeconds, maxAttempts: attempts },
      web('web', perSecond),
      ...(later ? [web('web-2', later.perSecond - perSecond, later.atSecond)] : []),
    ],
  };
  return readScenario(JSON.stringify(scenario), scenario.name);
}
