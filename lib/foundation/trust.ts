import { Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/**
 * EventBridge, for rules of this account alone.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
 */
export function ownRules(scope: Construct): ServicePrincipal {
  const { partition, region, account } = Stack.of(scope);
  return new ServicePrincipal('events.amazonaws.com', {
    conditions: {
      StringEquals: { 'aws:SourceAccount': account },
      ArnLike: { 'aws:SourceArn': `arn:${partition}:events:${region}:${account}:rule/*` },
    },
  });
}

/**
 * Lambda, for functions of this account. AWS does not promise that Lambda names the account when it assumes an execution role, and
 * no function would run where the condition were strict and the name missing: so it holds where there is one.
 */
export const ownFunctions = (scope: Construct): ServicePrincipal =>
  new ServicePrincipal('lambda.amazonaws.com', {
    conditions: { StringEqualsIfExists: { 'aws:SourceAccount': Stack.of(scope).account } },
  });
