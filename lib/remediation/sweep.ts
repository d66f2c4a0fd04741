import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Choice, Condition, JitterType, Succeed, TaskInput, Wait, WaitTime } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { ITEM_KINDS, SERVICE_EVENTS, SWEEP_NEXT, SWEEP_STATES, SWEEP_STEPS } from '../../lambda/core/contract.ts';
import { ANY, isPattern } from '../../lambda/core/opt-in/opt-in.ts';
import type { Configuration } from '../config/schema.ts';
import { grantUse } from '../foundation/encryption.ts';
import { HandlerFunction } from '../foundation/handler-function.ts';
import { acknowledge, anyVersion } from '../foundation/nag.ts';
import { deadLetterQueue } from '../foundation/queues.ts';
import { type SplitGrant, SplitGrants } from '../foundation/split-grants.ts';
import { ownRules } from '../foundation/trust.ts';
import { Workflow } from '../foundation/workflow.ts';
import { clusterArns, taskArns } from './cluster-arns.ts';
import { each, grantItems, READ_ITEMS } from './item-grants.ts';
import type { Notifications } from './notifications.ts';
import type { RerunWorkflow } from './rerun-workflow.ts';

export interface SweepProps {
  readonly configuration: Configuration;
  readonly encryptionKey: IKey | undefined;
  readonly workflow: RerunWorkflow;
  readonly notifications: Notifications;
  /** Where leases and launch records are kept. */
  readonly table: ITable;
}

/** Searches a cluster for throttled calls that no event reported, until it is quiet. */
export class Sweep extends Construct {
  readonly stateMachine: Workflow;
  readonly handler: HandlerFunction;
  /** Service events that could not be delivered. */
  readonly deadLetterQueue: Queue;
  /** Delivers the service events. */
  readonly serviceThrottled: Rule;
  /** All that start it. */
  readonly rules: Rule[] = [];
  readonly #ruleRole: Role;

