import { Duration } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Configuration } from '../config/schema.ts';
import { HandlerFunction } from '../foundation/handler-function.ts';
import { acknowledge } from '../foundation/nag.ts';
import { acknowledgeQueueSource, encryptedQueue } from '../foundation/queues.ts';

export interface RateLimiterProps {
  readonly configuration: Configuration;
  readonly encryptionKey: IKey | undefined;
  /** Where the shared rate is kept. */
  readonly table: ITable;
}

/**
 * How long an execution waits for its permit before it parks anew: its message may be gone. Longer than any deadline: where a
 * backlog takes longer than this, the oldest messages run out faster than permits are due, and no permit finds its execution.
 */
export const PARKING = Duration.hours(1);

const NO_REDRIVE =
  'A parked execution must never be given up: it parks anew when its message is lost, so nothing is lost with it.';

/** Where executions wait for their permit to call ECS, and what hands the permits out. */
export class RateLimiter extends Construct {
  /** Without a redrive policy: what waits here is held by its execution, which parks anew when a message is lost. */
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
      // Nobody waits for an older one: in a long drain those would stand in the way of those that do.
      retentionPeriod: PARKING,
    });
    acknowledge(this.queue, { 'AwsSolutions-SQS3': NO_REDRIVE, 'Serverless-SQSRedrivePolicy': NO_REDRIVE });
    this.handler = new HandlerFunction(this, 'Handler', {
      handler: 'rate-limiter',
      description: 'Hands out permits to call ECS, at the rate that all re-runs share',
      configuration,
      timeout,
      encryptionKey,
      environment: { tableName: table.tableName },
    });
    // As many as it takes for 200 permits a second; the rate is shared through the table, so more would be no faster than it.
    this.handler.addEventSource(
      new SqsEventSource(this.queue, { batchSize: 10, maxConcurrency: 5, reportBatchItemFailures: true }),
    );
    acknowledgeQueueSource(this.handler);
    table.grant(this.handler, 'dynamodb:GetItem', 'dynamodb:PutItem');
  }

  /** Lets the rate limiter answer the executions of a state machine. */
  grantAnswer(stateMachine: IStateMachine): void {
    this.handler.addToRolePolicy(
      new PolicyStatement({ actions: ['states:SendTaskSuccess'], resources: [stateMachine.stateMachineArn] }),
    );
  }
}
