import * as z from 'zod';
import type { AwsEnvironment } from '../arn.ts';

/** A task that stopped, as its state-change event or DescribeTasks tells. */
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
  /** Why it stopped, and what its containers say of it. */
  readonly reasons: readonly string[];
  /** Whether anything of it ran: where one container fails to start, another may have run before. */
  readonly hasRun: boolean;
  /** When it stopped, in milliseconds since the epoch. */
  readonly stoppedAtMs: number;
  /** When it was launched, in milliseconds since the epoch. */
  readonly createdAtMs: number;
  /** Environment overrides by container: what CloudTrail hides. */
  readonly environments: Environments;
}

/** Environment overrides of a task, by container name. */
export type Environments = Record<string, EnvironmentVariable[]>;
/** Both members are optional in ECS's model. */
export const environmentVariableSchema = z.object({ name: z.string().optional(), value: z.string().optional() });
export type EnvironmentVariable = z.infer<typeof environmentVariableSchema>;
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/**
 * The members of a task that decide, in an event's detail and in what DescribeTasks answers.
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
  // A task that failed early may lack the time of its stop; the last update then comes nearest.
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

/** `otherwiseMs` stands in for the time of the stop where the task does not tell any. */
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
