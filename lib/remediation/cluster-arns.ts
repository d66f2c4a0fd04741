import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** ARNs of the configured clusters, which are given by name or ARN. */
export function clusterArns(scope: Construct, clusters: readonly string[]): string[] {
  const stack = Stack.of(scope);
  return clusters.map((cluster) =>
    cluster.startsWith('arn:')
      ? cluster
      : stack.formatArn({ service: 'ecs', resource: 'cluster', resourceName: cluster }),
  );
}

/** ARNs of all tasks of the configured clusters. */
export function taskArns(scope: Construct, clusters: readonly string[]): string[] {
  const stack = Stack.of(scope);
  return clusters.map((cluster) =>
    stack.formatArn({ service: 'ecs', resource: 'task', resourceName: `${cluster.split('/').at(-1)}/*` }),
  );
}
