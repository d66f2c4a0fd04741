import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { errorName } from '../runtime/sdk-retry.ts';

/** SQS gives and takes at most ten messages in one request. */
const MESSAGES_PER_REQUEST = 10;

/** A message as an event source delivers it, as far as the rate limiter reads it. */
export interface PermitMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
}

/** What a rate limiter fetches by itself, beside the batch that it was invoked with. */
export interface PermitQueue {
  /** Of so many requests at once. Where one fails, its messages come with a later batch. */
  receive(requests: number): Promise<readonly PermitMessage[]>;
  /** What is not removed comes again; then nobody waits for it any more. */
  remove(messages: readonly PermitMessage[]): Promise<void>;
}

export function makePermitQueue({ environment, clients, log }: HandlerDependencies<'sqs'>): PermitQueue {
  const QueueUrl = environment.variable('permitQueueUrl');

  async function receiveOnce(): Promise<readonly Message[]> {
    const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: MESSAGES_PER_REQUEST });
    try {
      const { Messages = [] } = await clients.sqs.send(command);
      return Messages;
    } catch (error) {
      log.error('the rate limiter could not receive messages', { error: errorName(error) });
      return [];
    }
  }

  async function removeOnce(messages: readonly PermitMessage[]): Promise<void> {
    const Entries = messages.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }));
    try {
      await clients.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    } catch (error) {
      log.error('the rate limiter could not remove messages', { error: errorName(error) });
    }
  }

  return {
    async receive(requests) {
      const received = await Promise.all(Array.from({ length: requests }, receiveOnce));
      return received
        .flat()
        .map(({ MessageId: messageId = '', ReceiptHandle: receiptHandle = '', Body: body = '' }) => ({
          messageId,
          receiptHandle,
          body,
        }));
    },
    async remove(messages) {
      const batches = Array.from({ length: Math.ceil(messages.length / MESSAGES_PER_REQUEST) }, (_, batch) =>
        messages.slice(batch * MESSAGES_PER_REQUEST, (batch + 1) * MESSAGES_PER_REQUEST),
      );
      await Promise.all(batches.map(removeOnce));
    },
  };
}
