import { Duration } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { ITEM_KINDS } from '../../lambda/core/contract.ts';
import type { Configuration } from '../config/schema.ts';
import { CONCURRENT_BATCHES } from '../foundation/concurrency.ts';
import { HandlerFunction } from '../foundation/handler-function.ts';
import { acknowledge } from '../foundation/nag.ts';
import { acknowledgeQueueSource, encryptedQueue } from '../foundation/queues.ts';
import { each, grantItems, READ_ITEMS } from './item-grants.ts';

export interface RateLimiterProps {
  readonly configuration: Configuration;
  readonly encryptionKey: IKey | undefined;
  /** Where the shared rate is kept. */
  readonly table: ITable;
}

/**
 * How long an execution waits for its permit before it parks again, as its message may be lost. It is longer than any deadline:
 * if a backlog takes longer than this, the oldest messages expire faster than permits are due, and no permit finds its execution.
 */
export const PARKING = Duration.hours(1);

const NO_REDRIVE =
  'A parked execution must never be given up: it parks anew when its message is lost, so nothing is lost with it.';

/** The queue in which executions wait for a permit to call ECS, and the function that hands permits out. */
export class RateLimiter extends Construct {
  /** It has no redrive policy: an execution parks again if its message is lost. */
  readonly queue: Queue;
  readonly handler: HandlerFunction;

  constructor(scope: Construct, id: string, props: RateLimiterProps) {
    super(scope, id);
    const { configuration, encryptionKey, table } = props;
    // Visible again when the function's time is over, not six times later as AWS advises: whoever was not due comes back by it, and a
    // batch that Lambda lets go of is one of executions, which park anew.
    const timeout = Duration.seconds(60);
    this.queue = encryptedQueue(this, 'Queue', {
      encryptionKey,
      visibilityTimeout: timeout,
      // Nobody waits for an older message. In a long drain old messages would delay the others.
      retentionPeriod: PARKING,
    });
    acknowledge(this.queue, { 'AwsSolutions-SQS3': NO_REDRIVE, 'Serverless-SQSRedrivePolicy': NO_REDRIVE });
    this.handler = new HandlerFunction(this, 'Handler', {
      handler: 'rate-limiter',
      description: 'Hands out permits to call ECS, at the rate that all re-runs share',
      configuration,
      timeout,
      encryptionKey,
      environment: { tableName: table.tableName, permitQueueUrl: this.queue.queueUrl },
    });
    // Beyond 150 permits a second they fetch messages by themselves. The rate is shared through the table: more functions cannot exceed it.
    this.handler.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: 10,
        maxConcurrency: CONCURRENT_BATCHES.rateLimiter,
        reportBatchItemFailures: true,
      }),
    );
    acknowledgeQueueSource(this.handler);
    const { rate, rooms, pause, traffic, accepted } = ITEM_KINDS;
    grantItems(table, this.handler, READ_ITEMS, [rate, rooms, pause, each(traffic), each(accepted)]);
    grantItems(table, this.handler, ['dynamodb:PutItem'], [rate, rooms]);
  }

  /** Lets the rate limiter answer the executions of a state machine. */
  grantAnswer(stateMachine: IStateMachine): void {
    this.handler.addToRolePolicy(
      new PolicyStatement({ actions: ['states:SendTaskSuccess'], resources: [stateMachine.stateMachineArn] }),
    );
  }
}
