import { Duration, Names } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface LogDeliveryAlarmsProps {
  /** Log groups of routers by name. The alarms of a group have its name in their ids and descriptions. */
  readonly routerLogGroups: Readonly<Record<string, ILogGroup>>;
  /** @default - nobody is notified */
  readonly alarmActions?: readonly IAlarmAction[];
}

const PERIOD = Duration.minutes(1);
const METRIC_NAMESPACE = 'FireLensDelivery';

/** Operations of CloudWatch Logs that throttle routers. Their metrics count all callers of the account and Region. */
const OPERATIONS = ['PutLogEvents', 'CreateLogStream'] as const;

/**
 * Fluent Bit's messages when it could not deliver and will try again: plugins/out_cloudwatch_logs/cloudwatch_api.c and
 * src/flb_engine.c of https://github.com/fluent/fluent-bit. The last one is the engine's, for any plugin.
 */
const NOT_DELIVERED = [
  "PutLogEvents API responded with error='ThrottlingException'",
  'Failed to send log events',
  'Failed to create log stream',
  'failed to flush chunk',
];

/**
 * Fluent Bit's messages when lines are lost: a chunk's tries are used up, or an input is paused because the buffer is full.
 * https://github.com/aws/aws-for-fluent-bit/blob/mainline/troubleshooting/debugging.md#how-do-i-tell-if-fluent-bit-is-losing-logs
 */
const LOST = ['cannot be retried', 'paused (mem buf overlimit', 'paused (storage buf overlimit'];

/** For throttling that lasts. The routers' retries absorb short bursts. */
const LASTING = { evaluationPeriods: 5, datapointsToAlarm: 3 };
const AT_ONCE = { evaluationPeriods: 1, datapointsToAlarm: 1 };

/** One row of the table. */
interface AlarmRow {
  readonly id: string;
  readonly metric: IMetric;
  readonly rings: typeof LASTING;
  readonly alarmDescription: string;
}

/** Alarms on log lines that are late or lost because CloudWatch Logs throttles. One for an account and Region is enough. */
export class LogDeliveryAlarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { routerLogGroups, alarmActions = [] }: LogDeliveryAlarmsProps) {
    super(scope, id);
    this.alarms = this.#table(routerLogGroups).map(
      (row) =>
        new Alarm(this, row.id, {
          metric: row.metric,
          threshold: 1,
          ...row.rings,
          comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
          // The metric is missing while all is well.
          treatMissingData: TreatMissingData.NOT_BREACHING,
          alarmDescription: row.alarmDescription,
        }),
    );
    for (const alarm of this.alarms) alarm.addAlarmAction(...alarmActions);
  }

  #table(routerLogGroups: LogDeliveryAlarmsProps['routerLogGroups']): AlarmRow[] {
    return [
      ...OPERATIONS.map((operation) => ({
        id: `${operation}Throttled`,
        metric: throttleCount(operation),
        rings: LASTING,
        alarmDescription: `CloudWatch Logs throttles ${operation}. Launch more slowly, or have the quota raised.`,
      })),
      ...Object.entries(routerLogGroups).flatMap(([name, logGroup]) => [
        {
          id: `${name}NotDelivered`,
          metric: this.#lines(`${name}NotDelivered`, logGroup, NOT_DELIVERED),
          rings: LASTING,
          alarmDescription: `Log routers of ${name} cannot deliver and try again. See whether it is throttles, permissions or network.`,
        },
        {
          id: `${name}Lost`,
          metric: this.#lines(`${name}Lost`, logGroup, LOST),
          rings: AT_ONCE,
          alarmDescription: `Log routers of ${name} lose lines. Log less, or give the router more memory.`,
        },
      ]),
    ];
  }

  /** How many of a log group's lines hold one of these texts. */
  #lines(id: string, logGroup: ILogGroup, texts: readonly string[]): IMetric {
    const filter = new MetricFilter(this, `${id}Lines`, {
      logGroup,
      filterPattern: FilterPattern.anyTerm(...texts),
      metricNamespace: METRIC_NAMESPACE,
      metricName: `${Names.uniqueResourceName(this, { maxLength: 200 })}-${id}`,
    });
    return filter.metric({ statistic: Stats.SUM, period: PERIOD });
  }
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html */
function throttleCount(operation: (typeof OPERATIONS)[number]): Metric {
  return new Metric({
    namespace: 'AWS/Logs',
    metricName: 'ThrottleCount',
    dimensionsMap: { Service: 'Logs', Class: 'None', Type: 'API', Resource: operation },
    statistic: Stats.SUM,
    period: PERIOD,
  });
}
