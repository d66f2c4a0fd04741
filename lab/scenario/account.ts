import { z } from 'zod';

/** Values that many keys of a scenario hold. */

export const seconds = z.number().nonnegative();

export const probability = z.number().min(0).max(1);

export const count = z.int().positive();

export const range = z
  .tuple([seconds, seconds])
  .refine(([from, to]) => from <= to, 'a range whose start is not after its end');

const bucket = z.strictObject({ burst: z.number().positive(), refillPerSecond: z.number().positive() });

const tasks = z.int().nonnegative();

const roomLimit = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('fargate'),
      launchType: z.enum(['FARGATE', 'FARGATE_SPOT']).default('FARGATE'),
      tasks,
    })
    .describe('tasks of that launch type or capacity provider that are not STOPPED'),
  z
    .strictObject({ kind: z.literal('instances'), cluster: z.string().min(1), tasks })
    .describe('tasks of launch type EC2, or of any other capacity provider, in that cluster that are not STOPPED'),
  z
    .strictObject({ kind: z.literal('provisioning'), cluster: z.string().min(1), tasks })
    .describe('tasks in that cluster in PROVISIONING'),
  z
    .strictObject({ kind: z.literal('addresses'), subnet: z.string().min(1), tasks })
    .describe('tasks that are not STOPPED and hold an address of that subnet'),
]);

export const account = z.strictObject({
  id: z
    .string()
    .regex(/^\d{12}$/)
    .default('111122223333'),
  region: z.string().default('us-east-1'),
  buckets: z
    .strictObject({
      clusterResourceModify: bucket.default({ burst: 100, refillPerSecond: 40 }),
      clusterResourceRead: bucket.default({ burst: 100, refillPerSecond: 20 }),
      fargateRunTask: bucket.nullable().default(null).describe('null: no such limit'),
      // The rate at which Fargate launches counts tasks, not calls.
      fargateTasks: bucket.nullable().default(null).describe('tasks that Fargate launches; null: no such limit'),
      startExecution: bucket.default({ burst: 1300, refillPerSecond: 300 }),
    })
    .prefault({}),
  // The cluster that ECS assumes where a request names none.
  clusters: z.array(z.string().min(1)).default(['default']),
  taskDefinitions: z
    .array(
      z.strictObject({
        family: z.string().regex(/^[\w-]{1,255}$/),
        revision: count.default(1),
        containers: z.array(z.string().min(1)).min(1).default(['app']),
        taskRoleArn: z.string().optional(),
        executionRoleArn: z.string().optional(),
        status: z.enum(['ACTIVE', 'INACTIVE']).default('ACTIVE'),
      }),
    )
    .default([]),
  startFailures: z
    .array(
      z.strictObject({
        family: z.string(),
        probability,
        stoppedReason: z.string(),
        afterSeconds: range.default([30, 180]),
      }),
    )
    .default([])
    .describe('drawn per task, entry by entry; the first that strikes decides'),
  placementFailures: z
    .array(z.strictObject({ family: z.string(), probability, reason: z.string() }))
    .default([])
    .describe('drawn per task, entry by entry; the first that strikes decides'),
  room: z
    .array(roomLimit)
    .default([])
    .describe('how many tasks there may be at once, whoever asks for them; no entry: as many as anybody asks for'),
  // A new account has 10.
  lambdaConcurrency: count
    .nullable()
    .default(null)
    .describe('invocations that Lambda runs at once; null: no such limit'),
  taskSeconds: range.default([60, 600]),
  disguisedShare: probability.default(0.1),
  cloudTrailDelaySeconds: range.default([2, 15]),
  eventHistoryDelaySeconds: range.default([60, 300]),
  throttledRecords: z
    .enum(['bare', 'full'])
    .default('bare')
    .describe('what CloudTrail records of a rejected call: nothing of its request (bare), or its request (full)'),
});

export type Account = z.output<typeof account>;

export type BucketSettings = z.output<typeof bucket>;
