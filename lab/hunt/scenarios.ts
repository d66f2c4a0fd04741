import type { JsonObject } from '../kernel/json.ts';
import { type Random, randomStream } from '../kernel/random.ts';

/** Random storms without faults, each out of its own number: what the rate has to cope with, and nobody has written down. */

const ACCOUNT = '111122223333';
const RECORD_DELAYS = [
  [2, 15],
  [20, 90],
  [60, 300],
  [90, 400],
];
/** Of a bucket's refill others take so much at most: the rest is what a drain has. */
const OTHERS_MOST = 0.75;

const between = (random: Random, from: number, to: number) => from + (to - from) * random();
const oneOf = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
const rounded = (value: number) => Math.round(value * 10) / 10;

const caller = (name: string, family: string) => ({
  name,
  principalArn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/session`,
  request: {
    cluster: 'batch',
    taskDefinition: family,
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0aaa'] } },
  },
});

/** The storm of a number; the same for ever. */
export function stormOf(number: number): JsonObject {
  const random = randomStream(number, 'hunt');
  const refillPerSecond = oneOf(random, [10, 20, 40, 80, 160]);
  const burst = Math.round(refillPerSecond * between(random, 1, 2.5));
  const handsOver = random() < 0.7;
  const overSeconds = Math.round(between(random, 1, 60));
  const lost = Math.round(between(random, 350, 1500));
  const attempts = oneOf(random, [1, 1, 3]);
  const others = refillPerSecond * between(random, 0.1, OTHERS_MOST - 0.1);
  const arrival = oneOf(random, ['even', 'poisson']);
  const web = (name: string, callsPerSecond: number, startAt = 0) => ({
    ...caller(name, 'web'),
    maxAttempts: 1,
    arrival,
    callsPerSecond: rounded(callsPerSecond),
    startAt,
    untilDrained: true,
  });
  const rampBy = random() < 0.3 ? between(random, 0.2, 2) * others : 0;
  const ramp = Math.min(rampBy, OTHERS_MOST * refillPerSecond - others);
  const calls = Math.round(lost + burst + overSeconds * (refillPerSecond - others));
  const delay = oneOf(random, RECORD_DELAYS);
  return {
    name: `hunt ${number}`,
    seed: number,
    remediation: {
      config: {
        mode: 'rerun',
        clusters: ['batch'],
        families: ['report'],
        callers: [{ arn: `arn:aws:iam::${ACCOUNT}:role/cron`, handsOver }],
      },
    },
    account: {
      clusters: ['batch'],
      taskDefinitions: [{ family: 'report' }, { family: 'web' }],
      buckets: { clusterResourceModify: { burst, refillPerSecond } },
      cloudTrailDelaySeconds: delay,
      throttledRecords: handsOver ? 'bare' : 'full',
    },
    callers: [
      { ...caller('cron', 'report'), calls, overSeconds, maxAttempts: attempts, handsOver },
      web('web', others),
      ...(ramp > 0 ? [web('web-2', ramp, Math.round(between(random, 20, 80)))] : []),
    ],
  } as JsonObject;
}

/** What is special of a storm, in a few words. */
export function describeStorm({ account, callers }: JsonObject): string {
  const { buckets, cloudTrailDelaySeconds: delay } = account as {
    buckets: JsonObject;
    cloudTrailDelaySeconds: number[];
  };
  const { burst, refillPerSecond } = buckets.clusterResourceModify as JsonObject;
  const [cron, web, more] = callers as JsonObject[];
  const ramp = more ? `, +${more.callsPerSecond}/s from ${more.startAt} s` : '';
  return [
    `${burst}/${refillPerSecond}`,
    `${cron?.calls} calls in ${cron?.overSeconds} s x ${cron?.maxAttempts}`,
    `others ${web?.callsPerSecond}/s ${web?.arrival}${ramp}`,
    cron?.handsOver ? 'handed over' : 'recorded',
    `records ${delay?.join(' to ')} s late`,
  ].join(', ');
}
