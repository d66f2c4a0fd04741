import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import {
  Choice,
  Condition,
  type IStateMachine,
  Pass,
  Succeed,
  TaskInput,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke, SnsPublish } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { INCIDENT_NEXT, INCIDENT_STATES, METRICS } from '../../lambda/core/contract.ts';
import { INCIDENT_BEGIN } from '../../lambda/core/notices/incident.ts';
import type { IncidentSubject } from '../../lambda/core/notices/incident-report.ts';
import type { Configuration } from '../config/schema.ts';
import { grantUse } from '../foundation/encryption.ts';
import { HandlerFunction } from '../foundation/handler-function.ts';
import { acknowledge, anyVersion, wildcardResource } from '../foundation/nag.ts';
import { deadLetterQueue } from '../foundation/queues.ts';
import { ownRules } from '../foundation/trust.ts';
import { OUTAGE_RETRY, Workflow } from '../foundation/workflow.ts';
import {
  DOWNSTREAM_THROTTLES,
  type LogQuery,
  RESULTS,
  THROTTLES_BY_CALLER,
  textOf,
} from '../investigation/log-queries.ts';
import { describeAlarm } from './alarm-text.ts';
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
  /** Of the role that repeats calls, which the report knows as this stack's own. */
  readonly ownRoleArn?: string | undefined;
  /** The dashboard that the report links to, if there is one. */
  readonly dashboardName: string | undefined;
}

const RAISED = {
  storm: 'Re-runs have begun in numbers: a report follows when they are over.',
  sweep: 'A sweep found calls that no event had told of: a report follows when they are brought back.',
} as const;

/** So many re-runs within five minutes are an incident. */
const STORM_RERUNS = 10;

/** Reports each incident once, when it is over: what was throttled and by whom, what was brought back, and what was not. */
export class IncidentReports extends Construct {
  readonly stateMachine: Workflow;
  readonly handler: HandlerFunction;
  /** Raised when an incident begins. */
  readonly alarms: readonly Alarm[];
  /** Alarms for which no report could be started. */
  readonly deadLetterQueue: Queue;
  readonly rule: Rule;

