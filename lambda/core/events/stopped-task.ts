import * as z from 'zod';
import type { AwsEnvironment } from '../arn.ts';

/** A task that stopped, from its state-change event or from DescribeTasks. */
export interface StoppedTask {
  readonly kind: 'stoppedTask';
  readonly account: string;
  readonly region: string;
  readonly taskArn: string;
  readonly clusterArn: string;
  readonly taskDefinitionArn: string;
  readonly group: string;
  readonly startedBy: string;
  readonly stopCode: string;
  /** Its own stop reason, and those of its containers. */
  readonly reasons: readonly string[];
  /** Whether a container of it ran. One may have run before another failed to start. */
  readonly hasRun: boolean;
  /** When it stopped, in milliseconds since the epoch. */
  readonly stoppedAtMs: number;
  /** When it was launched, in milliseconds since the epoch. */
  readonly createdAtMs: number;
  /** Environment overrides by container. CloudTrail hides them; events and DescribeTasks do not. */
  readonly environments: Environments;
}

/** Environment overrides of a task, by container name. */
export type Environments = Record<string, EnvironmentVariable[]>;
/** Both members are optional in ECS's model. */
export const environmentVariableSchema = z.object({ name: z.string().optional(), value: z.string().optional() });
export type EnvironmentVariable = z.infer<typeof environmentVariableSchema>;
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/**
 * The members of a task that decisions need. An event's detail and DescribeTasks have the same ones.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
 */
export const stoppedTaskSchema = z.object({
  taskArn: z.string(),
  clusterArn: z.string(),
  taskDefinitionArn: z.string(),
  group: z.string().nullish(),
  startedBy: z.string().nullish(),
  lastStatus: z.string(),
  stopCode: z.string().nullish(),
  stoppedReason: z.string().nullish(),
  stoppedAt: instant.nullish(),
  // A task that failed early may have no stop time. The time of the last update is then the best estimate.
  updatedAt: instant.nullish(),
  createdAt: instant.nullish(),
  startedAt: instant.nullish(),
  containers: z.array(z.object({ reason: z.string().nullish(), exitCode: z.number().nullish() })).nullish(),
  overrides: z
    .object({
      containerOverrides: z
        .array(
          z.object({
            name: z.string().nullish(),
            environment: z.array(environmentVariableSchema).nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

/** `otherwiseMs` is used as the stop time if the task has none. */
export function decodeStoppedTask(
  task: z.output<typeof stoppedTaskSchema>,
  { account, region }: AwsEnvironment,
  otherwiseMs = 0,
): StoppedTask {
  const environments: Environments = {};
  for (const { name, environment } of task.overrides?.containerOverrides ?? []) {
    if (name && environment) environments[name] = environment;
  }
  return {
    kind: 'stoppedTask',
    account,
    region,
    taskArn: task.taskArn,
    clusterArn: task.clusterArn,
    taskDefinitionArn: task.taskDefinitionArn,
    group: task.group ?? '',
    startedBy: task.startedBy ?? '',
    stopCode: task.lastStatus === 'STOPPED' ? (task.stopCode ?? '') : '',
    reasons: [task.stoppedReason, ...(task.containers ?? []).map(({ reason }) => reason)].filter(
      (reason) => typeof reason === 'string',
    ),
    hasRun: task.startedAt != null || (task.containers ?? []).some(hasContainerRun),
    stoppedAtMs: task.stoppedAt ?? task.updatedAt ?? otherwiseMs,
    createdAtMs: task.createdAt ?? task.stoppedAt ?? otherwiseMs,
    environments,
  };
}

/**
 * What ran has an exit code, but the agent gives one (143) to containers as well that it says never started, e.g. because a
 * container that they depend on could not be pulled: https://github.com/aws/amazon-ecs-agent/pull/3218
 */
function hasContainerRun({ exitCode, reason }: { exitCode?: number | null; reason?: string | null }): boolean {
  return exitCode != null && !/^Cannot(?:Start|Create|Pull)/.test(reason ?? '');
}
