import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IRule } from 'aws-cdk-lib/aws-events';
import { BUCKET_OPERATIONS } from '../../lambda/core/events/run-task-record.ts';

/** AWS publishes usage once a minute. */
const MINUTE = Duration.minutes(1);

/**
 * Everybody's calls of one ECS operation. AWS does not say whether throttled ones are among them.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Usage-Metrics.html
 */
export function callCount(operation: (typeof BUCKET_OPERATIONS)[number]): Metric {
  return new Metric({
    namespace: 'AWS/Usage',
    metricName: 'CallCount',
    dimensionsMap: { Service: 'ECS', Type: 'API', Resource: operation, Class: 'None' },
    statistic: Stats.SUM,
    period: MINUTE,
    label: operation,
  });
}

/** Calls per minute that take from RunTask's bucket. Summed as a list, which leaves out what is missing: nobody may ever call some of them. */
export function bucketCalls(): MathExpression {
  const names = BUCKET_OPERATIONS.map((operation) => `${operation[0]?.toLowerCase()}${operation.slice(1)}`);
  return new MathExpression({
    expression: `SUM([${names.join(', ')}])`,
    label: 'Calls that share RunTask’s bucket',
    period: MINUTE,
    usingMetrics: Object.fromEntries(
      names.map((name, index) => [name, callCount(BUCKET_OPERATIONS[index] ?? 'RunTask')]),
    ),
  });
}

/** Kinds of Fargate capacity, by their names in usage metrics. */
export const FARGATE_CLASSES = { OnDemand: 'Standard/OnDemand', Spot: 'Standard/Spot' } as const;

/**
 * The share of the account's Fargate vCPU quota that is in use, 0 to 1.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/monitoring-fargate-usage.html
 */
export function fargateShare(capacity: keyof typeof FARGATE_CLASSES): MathExpression {
  // One graph shows both.
  const id = `usage${capacity}`;
  const usage = new Metric({
    namespace: 'AWS/Usage',
    metricName: 'ResourceCount',
    dimensionsMap: { Service: 'Fargate', Type: 'Resource', Resource: 'vCPU', Class: FARGATE_CLASSES[capacity] },
    statistic: Stats.MAXIMUM,
    period: MINUTE,
  });
  return new MathExpression({
    expression: `${id} / SERVICE_QUOTA(${id})`,
    label: `Fargate vCPUs in use (${capacity})`,
    period: MINUTE,
    usingMetrics: { [id]: usage },
  });
}

/** What became of a rule's deliveries. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html */
type RuleMetric = 'Invocations' | 'FailedInvocations' | 'InvocationsFailedToBeSentToDlq';

export function ruleMetric(rule: IRule, metricName: RuleMetric): Metric {
  return new Metric({
    namespace: 'AWS/Events',
    metricName,
    dimensionsMap: { RuleName: rule.ruleName },
    statistic: Stats.SUM,
  });
}

/** How often a rule of the default bus delivered. */
export const invocationsOf = (rule: IRule): Metric => ruleMetric(rule, 'Invocations');