  constructor(scope: Construct, id: string, props: IncidentReportsProps) {
    super(scope, id);
    const { configuration, encryptionKey } = props;
    this.alarms = [
      this.#alarm('Storm', 'intake', STORM_RERUNS, RAISED.storm),
      this.#alarm('SweepFound', 'sweep', 1, RAISED.sweep),
    ];
    this.handler = new HandlerFunction(this, 'Handler', {
      handler: 'incident-report',
      description: 'Looks whether an incident is over, and counts what was logged of it',
      configuration,
      timeout: Duration.minutes(1),
      encryptionKey,
      environment: {},
    });
    this.#grantQueries(props);
    this.stateMachine = new Workflow(this, 'StateMachine', {
      configuration,
      encryptionKey,
      comment: 'Waits until an incident is over, then tells people of it',
      start: this.#definition(props),
    });
    grantUse(encryptionKey, this.stateMachine);
    acknowledge(this.stateMachine, anyVersion(this.handler));
    this.deadLetterQueue = deadLetterQueue(this);
    acknowledge(this.deadLetterQueue, {
      'AwsSolutions-SQS3': 'It is the dead-letter queue of the rule that starts it.',
    });
    const role = new Role(this, 'RuleRole', { assumedBy: ownRules(this) });
    grantUse(encryptionKey, role);
    this.rule = new Rule(this, 'Begun', {
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

  #definition(props: IncidentReportsProps): Pass {
    const begin = Pass.jsonata(this, INCIDENT_STATES.begin, { outputs: INCIDENT_BEGIN });
    const watch = LambdaInvoke.jsonata(this, INCIDENT_STATES.watch, {
      lambdaFunction: this.handler,
      payload: TaskInput.fromObject({
        about: this.#about(props),
        execution: {
          name: '{% $states.context.Execution.Name %}',
          stateMachineArn: '{% $states.context.StateMachine.Id %}',
          startedAt: '{% $states.context.Execution.StartTime %}',
        },
        trigger: '{% $states.context.Execution.Input %}',
        state: '{% $states.input.state %}',
      }),
      retryOnServiceExceptions: false,
      outputs: '{% $states.result.Payload %}',
    });
    const next = Choice.jsonata(this, INCIDENT_STATES.next);
    const wait = Wait.jsonata(this, INCIDENT_STATES.wait, {
      time: WaitTime.seconds('{% $states.input.waitSeconds %}'),
    });
    const tell = SnsPublish.jsonata(this, INCIDENT_STATES.tell, {
      topic: props.topic,
      subject: '{% $states.input.subject %}',
      message: TaskInput.fromText('{% $states.input.message %}'),
      outputs: '{% $states.input.after %}',
    });
    watch.addRetry(OUTAGE_RETRY);
    tell.addRetry(OUTAGE_RETRY);
    begin.next(wait).next(watch).next(next);
    next
      .when(Condition.jsonata(`{% $states.input.next = '${INCIDENT_NEXT.wait}' %}`), wait)
      .when(Condition.jsonata(`{% $states.input.next = '${INCIDENT_NEXT.tell}' %}`), tell)
      .otherwise(Succeed.jsonata(this, INCIDENT_STATES.over, { outputs: { to: '{% $states.input.to %}' } }));
    tell.next(next);
    return begin;
  }

  /** What its handler has to know of the rest of the stack: more than the environment of a function may hold. */
  #about(props: IncidentReportsProps): IncidentSubject {
    const { rerunStateMachine, sweepStateMachine, dashboardName, trailLogGroupName, ownRoleArn } = props;
    const logGroupNames = props.logGroups.map(({ logGroupName }) => logGroupName);
    const saved = (query: LogQuery, groups: string[]) => ({
      name: `${Stack.of(this).stackName}/${query.name}`,
      lines: textOf(query).split('\n'),
      logGroupNames: groups,
    });
    return {
      rerunStateMachineArn: rerunStateMachine.stateMachineArn,
      sweepStateMachineArn: sweepStateMachine.stateMachineArn,
      alarmNames: this.alarms.map(({ alarmName }) => alarmName),
      logGroupNames,
      ...(trailLogGroupName && { trailLogGroupName }),
      ...(dashboardName && { dashboardName }),
      ...(ownRoleArn && { ownRoleArn }),
      savedQueries: [
        saved(RESULTS, logGroupNames),
        ...(trailLogGroupName
          ? [THROTTLES_BY_CALLER, DOWNSTREAM_THROTTLES].map((query) => saved(query, [trailLogGroupName]))
          : []),
      ],
    };
  }

  /** Reading: what is underway, whether the alarms are at rest, what the functions logged. */
  #grantQueries({ rerunStateMachine, sweepStateMachine, logGroups, trailLogGroupName }: IncidentReportsProps): void {
    const trailLogs = trailLogGroupName && LogGroup.fromLogGroupName(this, 'TrailLogs', trailLogGroupName).logGroupArn;
    const executions = this.#own('execution', ':*');
    const grants: Readonly<Record<string, readonly string[]>> = {
      'states:ListExecutions': [
        rerunStateMachine.stateMachineArn,
        sweepStateMachine.stateMachineArn,
        this.#own('stateMachine'),
      ],
      'states:DescribeExecution': [executions],
      'cloudwatch:DescribeAlarms': this.alarms.map(({ alarmArn }) => alarmArn),
      'logs:StartQuery': [...logGroups.map(({ logGroupArn }) => logGroupArn), ...(trailLogs ? [trailLogs] : [])],
      'logs:GetQueryResults': ['*'],
    };
    for (const [action, resources] of Object.entries(grants)) {
      this.handler.addToRolePolicy(new PolicyStatement({ actions: [action], resources: [...resources] }));
    }
    acknowledge(this.handler.executionRole, {
      ...(trailLogs && {
        [wildcardResource(this, trailLogs)]:
          'The log streams of one log group: that is how IAM names the group itself.',
      }),
      [wildcardResource(this, executions)]: 'Executions of its own workflow: the last one says until when it told.',
      'AwsSolutions-IAM5[Resource::*]':
        'logs:GetQueryResults has no resource to name: it reads queries by their ids, which whoever asked knows.',
    });
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
}
