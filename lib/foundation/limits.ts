import { Stack } from 'aws-cdk-lib';
import { CfnAlarm, CfnCompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnManagedPolicy, CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnKey } from 'aws-cdk-lib/aws-kms';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnTopicPolicy } from 'aws-cdk-lib/aws-sns';
import { CfnQueuePolicy } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { SETTINGS_VALUES } from '../../lambda/core/contract.ts';
import { withLongestTexts } from './longest-text.ts';
import { MANAGED_POLICIES_PER_ROLE, MAX_MANAGED_POLICY } from './split-grants.ts';

/** One thing of a template, and how much of it AWS takes. */
interface Measure {
  readonly what: string;
  readonly found: number;
  readonly most: number;
}

/** What a deployment would fail with: texts that are too long once every name is resolved. */
export function beyondLimits(scope: IConstruct): string[] {
  const stack = Stack.of(scope);
  const inlineByRole = new Map<string, number>();
  const managedByRole = new Map<string, number>();
  const count = (counts: Map<string, number>, roles: unknown, by: number) => {
    for (const role of (stack.resolve(roles) ?? []) as unknown[]) {
      const name = JSON.stringify(role);
      counts.set(name, (counts.get(name) ?? 0) + by);
    }
  };
  const measures = scope.node.findAll().flatMap((construct): Measure[] => {
    if (construct instanceof CfnPolicy) count(inlineByRole, construct.roles, lengthOf(stack, construct.policyDocument));
    if (construct instanceof CfnManagedPolicy) count(managedByRole, construct.roles, 1);
    return measuresOf(stack, construct).map((measure) => ({
      ...measure,
      what: `${construct.node.path}: ${measure.what}`,
    }));
  });
  const ofRoles = [
    ...[...inlineByRole].map(([role, found]) => ({ what: `${role}: inline policies`, found, most: 10_240 })),
    ...[...managedByRole].map(([role, found]) => ({
      what: `${role}: managed policies`,
      found,
      most: MANAGED_POLICIES_PER_ROLE.atMost,
    })),
  ];
  return [...measures, ...ofRoles]
    .filter(({ found, most }) => found > most)
    .map(({ what, found, most }) => `${what}: found ${found}, expected at most ${most}`);
}

/**
 * IAM: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 * SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
 * KMS: https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
 * Lambda: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
function measuresOf(stack: Stack, construct: IConstruct): Measure[] {
  const measure = (what: string, value: unknown, most: number): Measure[] =>
    value === undefined ? [] : [{ what, found: lengthOf(stack, value), most }];
  if (construct instanceof CfnManagedPolicy) {
    return [
      ...measure('the policy', construct.policyDocument, MAX_MANAGED_POLICY),
      ...measure('the description', construct.description, 1000),
    ];
  }
  if (construct instanceof CfnRole) {
    return [
      ...measure('the trust policy', construct.assumeRolePolicyDocument, 2048),
      ...measure('the description', construct.description, 1000),
    ];
  }
  if (construct instanceof CfnQueuePolicy) return measure('the policy', construct.policyDocument, 8192);
  if (construct instanceof CfnTopicPolicy) return measure('the policy', construct.policyDocument, 30_720);
  if (construct instanceof CfnKey) {
    return [
      ...measure('the policy', construct.keyPolicy, 32_768),
      ...measure('the description', construct.description, 8192),
    ];
  }
  if (construct instanceof CfnFunction) {
    const { variables } = (stack.resolve(construct.environment) ?? {}) as { variables?: object };
    // Of all that stands there, only this list has a length of its own.
    const values =
      variables && SETTINGS_VALUES in variables ? ' (write ARNs and names of roles, rules and clusters as texts)' : '';
    return [
      ...measure(`the environment${values}`, variables, 4096),
      ...measure('the description', construct.description, 256),
    ];
  }
  if (construct instanceof CfnRule) {
    return [
      ...measure('the description', construct.description, 512),
      ...measure('the pattern', construct.eventPattern, 4096),
    ];
  }
  if (construct instanceof CfnAlarm || construct instanceof CfnCompositeAlarm) {
    return measure('the description', construct.alarmDescription, 1024);
  }
  return [];
}

/** Bytes, as JSON where it is no text. */
function lengthOf(stack: Stack, value: unknown): number {
  const resolved = withLongestTexts(stack, value) ?? '';
  return Buffer.byteLength(typeof resolved === 'string' ? resolved : JSON.stringify(resolved));
}