  constructor(scope: Construct, id: string, props: SweepProps) {
    super(scope, id);
    const { configuration, encryptionKey, workflow, notifications, table } = props;
    this.handler = new HandlerFunction(this, 'Handler', {
      handler: 'sweep',
      description: 'Reads the event history and stopped tasks, and starts a re-run for each candidate',
      configuration,
      timeout: Duration.minutes(5),
      encryptionKey,
      environment: {
        rerunStateMachineArn: workflow.stateMachine.stateMachineArn,
        runTaskRoleArn: workflow.runTaskRole.roleArn,
        ...notifications.environment,
      },
    });
    workflow.stateMachine.grantStartExecution(this.handler);
    notifications.grantNotify(this.handler);
    const { rate, coverage, lookups, sweep, launch, accepted, call, notified } = ITEM_KINDS;
    const many = [sweep, launch, accepted, call, notified].map(each);
    grantItems(
      table,
      this.handler,
      [...READ_ITEMS, 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      [rate, coverage, lookups, ...many],
    );
    grantItems(table, this.handler, ['dynamodb:DeleteItem'], [each(sweep)]);
    this.#grantReads(configuration);

    this.stateMachine = new Workflow(this, 'StateMachine', {
      configuration,
      encryptionKey,
      comment: 'Looks for what throttling took from a cluster, until it is quiet',
      start: this.#definition(),
    });
    this.deadLetterQueue = deadLetterQueue(this);
    acknowledge(this.deadLetterQueue, {
      'AwsSolutions-SQS3': 'It is the dead-letter queue of the rules that start it.',
    });
    acknowledge(this.stateMachine, anyVersion(this.handler));
    this.#ruleRole = new Role(this, 'RuleRole', { assumedBy: ownRules(this) });
    // Whoever starts an encrypted state machine needs its key.
    grantUse(encryptionKey, this.#ruleRole);
    this.serviceThrottled = this.#rules(configuration);
  }

  /** By name: its own handler cannot refer to the resource. */
  get stateMachineArn(): string {
    return Stack.of(this).formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: Workflow.nameOf(this, 'StateMachine'),
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  /** Starts a sweep of all listed clusters when one of these alarms is raised. */
  startWhenRaised(alarms: readonly IAlarm[]): void {
    const raised = new Rule(this, 'AlarmRaised', {
      description: 'Calls come near the quota: covers accounts that have neither a trail nor services',
      eventPattern: {
        source: ['aws.cloudwatch'],
        detailType: ['CloudWatch Alarm State Change'],
        resources: alarms.map(({ alarmArn }) => alarmArn),
        detail: { state: { value: ['ALARM'] } },
      },
      targets: [this.#target({ cluster: ANY })],
    });
    this.rules.push(raised);
  }

  #target(input?: object): SfnStateMachine {
    const { deadLetterQueue, stateMachine } = this;
    return new SfnStateMachine(stateMachine, {
      deadLetterQueue,
      role: this.#ruleRole,
      ...(input && { input: RuleTargetInput.fromObject(input) }),
    });
  }

  #rules({ sweep: { everyMinutes } }: Configuration): Rule {
    const serviceThrottled = new Rule(this, 'ServiceThrottled', {
      description: 'The service scheduler was throttled: calls nearby were too',
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Service Action'],
        detail: { eventName: Object.values(SERVICE_EVENTS) },
      },
      targets: [this.#target()],
    });
    this.rules.push(serviceThrottled);
    if (everyMinutes === 0) return serviceThrottled;
    const regularly = new Rule(this, 'Regularly', {
      description: 'Covers accounts where neither a trail nor a service tells of throttling',
      schedule: Schedule.rate(Duration.minutes(everyMinutes)),
      targets: [this.#target({ scheduled: true })],
    });
    this.rules.push(regularly);
    return serviceThrottled;
  }

  #definition(): LambdaInvoke {
    const execution = '{% $states.context.Execution.Name %}';
    const begin = this.#invoke(SWEEP_STATES.begin, {
      step: SWEEP_STEPS.begin,
      trigger: '{% $states.input %}',
      execution,
      startedAt: '{% $states.context.Execution.StartTime %}',
    });
    const pass = this.#invoke(SWEEP_STATES.pass, {
      step: SWEEP_STEPS.pass,
      state: '{% $states.input.state %}',
      execution,
    });
    const next = Choice.jsonata(this, SWEEP_STATES.next);
    const wait = Wait.jsonata(this, SWEEP_STATES.wait, { time: WaitTime.timestamp('{% $states.input.waitUntil %}') });
    begin.next(next);
    pass.next(next);
    wait.next(pass);
    next
      .when(Condition.jsonata(`{% $states.input.next = '${SWEEP_NEXT.pass}' %}`), pass)
      .when(Condition.jsonata(`{% $states.input.next = '${SWEEP_NEXT.wait}' %}`), wait)
      .otherwise(Succeed.jsonata(this, SWEEP_STATES.quiet));
    return begin;
  }

  #invoke(id: string, payload: Record<string, unknown>): LambdaInvoke {
    const state = LambdaInvoke.jsonata(this, id, {
      lambdaFunction: this.handler,
      payload: TaskInput.fromObject(payload),
      retryOnServiceExceptions: false,
      outputs: '{% $states.result.Payload %}',
    });
    // A pass only reads, and starts executions by name. It can be repeated safely, here for half a day.
    state.addRetry({
      errors: ['States.ALL'],
      interval: Duration.seconds(2),
      backoffRate: 2,
      // Short delays, as ECS shows a task that failed to start for an hour only.
      maxDelay: Duration.minutes(2),
      maxAttempts: 700,
      jitterStrategy: JitterType.FULL,
    });
    return state;
  }

  /** Grants reading of the event history, which has no resource to name, and of the tasks of the listed clusters. */
  #grantReads({ clusters }: Configuration): void {
    this.handler.addToRolePolicy(new PolicyStatement({ actions: ['cloudtrail:LookupEvents'], resources: ['*'] }));
    acknowledge(this.handler.executionRole, {
      'AwsSolutions-IAM5[Resource::*]': 'The event history and the list of clusters have no resource to name.',
    });
    if (clusters.length === 0) return;
    const look = (
      action: string,
      resourcesOf: (some: readonly string[]) => string[],
      wildcard?: string,
    ): SplitGrant => ({
      items: clusters,
      statement: (some) =>
        new PolicyStatement({
          actions: [action],
          resources: resourcesOf(some),
          conditions: { ArnLike: { 'ecs:cluster': clusterArns(this, some) } },
        }),
      ...(wildcard && { wildcard }),
    });
    this.handler.needs(
      new SplitGrants(this, 'Look', this.handler.executionRole, [
        // IAM grants ListTasks on container instances, and a Fargate cluster has none. The condition names the cluster.
        look('ecs:ListTasks', () => ['*'], 'It is bound by the condition ecs:cluster.'),
        look(
          'ecs:DescribeTasks',
          (some) => taskArns(this, some),
          'Tasks of a listed cluster: which died is what it looks for.',
        ),
      ]),
    );
    if (!clusters.some(isPattern)) return;
    this.handler.addToRolePolicy(new PolicyStatement({ actions: ['ecs:ListClusters'], resources: ['*'] }));
  }
}
