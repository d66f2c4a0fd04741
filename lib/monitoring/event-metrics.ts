import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IRule } from 'aws-cdk-lib/aws-events';

/** How often a rule of the default bus delivered. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html */
export function invocationsOf(rule: IRule): Metric {
  return new Metric({
    namespace: 'AWS/Events',
    metricName: 'Invocations',
    dimensionsMap: { RuleName: rule.ruleName },
    statistic: Stats.SUM,
  });
}
