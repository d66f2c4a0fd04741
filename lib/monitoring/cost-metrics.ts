import { type IMetric, MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { HANDLER_MEMORY_MB } from '../foundation/handler-function.ts';

/** List prices of us-east-1 in US dollars per million. https://aws.amazon.com/lambda/pricing/, https://aws.amazon.com/step-functions/pricing/ */
const PER_MILLION = {
  invocations: 0.2,
  /** Arm functions of the handlers' size. */
  milliseconds: Number(((13.3334 * HANDLER_MEMORY_MB) / 1024 / 1000).toFixed(6)),
  stateTransitions: 25,
} as const;
/** State transitions of an undisturbed re-run, as the bench counts them. Step Functions has no metric for one state machine's transitions. */
const TRANSITIONS_PER_RERUN = 6;

/**
 * The approximate cost of the functions and of the re-runs' executions in a period. Logs, queues, the table and monthly prices
 * are left out. The bill shows the real cost.
 */
export function estimatedDollars(handlers: readonly IFunction[], rerun: IStateMachine): MathExpression {
  const named = (name: string, metrics: readonly IMetric[]) =>
    Object.fromEntries(metrics.map((metric, index) => [`${name}${index}`, metric]));
  const invocations = named(
    'invocations',
    handlers.map((handler) => handler.metricInvocations()),
  );
  const milliseconds = named(
    'milliseconds',
    handlers.map((handler) => handler.metricDuration({ statistic: Stats.SUM })),
  );
  const sum = (metrics: object) =>
    Object.keys(metrics)
      .map((name) => `FILL(${name}, 0)`)
      .join(' + ');
  const terms = [
    `(${sum(invocations)}) * ${PER_MILLION.invocations}`,
    `(${sum(milliseconds)}) * ${PER_MILLION.milliseconds}`,
    `FILL(reruns, 0) * ${TRANSITIONS_PER_RERUN * PER_MILLION.stateTransitions}`,
  ];
  return new MathExpression({
    expression: `(${terms.join(' + ')}) / 1000000`,
    label: 'Lambda and Step Functions',
    usingMetrics: { ...invocations, ...milliseconds, reruns: rerun.metricStarted() },
  });
}
