import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import {
  Choice,
  Condition,
  type IChainable,
  type IStateMachine,
  Succeed,
  TaskInput,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { CallAwsService, type CallAwsServiceJsonataProps, SnsPublish } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { METRICS } from '../../lambda/core/contract.ts';
import type { Configuration } from '../config/schema.ts';
import { grantUse } from '../foundation/encryption.ts';
import { acknowledge, wildcardResource } from '../foundation/nag.ts';
import { deadLetterQueue } from '../foundation/queues.ts';
import { OUTAGE_RETRY, Workflow } from '../foundation/workflow.ts';
import { describeAlarm } from './alarm-text.ts';
import { IncidentQueries } from './incident-queries.ts';
import { HAS_NEWS, INCIDENT_SUBJECT, incidentMessage } from './incident-text.ts';
import { ownMetric } from './own-metrics.ts';

export interface IncidentReportsProps {
  readonly configuration: Configuration;
  readonly encryptionKey: IKey | undefined;
  /** Reports are published to it. */
  readonly topic: ITopic;
  readonly rerunStateMachine: IStateMachine;
  readonly sweepStateMachine: IStateMachine;
  /** Log groups of the functions whose lines the report counts: intake, sweep, run-task and rate limiter. */
  readonly logGroups: readonly ILogGroup[];
  /** The log group of the trail, if known. The report links to its queries about callers. */
  readonly trailLogGroupName: string | undefined;
  /** The dashboard that the report links to, if there is one. */
  readonly dashboardName: string | undefined;
}

const RAISED = {
  storm: 'Re-runs have begun in numbers: a report follows when they are over.',
  sweep: 'A sweep found calls that no event had told of: a report follows when they are brought back.',
} as const;

/** How often to check whether the incident is over. */
const PASS_MINUTES = 2;
/** The calls of the first five minutes raise the alarm, and metrics come late. The report begins this long before it. */
const BEFORE_ALARM_MINUTES = 10;
/** Late re-runs may last a day. People get an interim report after this time. */
const MOST_HOURS = 6;

const STARTED_MS = '$toMillis($states.context.Execution.StartTime)';
/** How many running executions of this state machine began before this one. */
const OLDER = [
  '$running := $states.result.Executions',
  '$me := $running[Name = $states.context.Execution.Name]',
  // Lists lag behind. An execution that is not on the list yet checks again.
  '$exists($me) ? $count($running[StartDate < $me.StartDate or (StartDate = $me.StartDate and Name < $me.Name)]) : 1',
].join('; ');

/** Reports each incident once, when it is over: what was throttled and by whom, what was brought back, and what was not. */
export class IncidentReports extends Construct {
  readonly stateMachine: Workflow;
  /** Raised when an incident begins. */
  readonly alarms: readonly Alarm[];
  /** Alarms for which no report could be started. */
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, props: IncidentReportsProps) {
    super(scope, id);
    const { configuration, encryptionKey } = props;
    const { incidentReruns } = configuration.monitoring;
    this.alarms = [
      this.#alarm('Storm', 'intake', incidentReruns, RAISED.storm),
      this.#alarm('SweepFound', 'sweep', 1, RAISED.sweep),
    ];
    this.stateMachine = new Workflow(this, 'StateMachine', {
      configuration,
      encryptionKey,
      comment: 'Waits until an incident is over, then tells people of it',
      start: this.#definition(props),
    });
    grantUse(encryptionKey, this.stateMachine);
    acknowledge(this.stateMachine, {
      [wildcardResource(this, this.#own('execution', ':*'))]:
        'Its own executions: the last one says until when it told.',
      'AwsSolutions-IAM5[Resource::*]':
        'Log delivery has no resources to name, and neither has logs:GetQueryResults: it reads queries by their ids.',
    });
    this.deadLetterQueue = deadLetterQueue(this, encryptionKey);
    acknowledge(this.deadLetterQueue, {
      'AwsSolutions-SQS3': 'It is the dead-letter queue of the rule that starts it.',
    });
    const role = new Role(this, 'RuleRole', { assumedBy: new ServicePrincipal('events.amazonaws.com') });
    grantUse(encryptionKey, role);
    new Rule(this, 'Begun', {
      description: 'An incident has begun: a report is due when it is over',
      eventPattern: {
        source: ['aws.cloudwatch'],
        detailType: ['CloudWatch Alarm State Change'],
        resources: this.alarms.map(({ alarmArn }) => alarmArn),
        detail: { state: { value: ['ALARM'] } },
      },
      targets: [new SfnStateMachine(this.stateMachine, { deadLetterQueue: this.deadLetterQueue, role })],
    });
  }

  /** The alarm has no action. People get the report instead. */
  #alarm(id: string, handler: 'intake' | 'sweep', threshold: number, advice: string): Alarm {
    return new Alarm(this, id, {
      metric: ownMetric(METRICS.verdict, handler, { kind: 'rerun' }),
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: describeAlarm({ heading: 'Incident begun', severity: 'information', advice }),
    });
  }

  #definition(props: IncidentReportsProps): IChainable {
    const { rerunStateMachine, sweepStateMachine, topic, logGroups, trailLogGroupName } = props;
    // Both alarms may be raised by one incident. The execution that began first reports it; later ones report what came after.
    const begin = this.#wait('Until others have begun', {
      since: `{% ${STARTED_MS} - ${BEFORE_ALARM_MINUTES * 60_000} %}`,
    });
    const older = this.#list('Is a report due already?', undefined, 'RUNNING', { older: `{% (${OLDER}) %}` });
    const isFirst = Choice.jsonata(this, 'Are others first?');
    const waitForOlder = this.#wait('Let them report');
    const wait = this.#wait('Until the next pass');
    const underway = '{% $count($states.result.Executions) %}';
    const reruns = this.#list('Are re-runs underway?', rerunStateMachine, 'RUNNING', { reruns: underway });
    const sweeps = this.#list('Are sweeps underway?', sweepStateMachine, 'RUNNING', { sweeps: underway });
    // Calls that come while an alarm is raised do not raise it again, so they belong to this incident.
    const raised = this.#ask('Are alarms raised?', {
      service: 'cloudwatch',
      action: 'describeAlarms',
      parameters: { AlarmNames: this.alarms.map(({ alarmName }) => alarmName), StateValue: 'ALARM' },
      iamAction: 'cloudwatch:DescribeAlarms',
      iamResources: this.alarms.map(({ alarmArn }) => alarmArn),
      assign: { raised: '{% $count($states.result.MetricAlarms) %}', to: '{% $millis() %}' },
    });
    const isDue = Choice.jsonata(this, 'Is a report due?');
    const last = this.#list('Which one was the last?', undefined, 'SUCCEEDED', {
      last: '{% [$states.result.Executions[0].ExecutionArn, null][0] %}',
    });
    const hasLast = Choice.jsonata(this, 'Was there one?');
    const told = this.#ask('Until when did it tell?', {
      service: 'sfn',
      action: 'describeExecution',
      parameters: { ExecutionArn: '{% $last %}' },
      iamAction: 'states:DescribeExecution',
      iamResources: [this.#own('execution', ':*')],
      assign: { since: '{% $max([$since, $parse($states.result.Output).to]) %}' },
    });
    const queries = new IncidentQueries(this, 'Queries', { logGroups });
    const hasNews = Choice.jsonata(this, 'Is there anything to tell?');
    const tell = SnsPublish.jsonata(this, 'Tell', {
      topic,
      subject: INCIDENT_SUBJECT,
      message: TaskInput.fromText(
        incidentMessage({
          rerunStateMachineArn: rerunStateMachine.stateMachineArn,
          dashboardName: props.dashboardName,
          logGroupNames: logGroups.map(({ logGroupName }) => logGroupName),
          trailLogGroupName,
          stackName: Stack.of(this).stackName,
        }),
      ),
      assign: { since: '{% $to %}' },
    });
    tell.addRetry(OUTAGE_RETRY);
    const isOver = Choice.jsonata(this, 'Is it over?');
    const over = Succeed.jsonata(this, 'Over', { outputs: { to: '{% $to %}' } });
    const quiet = '$reruns + $sweeps + $raised = 0';

    begin.next(older).next(isFirst);
    isFirst.when(Condition.jsonata('{% $older > 0 %}'), waitForOlder).otherwise(wait);
    waitForOlder.next(older);
    wait.next(reruns).next(sweeps).next(raised).next(isDue);
    isDue.when(Condition.jsonata(`{% ${quiet} or $to - $since > ${MOST_HOURS * 3_600_000} %}`), last).otherwise(wait);
    last.next(hasLast);
    hasLast.when(Condition.jsonata('{% $last != null %}'), told).otherwise(queries.map);
    told.next(queries.map);
    queries.map.next(hasNews);
    hasNews.when(Condition.jsonata(HAS_NEWS), tell).otherwise(isOver);
    tell.next(isOver);
    isOver.when(Condition.jsonata(`{% ${quiet} %}`), over).otherwise(wait);
    return begin;
  }

  /** Lists the newest executions with a status, of another state machine or, without one, of this one. */
  #list(id: string, of: IStateMachine | undefined, status: string, assign: Record<string, string>): CallAwsService {
    return this.#ask(id, {
      service: 'sfn',
      action: 'listExecutions',
      parameters: {
        StateMachineArn: of?.stateMachineArn ?? '{% $states.context.StateMachine.Id %}',
        StatusFilter: status,
        MaxResults: 100,
      },
      iamAction: 'states:ListExecutions',
      iamResources: [of?.stateMachineArn ?? this.#own('stateMachine')],
      assign,
    });
  }

  #ask(id: string, props: CallAwsServiceJsonataProps): CallAwsService {
    const state = CallAwsService.jsonata(this, id, { ...props, outputs: {} });
    state.addRetry(OUTAGE_RETRY);
    return state;
  }

  /** ARN of this workflow or of its executions, for its own role's policy, which cannot refer to the resource. */
  #own(resource: 'stateMachine' | 'execution', rest = ''): string {
    return Stack.of(this).formatArn({
      service: 'states',
      resource,
      resourceName: `${Workflow.nameOf(this, 'StateMachine')}${rest}`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  #wait(id: string, assign?: Record<string, string>): Wait {
    const time = WaitTime.duration(Duration.minutes(PASS_MINUTES));
    return Wait.jsonata(this, id, { time, ...(assign && { assign }) });
  }
}
