import { Duration } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Rule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ITEM_KINDS } from '../../lambda/core/contract.ts';
import { OTHER_OPERATIONS } from '../../lambda/core/events/run-task-record.ts';
import { ANY, type CallerEntry, isPattern } from '../../lambda/core/opt-in/opt-in.ts';
import { isRuleArn } from '../../lambda/core/opt-in/senders.ts';
import type { Configuration } from '../config/schema.ts';
import { CONCURRENT_BATCHES } from '../foundation/concurrency.ts';
import { HandlerFunction } from '../foundation/handler-function.ts';
import { acknowledgeQueueSource, deadLetterQueue, encryptedQueue, QueueTarget } from '../foundation/queues.ts';
import { SplitGrants } from '../foundation/split-grants.ts';
import { clusterArns } from './cluster-arns.ts';
import type { HandOver } from './hand-over.ts';
import { each, grantItems, READ_ITEMS } from './item-grants.ts';
import type { Notifications } from './notifications.ts';
import type { RerunWorkflow } from './rerun-workflow.ts';

export interface IntakeProps {
  readonly configuration: Configuration;
  readonly encryptionKey: IKey | undefined;
  readonly workflow: RerunWorkflow;
  readonly notifications: Notifications;
  /** Where launch records are kept. */
  readonly table: ITable;
  readonly handOver: HandOver;
}

/** How long the intake may work at a batch. */
const INTAKE_TIMEOUT = Duration.seconds(60);

/**
 * How long a batch is the intake's alone. Six times its timeout, so that Lambda has time to try a batch again that the account has no
 * concurrency for: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export const INTAKE_VISIBILITY = Duration.seconds(6 * INTAKE_TIMEOUT.toSeconds());

/**
 * How often an event that the intake cannot handle is tried before it goes to the dead-letter queue. With the visibility
 * timeout this covers more than half a day of outage. An unreadable event goes there at once.
 */
const MAX_RECEIVES = 160;

/** `arn:aws-us-gov:ecs:us-gov-west-1:111122223333:cluster/`, with what a list puts around it. */
const LONGEST_CLUSTER_PREFIX = 70;
/** A pattern holds 2,048 characters: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const MOST_CHARACTERS = 1700;

/** Whether a pattern can name the clusters. Where it cannot, events of others come as well, which say as much of an account's quota. */
function fitsInPattern(clusters: readonly string[]): boolean {
  const characters = clusters.reduce((sum, cluster) => sum + LONGEST_CLUSTER_PREFIX + cluster.length, 0);
  return !clusters.includes(ANY) && characters <= MOST_CHARACTERS;
}

const arnPattern = (arn: string) => (isPattern(arn) ? { prefix: arn.slice(0, -ANY.length) } : arn);

/** Turns events of throttled calls into executions of the re-run workflow. */
export class Intake extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly handler: HandlerFunction;
  /** What brings it events. */
  readonly rules: readonly Rule[];

  constructor(scope: Construct, id: string, props: IntakeProps) {
    super(scope, id);
    const { configuration, encryptionKey, workflow, notifications, table, handOver } = props;

    this.deadLetterQueue = deadLetterQueue(this);
    this.queue = encryptedQueue(this, 'Queue', {
      encryptionKey,
      visibilityTimeout: INTAKE_VISIBILITY,
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVES },
    });

    this.handler = new HandlerFunction(this, 'Handler', {
      handler: 'intake',
      description: 'Decides about each throttled RunTask call, and starts its re-run',
      configuration,
      timeout: INTAKE_TIMEOUT,
      encryptionKey,
      environment: {
        rerunStateMachineArn: workflow.stateMachine.stateMachineArn,
        runTaskRoleArn: workflow.runTaskRole.roleArn,
        deadLetterQueueUrl: this.deadLetterQueue.queueUrl,
        handOverQueueArn: handOver.queue.queueArn,
        handOverDeadLetterQueueUrl: handOver.deadLetterQueue.queueUrl,
        handOverRedriveRoleId: handOver.redriveRoleId,
        ...notifications.environment,
      },
    });
    for (const queue of [this.queue, handOver.queue]) {
      this.handler.addEventSource(
        new SqsEventSource(queue, {
          batchSize: 10,
          maxConcurrency: CONCURRENT_BATCHES.intake,
          reportBatchItemFailures: true,
        }),
      );
    }
    // It reads until nobody can send any more.
    handOver.closing.node.addDependency(this.handler);
    acknowledgeQueueSource(this.handler);
    workflow.stateMachine.grantStartExecution(this.handler);
    notifications.grantNotify(this.handler);
    this.deadLetterQueue.grant(this.handler, 'sqs:SendMessage');
    handOver.deadLetterQueue.grant(this.handler, 'sqs:SendMessage');
    this.#grantKnowingSenders(configuration);
    const { rate, rooms, traffic, counted, launch, accepted, call, principal, notified } = ITEM_KINDS;
    const many = [traffic, counted, launch, accepted, call, principal, notified].map(each);
    grantItems(table, this.handler, [...READ_ITEMS, 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [rate, rooms, ...many]);

    const target = new QueueTarget(this.queue, this.deadLetterQueue);
    const called = new Rule(this, 'RunTaskCalled', {
      description:
        'RunTask calls: what ECS rejected is re-run, what it accepted is kept; others that share its bucket are counted',
      // The handler decides by the message which rejections are throttles. No pattern can read messages well enough.
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['AWS API Call via CloudTrail'],
        detail: { eventSource: ['ecs.amazonaws.com'], eventName: ['RunTask', ...OTHER_OPERATIONS] },
      },
      targets: [target],
    });
    const failed = new Rule(this, 'TaskFailedToStart', {
      description: 'Tasks that were accepted and died before they started',
      // The handler decides whether a service or a call started the task. It depends on members that may be absent, which patterns cannot match.
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: { lastStatus: ['STOPPED'], stopCode: ['TaskFailedToStart'] },
      },
      targets: [target],
    });
    this.rules = [called, failed, ...(configuration.capacity.rerun ? this.#taskRules(configuration, target) : [])];
  }

  /** Room comes back when tasks end, which nothing else tells. */
  #taskRules({ clusters }: Configuration, target: QueueTarget): Rule[] {
    if (clusters.length === 0) return [];
    const changed = new Rule(this, 'TaskChanged', {
      description: 'Tasks that take places and give them back, for calls that are short of room',
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: {
          ...(fitsInPattern(clusters) && { clusterArn: clusterArns(this, clusters).map(arnPattern) }),
          lastStatus: ['PROVISIONING', 'PENDING', 'RUNNING', 'STOPPED'],
          // Those that failed to start come by a rule of their own.
          stopCode: [{ 'anything-but': ['TaskFailedToStart'] }, { exists: false }],
        },
      },
      targets: [target],
    });
    return [changed];
  }

  /** SQS names senders by the unique ids of roles and users, which IAM alone can tell. */
  #grantKnowingSenders({ callers }: Configuration): void {
    const entries: readonly CallerEntry[] = callers;
    const arns = entries
      .filter(({ arn, handsOver }) => handsOver && arn !== ANY && !isRuleArn(arn))
      .map(({ arn }) => arn);
    if (arns.length === 0) return;
    const know = (resources: readonly string[]) =>
      new PolicyStatement({ actions: ['iam:GetRole', 'iam:GetUser'], resources: [...resources] });
    this.handler.needs(
      new SplitGrants(this, 'KnowSenders', this.handler.executionRole, [{ items: arns, statement: know }]),
    );
  }
}
