import { Duration } from 'aws-cdk-lib';
import type { IRule, IRuleTarget, RuleTargetConfig } from 'aws-cdk-lib/aws-events';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type DeadLetterQueue, type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './nag.ts';

export interface EncryptedQueueProps {
  readonly encryptionKey: IKey | undefined;
  readonly visibilityTimeout?: Duration;
  /** How long a message is kept; absent: 14 days, the longest that SQS allows. */
  readonly retentionPeriod?: Duration;
  readonly deadLetterQueue?: DeadLetterQueue;
}

/** A queue that is encrypted at rest and in transit. */
export function encryptedQueue(scope: Construct, id: string, props: EncryptedQueueProps): Queue {
  const { encryptionKey, visibilityTimeout, retentionPeriod = Duration.days(14), deadLetterQueue } = props;
  return new Queue(scope, id, {
    enforceSSL: true,
    retentionPeriod,
    encryption: encryptionKey ? QueueEncryption.KMS : QueueEncryption.SQS_MANAGED,
    ...(encryptionKey && { encryptionMasterKey: encryptionKey, dataKeyReuse: Duration.hours(1) }),
    ...(visibilityTimeout && { visibilityTimeout }),
    ...(deadLetterQueue && { deadLetterQueue }),
  });
}

/**
 * A queue for what others could not deliver, or could not read. Encrypted by SQS itself, never with the stack's key: a key that
 * is disabled, or whose policy was changed, is one of the reasons why something cannot be delivered, and must not hold the copy too.
 */
export function deadLetterQueue(scope: Construct): Queue {
  const queue = encryptedQueue(scope, 'DeadLetterQueue', { encryptionKey: undefined });
  acknowledge(queue, { 'Serverless-SQSRedrivePolicy': 'It is a dead-letter queue itself.' });
  return queue;
}

/** Failed messages of a queue that feeds a function return to the queue. */
export function acknowledgeQueueSource(handler: Construct): void {
  acknowledge(handler, {
    'Serverless-LambdaEventSourceMappingDestination':
      'Such a destination is for streams; a message that fails returns to its queue.',
  });
}

/**
 * A queue as the target of a rule. Only that rule may send to it. The library's own target drops this condition if the queue
 * has a customer-managed key; any rule of the account could then send a forged event.
 */
export class QueueTarget implements IRuleTarget {
  readonly #queue: Queue;
  readonly #deadLetterQueue: IQueue;

  constructor(queue: Queue, deadLetterQueue: IQueue) {
    this.#queue = queue;
    this.#deadLetterQueue = deadLetterQueue;
  }

  bind(rule: IRule): RuleTargetConfig {
    for (const queue of [this.#queue, this.#deadLetterQueue]) {
      queue.addToResourcePolicy(
        new PolicyStatement({
          effect: Effect.ALLOW,
          principals: [new ServicePrincipal('events.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [queue.queueArn],
          conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleArn } },
        }),
      );
    }
    return { arn: this.#queue.queueArn, deadLetterConfig: { arn: this.#deadLetterQueue.queueArn } };
  }
}
