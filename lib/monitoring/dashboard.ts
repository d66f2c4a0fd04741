import { Duration, Stack } from 'aws-cdk-lib';
import {
  Dashboard,
  GraphWidget,
  type HorizontalAnnotation,
  type IMetric,
  MathExpression,
  SearchExpression,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IRule } from 'aws-cdk-lib/aws-events';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE, METRICS } from '../../lambda/core/contract.ts';
import { firstSteps } from '../foundation/runbook.ts';
import { bucketCalls, fargateShare, invocationsOf } from './aws-metrics.ts';
import { estimatedDollars } from './cost-metrics.ts';
import { ownMetric } from './own-metrics.ts';

export interface RemediationDashboardProps {
  /** The functions whose cost is shown. */
  readonly handlers: readonly IFunction[];
  /** Starts one execution for each throttled call. */
  readonly rerunStateMachine: IStateMachine;
  /** Where executions wait for their permit. */
  readonly rateLimiterQueue: IQueue;
  /** Where callers hand calls over. */
  readonly handOverQueue: IQueue;
  /** Delivers the events of throttled services. */
  readonly serviceThrottled: IRule;
  /** Sustained quota of RunTask's bucket, calls per second. */
  readonly clusterModifyPerSecond: number;
  /** Where the owner keeps the runbook; without it the dashboard shows its first steps. */
  readonly runbookUrl?: string | undefined;
}

/** One graph. */
interface GraphRow {
  readonly title: string;
  readonly metrics: readonly IMetric[];
  readonly unit?: string;
  readonly quota?: HorizontalAnnotation;
}

const WIDGETS_IN_A_ROW = 3;

/** One page with what was throttled, what was brought back, how fast, and the cost. */
export class RemediationDashboard extends Construct {
  readonly dashboard: Dashboard;
  /** Its name in the console. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: RemediationDashboardProps) {
    super(scope, id);
    const { stackName, region } = Stack.of(this);
    this.name = `${stackName}-${region}`;
    this.dashboard = new Dashboard(this, 'Dashboard', {
      dashboardName: this.name,
      defaultInterval: Duration.hours(12),
    });
    const widgets = graphs(props).map(
      ({ title, metrics, unit, quota }) =>
        new GraphWidget({
          title,
          left: [...metrics],
          width: 24 / WIDGETS_IN_A_ROW,
          leftYAxis: { min: 0, ...(unit && { label: unit, showUnits: false }) },
          ...(quota && { leftAnnotations: [quota] }),
        }),
    );
    for (let first = 0; first < widgets.length; first += WIDGETS_IN_A_ROW) {
      this.dashboard.addWidgets(...widgets.slice(first, first + WIDGETS_IN_A_ROW));
    }
    this.dashboard.addWidgets(new TextWidget({ markdown: whatToDo(props.runbookUrl), width: 24, height: 12 }));
  }
}

/** For whoever looks here after an alarm. */
function whatToDo(runbookUrl: string | undefined): string {
  if (runbookUrl !== undefined) return `## When an alarm is raised\n[Runbook](${runbookUrl})`;
  const steps = [...firstSteps().values()].map(({ heading, text }) => `**${heading}.** ${text}`);
  return ['## When an alarm is raised', ...steps].join('\n\n');
}

function graphs({
  serviceThrottled,
  rateLimiterQueue,
  handOverQueue,
  ...props
}: RemediationDashboardProps): GraphRow[] {
  const verdict = (kind: string, handler: 'intake' | 'sweep', label: string) =>
    ownMetric(METRICS.verdict, handler, { kind }).with({ label });
  const result = (kind: string, label: string) => ownMetric(METRICS.result, 'run-task', { kind }).with({ label });
  const wait = ownMetric(METRICS.waitSeconds, 'run-task', { kind: 'started' });
  const perSecond = (label: string, counted: IMetric) =>
    new MathExpression({
      expression: 'counted / PERIOD(counted)',
      label,
      usingMetrics: { counted },
      period: Duration.minutes(1),
    });
  return [
    {
      title: 'Throttle events',
      metrics: [
        verdict('rerun', 'intake', 'calls to bring back, from events'),
        verdict('rerun', 'sweep', 'calls to bring back, found by sweeps'),
        verdict('refuse', 'intake', 'refused'),
        verdict('refuse', 'sweep', 'refused, found by sweeps'),
        handOverQueue.metricNumberOfMessagesSent({ label: 'handed over' }),
        invocationsOf(serviceThrottled).with({ label: 'services throttled' }),
      ],
    },
    {
      title: 'Calls brought back',
      metrics: [
        result('started', 'started'),
        result('alreadyStarted', 'had been started'),
        result('gaveUp', 'given up'),
        result('refused', 'refused'),
      ],
    },
    {
      title: 'Wait from call to task',
      unit: 'seconds',
      metrics: [Stats.percentile(50), Stats.percentile(99), Stats.MAXIMUM].map((statistic) =>
        wait.with({ statistic, label: statistic }),
      ),
    },
    {
      title: 'Rate and quota',
      unit: 'calls per second',
      metrics: [
        perSecond('our permits', ownMetric(METRICS.permit, 'rate-limiter').with({ period: Duration.minutes(1) })),
        new MathExpression({
          expression: 'everybody / 60',
          label: 'everybody’s calls',
          usingMetrics: { everybody: bucketCalls() },
          period: Duration.minutes(1),
        }),
      ],
      quota: { value: props.clusterModifyPerSecond, label: 'sustained quota' },
    },
    {
      title: 'Calls of others',
      metrics: ['throttled', 'accepted'].map((kind) =>
        ownMetric(METRICS.otherCall, 'intake', { kind }).with({ label: kind }),
      ),
    },
    {
      title: 'Our RunTask requests',
      metrics: [counted(METRICS.attempt, ['kind', 'service'])],
    },
    {
      title: 'No room, by what was short',
      metrics: [counted(METRICS.noRoom, ['kind', 'service'])],
    },
    {
      title: 'Fargate vCPUs in use',
      unit: 'share of the quota',
      metrics: (['OnDemand', 'Spot'] as const).map(fargateShare),
    },
    {
      title: 'Waiting for a permit',
      metrics: [
        rateLimiterQueue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, label: 'waiting' }),
        rateLimiterQueue.metricApproximateNumberOfMessagesNotVisible({ statistic: Stats.MAXIMUM, label: 'next' }),
      ],
    },
    {
      title: 'Not brought back, by reason',
      metrics: [
        counted(METRICS.verdict, ['kind', 'reason', 'service'], 'kind="refuse"'),
        counted(METRICS.result, ['kind', 'reason', 'service'], 'kind=("refused" OR "gaveUp")'),
      ],
    },
    {
      title: 'Cost (estimate)',
      unit: 'US dollars',
      metrics: [estimatedDollars(props.handlers, props.rerunStateMachine)],
    },
  ];
}

/** One line for each metric with this name and these dimensions. The values of the dimensions need not be known here. */
function counted(metricName: string, dimensions: readonly string[], ...filter: readonly string[]): SearchExpression {
  const schema = [METRIC_NAMESPACE, ...dimensions].join(',');
  return new SearchExpression({
    expression: `SEARCH('{${schema}} ${[`MetricName="${metricName}"`, ...filter].join(' ')}', 'Sum', 300)`,
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
    label: dimensions.map((dimension) => `\${PROP('Dim.${dimension}')}`).join(' '),
    period: Duration.minutes(5),
  });
}
