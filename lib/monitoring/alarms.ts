import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  type IMetric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IRule } from 'aws-cdk-lib/aws-events';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type HandlerName, METRICS } from '../../lambda/core/contract.ts';
import type { HandlerFunction } from '../foundation/handler-function.ts';
import type { HandOver } from '../remediation/hand-over.ts';
import type { Intake } from '../remediation/intake.ts';
import type { Notifications } from '../remediation/notifications.ts';
import type { RateLimiter } from '../remediation/rate-limiter.ts';
import type { RerunWorkflow } from '../remediation/rerun-workflow.ts';
import type { Sweep } from '../remediation/sweep.ts';
import { type AlarmText, describeAlarm } from './alarm-text.ts';
import { ruleMetric } from './aws-metrics.ts';
import type { IncidentReports } from './incident-reports.ts';
import { failedWithoutResult, gaveUp, ownMetric, refused, unexpectedErrors, waitingForPermit } from './own-metrics.ts';

export interface AlarmsProps {
  readonly rateLimiter: RateLimiter;
  readonly workflow: RerunWorkflow;
  readonly intake: Intake;
  readonly handOver: HandOver;
  readonly sweep: Sweep;
  /** Alarms are published to its topic. */
  readonly notifications: Notifications;
  readonly incidents: IncidentReports | undefined;
}

/** One row of the table. */
interface AlarmRow extends AlarmText {
  readonly id: string;
  /** Its period is five minutes, the library's default, unless it says otherwise. */
  readonly metric: IMetric;
  /** The alarm is raised at this value or above, */
  readonly threshold: number;
  /** in this many periods of the metric in a row. */
  readonly periods: number;
}

/** Alarms that people receive. Each has its section in docs/runbook.md. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const action = new SnsAction(props.notifications.topic);
    for (const row of table(props)) {
      const { metric, threshold, periods } = row;
      new Alarm(this, row.id, {
        metric,
        threshold,
        evaluationPeriods: periods,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        // Each of these metrics is missing while nothing happens: idle queues, no invocations, no results.
        treatMissingData: TreatMissingData.NOT_BREACHING,
        alarmDescription: describeAlarm(row),
      }).addAlarmAction(action);
    }
    this.#standsStill(props.rateLimiter).addAlarmAction(action);
  }

  /**
   * Executions wait and none gets a permit. Two alarms in one: a rate limiter that never ran has no metric of permits to fill up, and
   * would be taken for one that is at rest.
   */
  #standsStill(rateLimiter: RateLimiter): CompositeAlarm {
    const heading = 'Rate limiter stands still';
    const part = (advice: string) => describeAlarm({ heading, severity: 'information', advice });
    const common = { threshold: 1, evaluationPeriods: 2 };
    const waiting = new Alarm(this, 'ExecutionsWait', {
      ...common,
      metric: waitingForPermit(rateLimiter.queue),
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: part('Re-runs wait for a permit, as they do in every drain.'),
    });
    const noPermit = new Alarm(this, 'NoPermitGiven', {
      ...common,
      metric: ownMetric(METRICS.permit, 'rate-limiter'),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
      alarmDescription: part('No permit was given, as none is while nobody waits.'),
    });
    return new CompositeAlarm(this, 'RateLimiterStandsStill', {
      alarmRule: AlarmRule.allOf(...[waiting, noPermit].map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM))),
      alarmDescription: describeAlarm({
        heading,
        severity: 'critical',
        advice:
          'Re-runs wait and none gets a permit. See whether somebody paused it; if not, mend the rate limiter function.',
      }),
    });
  }
}

