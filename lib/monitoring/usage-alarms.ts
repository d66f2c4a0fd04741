import { Duration } from 'aws-cdk-lib';
import { Alarm, AnomalyDetectionAlarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { METRICS } from '../../lambda/core/contract.ts';
import { describeAlarm } from './alarm-text.ts';
import { bucketCalls, callCount, FARGATE_CLASSES, fargateShare } from './aws-metrics.ts';
import { ownMetric } from './own-metrics.ts';

export interface UsageAlarmsProps {
  /** Alarms are published to it. */
  readonly topic: ITopic;
  /** Sustained quota of RunTask's bucket, calls per second: Service Quotas L-C3AEE9D2, "Cluster resource modify". */
  readonly clusterModifyPerSecond: number;
  /** The alarms are raised at this share of a quota, 0 to 1. */
  readonly shareOfQuota: number;
}

/** Width of the usual band, in standard deviations: wide enough for the daily peak of a batch. */
const UNUSUAL_STANDARD_DEVIATIONS = 3;
/**
 * Common to all: at rest while AWS publishes nothing, which is while nobody calls. Usage comes minutes late: an alarm on the newest
 * minute alone would read it as nothing, and never look at it again.
 */
const LATE_DATA = { evaluationPeriods: 15, datapointsToAlarm: 2, treatMissingData: TreatMissingData.NOT_BREACHING };

/** Alarms when the account comes near the quotas that throttle RunTask, before or while calls are lost. */
export class UsageAlarms extends Construct {
  /** Alarms that start a sweep for lost calls. */
  readonly signsOfThrottling: readonly Alarm[];

  constructor(scope: Construct, id: string, props: UsageAlarmsProps) {
    super(scope, id);
    const { topic, clusterModifyPerSecond, shareOfQuota } = props;
    const comparisonOperator = ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD;
    const bucket = new Alarm(this, 'RunTaskBucket', {
      ...LATE_DATA,
      metric: bucketCalls(),
      // Metric math knows no quotas of ECS.
      threshold: shareOfQuota * clusterModifyPerSecond * 60,
      comparisonOperator,
      alarmDescription: describeAlarm({
        heading: 'RunTask bucket nearly used up',
        severity: 'warning',
        advice: 'Calls come near the quota at which ECS throttles RunTask. See who makes them; ask for a higher quota.',
      }),
    });
    const unusual = new AnomalyDetectionAlarm(this, 'RunTaskUnusual', {
      ...LATE_DATA,
      // Of five minutes each.
      evaluationPeriods: 3,
      datapointsToAlarm: 1,
      metric: callCount('RunTask').with({ period: Duration.minutes(5) }),
      stdDevs: UNUSUAL_STANDARD_DEVIATIONS,
      comparisonOperator: ComparisonOperator.GREATER_THAN_UPPER_THRESHOLD,
      alarmDescription: describeAlarm({
        heading: 'RunTask calls unusual',
        severity: 'warning',
        advice: 'Many more RunTask calls than at this time on other days. See who makes them.',
      }),
    });
    const fargate = (Object.keys(FARGATE_CLASSES) as (keyof typeof FARGATE_CLASSES)[]).map(
      (capacity) =>
        new Alarm(this, `Fargate${capacity}`, {
          ...LATE_DATA,
          metric: fargateShare(capacity),
          threshold: shareOfQuota,
          comparisonOperator,
          alarmDescription: describeAlarm({
            heading: 'Fargate vCPUs nearly used up',
            severity: 'warning',
            advice: 'Tasks come near the Fargate vCPU quota: beyond it they do not start. Ask for a higher quota.',
          }),
        }),
    );
    // AWS names no usage metric of ECS: what we count ourselves, in records of others' calls, is there for certain.
    const throttled = new Alarm(this, 'CallsThrottled', {
      metric: ownMetric(METRICS.otherCall, 'intake', { kind: 'throttled' }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      comparisonOperator,
      alarmDescription: describeAlarm({
        heading: 'RunTask calls throttled',
        severity: 'information',
        advice: 'Calls were throttled: a sweep looks for those that no event told of.',
      }),
    });
    for (const alarm of [bucket, unusual, ...fargate]) alarm.addAlarmAction(new SnsAction(topic));
    this.signsOfThrottling = [bucket, unusual, throttled];
  }
}
