import { Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Configuration } from '../config/schema.ts';
import { acknowledge, wildcardResource } from '../foundation/nag.ts';
import { clusterArns, taskArns } from './cluster-arns.ts';

/** Lets a role run the listed families on the listed clusters and pass the listed roles. Grants nothing in observe mode. */
export function grantLaunch(role: IRole, configuration: Configuration): void {
  const { mode, clusters, families, passRoleArns, allowedRoleOverrides } = configuration;
  if (mode === 'observe' || clusters.length === 0 || families.length === 0) return;
  const anyRevision = families.map((family) =>
    Stack.of(role).formatArn({ service: 'ecs', resource: 'task-definition', resourceName: `${family}:*` }),
  );
  const tasks = taskArns(role, clusters);
  role.addToPrincipalPolicy(
    new PolicyStatement({
      sid: 'RunListedFamilies',
      actions: ['ecs:RunTask'],
      resources: anyRevision,
      conditions: { ArnLike: { 'ecs:cluster': clusterArns(role, clusters) } },
    }),
  );
  role.addToPrincipalPolicy(
    new PolicyStatement({
      sid: 'TagWhatIsRun',
      actions: ['ecs:TagResource'],
      resources: tasks,
      conditions: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
    }),
  );
  for (const arn of anyRevision) {
    acknowledge(role, {
      [wildcardResource(role, arn)]: 'All revisions of a listed family: each deployment makes one.',
    });
  }
  for (const arn of tasks) {
    acknowledge(role, {
      [wildcardResource(role, arn)]: 'Tasks of a listed cluster: their ids are known once they run.',
    });
  }
  grantPass(role, 'PassToTasks', 'ecs-tasks.amazonaws.com', [...passRoleArns, ...allowedRoleOverrides]);
  // Only a request can name a role for a volume, and then it has to be an allowed override.
  grantPass(role, 'PassToVolumes', 'ecs.amazonaws.com', allowedRoleOverrides);
}

function grantPass(role: IRole, sid: string, service: string, arns: readonly string[]): void {
  if (arns.length === 0) return;
  role.addToPrincipalPolicy(
    new PolicyStatement({
      sid,
      actions: ['iam:PassRole'],
      resources: [...new Set(arns)],
      conditions: { StringEquals: { 'iam:PassedToService': service } },
    }),
  );
}
