import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { type HandlerName, METRIC_NAMESPACE, METRICS } from '../../lambda/core/contract.ts';
import type { HandlerFunction } from '../foundation/handler-function.ts';

/** A metric of ours, with the dimensions that handlers emit it with. */
export function ownMetric(
  metricName: (typeof METRICS)[keyof typeof METRICS],
  service: HandlerName,
  dimensions: Readonly<Record<string, string>> = {},
): Metric {
  const dimensionsMap = { service, ...dimensions };
  return new Metric({ namespace: METRIC_NAMESPACE, metricName, dimensionsMap, statistic: Stats.SUM });
}

/** Ends of re-runs without their task. The handler reports each before it fails the execution. */
export const gaveUp = () => ownMetric(METRICS.result, 'run-task', { kind: 'gaveUp' });
export const refused = () => ownMetric(METRICS.result, 'run-task', { kind: 'refused' });

/**
 * Re-runs that were given up or refused, 0 where none was, at each point that another metric has. Filled up, a metric that was never
 * published could leave the alarm on it without any data: nothing may ever have been given up. A list leaves such a one out.
 */
function endedWithResult(other: Readonly<Record<string, IMetric>>, period?: Duration): MathExpression {
  const common = period && { period };
  const [name = ''] = Object.keys(other);
  const none = new MathExpression({ expression: `${name} * 0`, usingMetrics: other, ...common });
  return new MathExpression({
    expression: 'SUM([gaveUp, refused, none])',
    usingMetrics: { gaveUp: gaveUp(), refused: refused(), none },
    ...common,
  });
}

/** Errors of the run-task function, except those that end a re-run without its task. */
export function unexpectedErrors(runTask: HandlerFunction): MathExpression {
  const errors = runTask.metricErrors();
  return new MathExpression({
    expression: 'errors - ended',
    label: 'Unexpected errors',
    usingMetrics: { errors, ended: endedWithResult({ errors }) },
  });
}

/**
 * Failed executions in a period in which no re-run was given up or refused; 0 in any other period. A difference of the two
 * would count each execution that fails on the border of two periods.
 */
export function failedWithoutResult(rerun: StateMachine): MathExpression {
  const failed = rerun.metricFailed();
  const period = Duration.minutes(15);
  return new MathExpression({
    expression: 'IF(ended == 0, failed, 0)',
    label: 'Failed without a result',
    period,
    usingMetrics: { failed, ended: endedWithResult({ failed }, period) },
  });
}

/**
 * How many executions wait for a permit. The age of the queue's oldest message would not tell of a rate limiter that stands still: the
 * queue forgets messages when executions park anew, in a healthy drain of hours as before a dead rate limiter, and what was
 * received three times does not count. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
export function waitingForPermit(rateLimiterQueue: Queue): MathExpression {
  const statistic = Stats.MAXIMUM;
  return new MathExpression({
    expression: 'visible + inFlight',
    label: 'Waiting for a permit',
    usingMetrics: {
      visible: rateLimiterQueue.metricApproximateNumberOfMessagesVisible({ statistic }),
      inFlight: rateLimiterQueue.metricApproximateNumberOfMessagesNotVisible({ statistic }),
    },
  });
}
