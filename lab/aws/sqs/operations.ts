import { AwsError, UnsupportedError } from '../../kernel/aws-service.ts';
import type { JsonObject } from '../../kernel/json.ts';
import {
  contentSize,
  invalidValue,
  MAX_MESSAGE_BYTES,
  type MessageContent,
  md5,
  md5OfAttributes,
  missing,
  readContent,
  readInteger,
} from './messages.ts';
import { MAX_IN_FLIGHT, type Queue, type ReceivedMessage } from './queue.ts';

/** What an operation may touch: the queue it names, who calls, and the other queues. */
export interface Call {
  readonly queue: Queue;
  readonly senderId: string;
  readonly newId: () => string;
}

type Operation = (call: Call, input: JsonObject) => JsonObject;

const DELAY_SECONDS = [0, 900] as const;
const VISIBILITY_SECONDS = [0, 43_200] as const;
const MESSAGES_PER_RECEIVE = [1, 10] as const;
const ENTRIES_PER_BATCH = 10;

const send: Operation = (call, input) => {
  const content = readContent(input, call.senderId);
  if (contentSize(content) > MAX_MESSAGE_BYTES) {
    const reason = `Message must be shorter than ${MAX_MESSAGE_BYTES} bytes.`;
    throw invalidValue(`One or more parameters are invalid. Reason: ${reason}`);
  }
  const delay = readInteger(input, 'DelaySeconds', DELAY_SECONDS, call.queue.options.delaySeconds);
  const message = call.queue.send(call.newId(), content, delay);
  return { MessageId: message.id, MD5OfMessageBody: md5(content.body), ...digest(content) };
};

const receive: Operation = ({ queue }, input) => {
  const max = readInteger(input, 'MaxNumberOfMessages', MESSAGES_PER_RECEIVE, 1);
  const { visibilityTimeoutSeconds } = queue.options;
  const visibility = readInteger(input, 'VisibilityTimeout', VISIBILITY_SECONDS, visibilityTimeoutSeconds);
  if (queue.depth().inFlight >= MAX_IN_FLIGHT) {
    throw new AwsError('OverLimit', 'Too many messages in flight.', { status: 403 });
  }
  // Answers at once even if asked to wait: the lab's own poller learns of arrivals without polling.
  const messages = queue.receive(max, visibility);
  const systemNames = [input.AttributeNames, input.MessageSystemAttributeNames].flatMap((names) => names ?? []);
  const names = [input.MessageAttributeNames ?? []].flat();
  const result: JsonObject = {};
  if (messages.length > 0) result.Messages = messages.map((message) => show(message, systemNames, names));
  return result;
};

const remove: Operation = ({ queue }, input) => {
  queue.delete(readHandle(input));
  return {};
};

/** Entry by entry: one that fails does not hold up the others. */
const removeBatch: Operation = ({ queue }, input) => {
  const entries = [input.Entries ?? []].flat() as JsonObject[];
  checkBatch(entries);
  const successful: JsonObject[] = [];
  const failed: JsonObject[] = [];
  for (const entry of entries) {
    const Id = String(entry.Id);
    try {
      queue.delete(readHandle(entry));
      successful.push({ Id });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      failed.push({ Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return { Successful: successful, Failed: failed };
};

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html */
function checkBatch(entries: readonly JsonObject[]): void {
  if (entries.length === 0)
    throw new AwsError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > ENTRIES_PER_BATCH)
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${ENTRIES_PER_BATCH}.`,
    );
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length)
    throw new AwsError('BatchEntryIdsNotDistinct', 'Two or more batch entries in the request have the same Id.');
}

const changeVisibility: Operation = ({ queue }, input) => {
  const handle = readHandle(input);
  if (input.VisibilityTimeout === undefined) throw missing('VisibilityTimeout');
  queue.changeVisibility(handle, readInteger(input, 'VisibilityTimeout', VISIBILITY_SECONDS, 0));
  return {};
};

const QUEUE_ATTRIBUTES: Readonly<Record<string, (queue: Queue) => string | number | undefined>> = {
  QueueArn: ({ options }) => options.arn,
  ApproximateNumberOfMessages: (queue) => queue.depth().visible,
  ApproximateNumberOfMessagesNotVisible: (queue) => queue.depth().inFlight,
  ApproximateNumberOfMessagesDelayed: (queue) => queue.depth().delayed,
  VisibilityTimeout: ({ options }) => options.visibilityTimeoutSeconds,
  DelaySeconds: ({ options }) => options.delaySeconds,
  MessageRetentionPeriod: ({ options }) => options.retentionSeconds,
  MaximumMessageSize: () => MAX_MESSAGE_BYTES,
  RedrivePolicy: ({ options: { deadLetter } }) =>
    deadLetter &&
    JSON.stringify({ deadLetterTargetArn: deadLetter.targetArn, maxReceiveCount: deadLetter.maxReceiveCount }),
};

const getAttributes: Operation = ({ queue }, input) => {
  const asked = [input.AttributeNames ?? []].flat().map(String);
  const unknown = asked.find((name) => name !== 'All' && !(name in QUEUE_ATTRIBUTES));
  if (unknown !== undefined) throw new UnsupportedError(`sqs GetQueueAttributes of ${unknown}`);
  const names = asked.includes('All') ? Object.keys(QUEUE_ATTRIBUTES) : asked;
  const values = names.map((name) => [name, QUEUE_ATTRIBUTES[name]?.(queue)] as const);
  const present = values.filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]);
  const result: JsonObject = {};
  if (present.length > 0) result.Attributes = Object.fromEntries(present);
  return result;
};

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  SendMessage: send,
  ReceiveMessage: receive,
  DeleteMessage: remove,
  DeleteMessageBatch: removeBatch,
  ChangeMessageVisibility: changeVisibility,
  GetQueueAttributes: getAttributes,
};

function readHandle({ ReceiptHandle: handle }: JsonObject): string {
  if (typeof handle !== 'string' || handle === '') throw missing('ReceiptHandle');
  return handle;
}

const digest = ({ attributes }: MessageContent): JsonObject =>
  Object.keys(attributes).length > 0 ? { MD5OfMessageAttributes: md5OfAttributes(attributes) } : {};

/** A received message's system attributes, as receivers and Lambda events show them. */
export const systemAttributes = (message: ReceivedMessage): { [name: string]: string } => ({
  ...message.system,
  SentTimestamp: String(message.sentAt),
  ApproximateReceiveCount: String(message.receiveCount),
  ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
  ...(message.sourceArn === undefined ? {} : { DeadLetterQueueSourceArn: message.sourceArn }),
});

function show(message: ReceivedMessage, systemNames: unknown[], names: unknown[]): JsonObject {
  const all = systemAttributes(message);
  const system = systemNames.includes('All')
    ? all
    : Object.fromEntries(Object.entries(all).filter(([name]) => systemNames.includes(name)));
  const attributes = Object.fromEntries(Object.entries(message.attributes).filter(([name]) => isAsked(name, names)));
  return {
    MessageId: message.id,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(Object.keys(system).length > 0 ? { Attributes: system } : {}),
    ...(Object.keys(attributes).length > 0
      ? { MessageAttributes: attributes as unknown as JsonObject, ...digest({ ...message, attributes }) }
      : {}),
  };
}

/** `All`, a name, or the beginning of names as in `trace.*`. */
const isAsked = (name: string, asked: unknown[]): boolean =>
  asked.some(
    (one) => one === 'All' || one === name || (String(one).endsWith('.*') && name.startsWith(String(one).slice(0, -1))),
  );
