import type { BucketSettings } from '../scenario/account.ts';
import { type RateCaller, readScenario, type Scenario } from '../scenario/scenario.ts';

/** One storm beside live traffic, on one bucket. */
export interface Case {
  readonly bucket: BucketSettings;
  /** Whether the bucket is that of Fargate's RunTask, beside an undisturbed one of the cluster's. */
  readonly isFargate?: boolean;
  /** RunTask calls of the storm, in five seconds. */
  readonly calls: number;
  readonly others: { readonly perSecond: number; readonly arrival: RateCaller['arrival'] };
}

const STORMS: readonly (Omit<Case, 'others'> & { readonly othersPerSecond: number })[] = [
  { bucket: { burst: 100, refillPerSecond: 40 }, calls: 5000, othersPerSecond: 20 },
  { bucket: { burst: 100, refillPerSecond: 40 }, calls: 1500, othersPerSecond: 34 },
  { bucket: { burst: 10, refillPerSecond: 5 }, calls: 300, othersPerSecond: 2 },
  { bucket: { burst: 20, refillPerSecond: 20 }, isFargate: true, calls: 1300, othersPerSecond: 5 },
  { bucket: { burst: 400, refillPerSecond: 160 }, calls: 3000, othersPerSecond: 60 },
];

export const CASES: readonly Case[] = STORMS.flatMap(({ othersPerSecond, ...storm }) =>
  (['even', 'poisson'] as const).map((arrival) => ({ ...storm, others: { perSecond: othersPerSecond, arrival } })),
);

/**
 * What the README shows: one case with every figure, and two harder ones beside it. Others arrive at random in each: evenly
 * spaced ones can fall into step with the bucket's tokens, and then nobody throttles them, however greedy.
 */
export const README_CASES = {
  full: CASES.slice(1, 2),
  brief: CASES.filter(
    ({ bucket, others }) => others.arrival === 'poisson' && (bucket.burst === 10 || others.perSecond === 34),
  ),
} as const;

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
  maxAttempts: 1,
  request: request(taskDefinition),
});

/**
 * What a contender can know of a lost call. `handedOver`: records of rejected calls hold no request, and the caller hands
 * its calls over, as this project asks for; `recorded`: records hold the request, for whoever has nothing else to go by.
 */
export type Knowledge = 'handedOver' | 'recorded';

export function scenarioOf({ bucket, isFargate, calls, others }: Case, seed: number, knowledge: Knowledge): Scenario {
  const handsOver = knowledge === 'handedOver';
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
    },
    callers: [
      { ...callerOf('cron', 'report'), handsOver, calls, overSeconds: 5 },
      { ...callerOf('web', 'web-job'), callsPerSecond: others.perSecond, arrival: others.arrival },
    ],
  };
  return readScenario(JSON.stringify(scenario), scenario.name);
}
