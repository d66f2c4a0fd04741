import { Stack, Token, Validations } from 'aws-cdk-lib';
import { ContainerImage, type TaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';

const REPOSITORY = 'aws-for-fluent-bit';

/**
 * AWS's image of Fluent Bit from the Region's own private registry, where launches of many tasks do not meet the public
 * registry's pull limits. Which account holds it differs by Region; AWS publishes the address as a parameter:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-using-fluentbit.html
 */
export function stableRouterImage(scope: Construct, taskDefinition: TaskDefinition): ContainerImage {
  const { partition, region } = Stack.of(scope);
  // A policy of its own: what is acknowledged below then says nothing of other permissions of the role.
  const policy = new Policy(scope, 'PullRouterImage', {
    roles: [taskDefinition.obtainExecutionRole()],
    statements: [
      new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
      new PolicyStatement({
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
        resources: [`arn:${partition}:ecr:${region}:*:repository/${REPOSITORY}`],
      }),
    ],
  });
  Validations.of(policy).acknowledge(
    { id: finding('*'), reason: 'ecr:GetAuthorizationToken knows no resources.' },
    {
      id: finding(`arn:${shown(partition, 'Partition')}:ecr:${shown(region, 'Region')}:*:repository/${REPOSITORY}`),
      reason: 'The one repository of AWS, in an account that differs by Region.',
    },
  );
  return ContainerImage.fromRegistry(
    StringParameter.valueForStringParameter(scope, `/aws/service/${REPOSITORY}/stable`),
  );
}

/** How cdk-nag names a wildcard in a statement's resources, and what is not known at synth. */
const finding = (resource: string) => `AwsSolutions-IAM5[Resource::${resource}]`;
const shown = (value: string, name: string) => (Token.isUnresolved(value) ? `<AWS::${name}>` : value);
