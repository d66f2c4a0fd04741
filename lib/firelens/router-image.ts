import { Stack } from 'aws-cdk-lib';
import { ContainerImage, type TaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { acknowledge, wildcardResource } from '../foundation/nag.ts';

const REPOSITORY = 'aws-for-fluent-bit';

/**
 * AWS's image of Fluent Bit from the Region's own private registry. The public registry's pull limits do not apply to it. The
 * account that holds it differs by Region. AWS publishes the address as a parameter:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-using-fluentbit.html
 */
export function stableRouterImage(scope: Construct, taskDefinition: TaskDefinition): ContainerImage {
  const { partition, region } = Stack.of(scope);
  const repository = `arn:${partition}:ecr:${region}:*:repository/${REPOSITORY}`;
  // A separate policy, so that the acknowledgement below does not cover other permissions of the role.
  const policy = new Policy(scope, 'PullRouterImage', {
    roles: [taskDefinition.obtainExecutionRole()],
    statements: [
      new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
      new PolicyStatement({
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
        resources: [repository],
      }),
    ],
  });
  acknowledge(policy, {
    'AwsSolutions-IAM5[Resource::*]': 'ecr:GetAuthorizationToken knows no resources.',
    [wildcardResource(policy, repository)]: 'The one repository of AWS, in an account that differs by Region.',
  });
  return ContainerImage.fromRegistry(
    StringParameter.valueForStringParameter(scope, `/aws/service/${REPOSITORY}/stable`),
  );
}
