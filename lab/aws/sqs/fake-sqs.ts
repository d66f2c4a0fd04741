import { AwsError, type FakeService, type Principal, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { type Random, uuid } from '../../kernel/random.ts';
import { principalIdOf } from '../iam/principal-id.ts';
import { invalidValue, type MessageAttributes, NO_ATTRIBUTES } from './messages.ts';
import { OPERATIONS, systemAttributes } from './operations.ts';
import { type Body, type Depth, type Message, Queue, type QueueOptions, type ReceivedMessage } from './queue.ts';

export type { Depth, MessageAttributes, QueueOptions, ReceivedMessage };
export { systemAttributes };

/** What messages of AWS's own services have in common: a text in place of the id that AWS gives each of them. */
const OF_AWS = { SenderId: 'amazonaws.com' };

export interface FakeSqsOptions {
  readonly clock: VirtualClock;
  readonly random: Random;
  /** Called for each dead letter that was moved, with its old id and its new one. */
  readonly onMoved?: (from: string, to: string) => void;
}

/** Amazon SQS standard queues. Besides the API it serves those parts of the lab that are AWS themselves. */
export class FakeSqs implements FakeService {
  readonly name = 'sqs';
  readonly #clock: VirtualClock;
  readonly #newId: () => string;
  readonly #onMoved: (from: string, to: string) => void;
  readonly #byUrl = new Map<string, Queue>();
  readonly #byArn = new Map<string, Queue>();

  constructor({ clock, random, onMoved }: FakeSqsOptions) {
    this.#clock = clock;
    this.#newId = () => uuid(random);
    this.#onMoved = onMoved ?? (() => {});
  }

  createQueue(options: QueueOptions): void {
    const bury = (message: Message) => this.#queue(options.deadLetter?.targetArn ?? '').add(message);
    const queue = new Queue(options, this.#clock, bury);
    this.#byUrl.set(options.url, queue);
    this.#byArn.set(options.arn, queue);
  }

  /** Of all queues. */
  get queueArns(): Iterable<string> {
    return this.#byArn.keys();
  }

  /** The queues whose dead letters go to a queue. */
  sourcesOf(deadLetterQueueArn: string): string[] {
    const queues = [...this.#byArn.values()].filter(
      ({ options }) => options.deadLetter?.targetArn === deadLetterQueueArn,
    );
    return queues.map(({ options }) => options.arn);
  }

  /** Calls `listener` whenever a message becomes visible: sent, no longer delayed, or not deleted in time. */
  onArrival(queueArn: string, listener: () => void): void {
    this.#queue(queueArn).onArrival(listener);
  }

  /** Receives as Lambda's event source does: any number of messages, under the queue's own visibility timeout. */
  receive(queueArn: string, max: number): ReceivedMessage[] {
    return this.#queue(queueArn).receive(max);
  }

  delete(queueArn: string, receiptHandle: string): void {
    this.#queue(queueArn).delete(receiptHandle);
  }

  /** Sends as an AWS service does, say an EventBridge target; returns the message's id. */
  send(queueArn: string, body: Body, attributes = NO_ATTRIBUTES): string {
    return this.#queue(queueArn).send(this.#newId(), { body, attributes, system: OF_AWS }).id;
  }

  depth(queueArn: string): Depth {
    return this.#queue(queueArn).depth();
  }

  call(operation: string, input: JsonObject, principal: Principal): JsonObject {
    switch (operation) {
      case 'StartMessageMoveTask':
        return this.#move(input);
      case 'ListQueues': {
        const prefix = String(input.QueueNamePrefix ?? '');
        const queues = [...this.#byUrl.values()].filter(({ options }) => options.name.startsWith(prefix));
        return { QueueUrls: queues.map(({ options }) => options.url) };
      }
      case 'GetQueueUrl': {
        const queue = [...this.#byUrl.values()].find(({ options }) => options.name === input.QueueName);
        if (!queue) throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
        return { QueueUrl: queue.options.url };
      }
    }
    const run = OPERATIONS[operation];
    if (!run) throw new UnsupportedError(`sqs ${operation}`);
    const queue = this.#byUrl.get(String(input.QueueUrl));
    if (!queue) throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
    return run({ queue, senderId: principalIdOf(principal.arn), newId: this.#newId }, input);
  }

  /**
   * Moves what is visible in a dead-letter queue, all at once. Moved messages count as new ones:
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
   */
  #move({ SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond: rate }: JsonObject): JsonObject {
    if (rate !== undefined) throw new UnsupportedError('sqs StartMessageMoveTask with MaxNumberOfMessagesPerSecond');
    const source = this.#queue(String(SourceArn));
    if (this.sourcesOf(source.options.arn).length === 0)
      throw invalidValue('Source queue must be configured as a Dead Letter Queue.');
    for (const { id, sourceArn = '', body, attributes, system } of source.drain()) {
      const destination = this.#queue(typeof DestinationArn === 'string' ? DestinationArn : sourceArn);
      const moved = destination.send(this.#newId(), { body, attributes, system }, 0);
      this.#onMoved(id, moved.id);
    }
    return { TaskHandle: Buffer.from(`${source.options.name} ${this.#newId()}`).toString('base64') };
  }

  #queue(arn: string): Queue {
    const queue = this.#byArn.get(arn);
    if (queue) return queue;
    throw new AwsError('ResourceNotFoundException', `The resource ${arn} does not exist.`, { status: 404 });
  }
}