function table({ rateLimiter, workflow, intake, handOver, sweep, notifications, incidents }: AlarmsProps): AlarmRow[] {
  const handlers: Readonly<Record<Exclude<HandlerName, 'incident-report'>, HandlerFunction>> = {
    intake: intake.handler,
    'rate-limiter': rateLimiter.handler,
    'run-task': workflow.runTask,
    sweep: sweep.handler,
  };
  return [
    {
      id: 'CallsGivenUp',
      heading: 'Calls given up',
      severity: 'critical',
      metric: gaveUp(),
      threshold: 1,
      periods: 1,
      advice: 'Calls that were allowed to run were not brought back. See why, then redrive them.',
    },
    ...Object.entries({
      intake: ownMetric(METRICS.verdict, 'intake', { kind: 'refuse' }),
      sweep: ownMetric(METRICS.verdict, 'sweep', { kind: 'refuse' }),
      'run-task': refused(),
    }).map(
      ([name, metric]): AlarmRow => ({
        id: `CallsRefused-${name}`,
        heading: 'Calls refused',
        severity: 'warning',
        metric: metric.with({ period: Duration.hours(1) }),
        // Notices report single refusals. Many at once mean that a caller or the configuration has changed.
        threshold: 10,
        periods: 1,
        advice: 'Many calls cannot be repeated. Find the reason and change the caller or the configuration.',
      }),
    ),
    {
      id: 'RerunsBroken',
      heading: 'Re-runs broken',
      severity: 'critical',
      metric: failedWithoutResult(workflow.stateMachine),
      threshold: 1,
      periods: 1,
      advice: 'Re-runs failed without saying why. Mend the run-task function, then redrive them.',
    },
    behind(intake.queue, {
      id: 'IntakeBehind',
      heading: 'Intake behind',
      advice: 'Events of throttled calls are not being read. See whether the intake function is invoked.',
    }),
    behind(handOver.queue, {
      id: 'HandOverBehind',
      heading: 'Hand-over behind',
      advice: 'Calls that were handed over are not being read. See whether the intake function is invoked.',
    }),
    {
      id: 'IntakeFailing',
      heading: 'Intake failing',
      severity: 'critical',
      // The queue's age does not show this: it leaves out messages that were received three times.
      // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
      metric: ownMetric(METRICS.failure, 'intake'),
      threshold: 1,
      periods: 3,
      advice: 'Events of throttled calls fail again and again. Mend the cause before they become dead letters.',
    },
    deadLetters(intake.deadLetterQueue, {
      id: 'IntakeDeadLetters',
      heading: 'Intake dead letters',
      severity: 'critical',
      advice: 'Events could not be read or handled. Mend the cause, then redrive the queue.',
    }),
    deadLetters(handOver.deadLetterQueue, {
      id: 'HandOverDeadLetters',
      heading: 'Hand-over dead letters',
      severity: 'critical',
      advice: 'Calls that were handed over could not be read or handled. Mend the cause, then redrive the queue.',
    }),
    deadLetters(sweep.deadLetterQueue, {
      id: 'SweepDeadLetters',
      heading: 'Sweep dead letters',
      severity: 'warning',
      advice: 'A sweep could not be started. Start one by hand.',
    }),
    {
      id: 'SweepFailed',
      heading: 'Sweep failed',
      severity: 'warning',
      metric: sweep.stateMachine.metricFailed(),
      threshold: 1,
      periods: 1,
      advice: 'A sweep ended before it was quiet. Mend the cause, then redrive it or start one by hand.',
    },
    {
      id: 'DigestFailed',
      heading: 'Digest failed',
      severity: 'warning',
      metric: notifications.digest.metricFailed(),
      threshold: 1,
      periods: 1,
      advice: 'People may not have been told of calls that were not brought back. Redrive it.',
    },
    ...(incidents
      ? [
          {
            id: 'IncidentReportFailed',
            heading: 'Incident report failed',
            severity: 'warning' as const,
            metric: incidents.stateMachine.metricFailed(),
            threshold: 1,
            periods: 1,
            advice: 'People were not told how an incident ended. See the dashboard; redrive the report.',
          },
          deadLetters(incidents.deadLetterQueue, {
            id: 'IncidentDeadLetters',
            heading: 'Incident dead letters',
            severity: 'warning',
            advice: 'A report could not be begun. See the dashboard for what happened.',
          }),
        ]
      : []),
    ...[...intake.rules, ...sweep.rules, ...(incidents ? [incidents.rule] : [])].flatMap(deliversNowhere),
    ...Object.entries({ ...handlers, ...(incidents && { 'incident-report': incidents.handler }) }).flatMap(
      ([name, handler]): AlarmRow[] => [
        {
          id: `Errors-${name}`,
          heading: 'Handler errors',
          severity: 'critical',
          metric: name === 'run-task' ? unexpectedErrors(handler) : handler.metricErrors(),
          threshold: 1,
          periods: 3,
          advice: `The ${name} function fails again and again. Look into its log.`,
        },
        {
          id: `Throttles-${name}`,
          heading: 'Handler throttled',
          severity: 'warning',
          metric: handler.metricThrottles(),
          threshold: 1,
          periods: 3,
          advice: `The ${name} function is not being run for want of concurrency. Raise the account's limit.`,
        },
      ],
    ),
  ];
}

/** A rule reaches neither its target nor the queue behind it: what it should have delivered is gone. */
function deliversNowhere(rule: IRule): AlarmRow[] {
  return (['FailedInvocations', 'InvocationsFailedToBeSentToDlq'] as const).map((metricName) => ({
    id: `${metricName}-${rule.node.id}`,
    heading: 'Rule delivers nowhere',
    severity: 'critical',
    metric: ruleMetric(rule, metricName),
    threshold: 1,
    periods: 1,
    advice: `The rule ${rule.node.id} could not deliver events. Mend its target's policy or key, then start a sweep.`,
  }));
}

/** Nobody reads a queue. */
function behind(queue: IQueue, text: Omit<AlarmText, 'severity'> & Pick<AlarmRow, 'id'>): AlarmRow {
  return {
    ...text,
    severity: 'critical',
    metric: queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM }),
    threshold: Duration.minutes(15).toSeconds(),
    periods: 1,
  };
}

/** Something waits in a queue that should be empty. */
function deadLetters(queue: IQueue, text: AlarmText & Pick<AlarmRow, 'id'>): AlarmRow {
  return {
    ...text,
    metric: queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM }),
    threshold: 1,
    periods: 1,
  };
}
