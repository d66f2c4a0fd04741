import { hash } from 'node:crypto';
import { AwsError } from '../../kernel/aws-service.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';

/** Body and attributes together, one message or one batch: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
export const MAX_MESSAGE_BYTES = 1_048_576;
const MAX_ATTRIBUTES = 10;
/** What XML 1.0 cannot hold, a message cannot either: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const FORBIDDEN_CHARACTER = /[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const DATA_TYPE = /^(String|Number|Binary)(\..+)?$/;

export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  /** Base64. */
  readonly BinaryValue?: string;
}
export type MessageAttributes = { readonly [name: string]: MessageAttribute };

/** One for the thousands of messages that have none. */
export const NO_ATTRIBUTES: MessageAttributes = {};

/** What a sender decides about a message. */
export interface MessageContent {
  readonly body: string;
  readonly attributes: MessageAttributes;
  /** System attributes that come with the message and stay with it. */
  readonly system: { readonly [name: string]: string };
}

export const invalidValue = (message: string): AwsError => new AwsError('InvalidParameterValue', message);

export const missing = (parameter: string): AwsError =>
  new AwsError('MissingParameter', `The request must contain the parameter ${parameter}.`);

/** An integer parameter, within its bounds. */
export function readInteger(
  input: JsonObject,
  parameter: string,
  [min, max]: readonly [number, number],
  otherwise: number,
): number {
  const value = input[parameter] ?? otherwise;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  const reason = `Must be between ${min} and ${max}, if provided.`;
  throw invalidValue(`Value ${JSON.stringify(value)} for parameter ${parameter} is invalid. Reason: ${reason}`);
}

export function readContent(input: JsonObject, senderId: string): MessageContent {
  const { MessageBody: body, MessageAttributes: given = NO_ATTRIBUTES, MessageGroupId: group } = input;
  if (typeof body !== 'string' || body === '') throw missing('MessageBody');
  if (FORBIDDEN_CHARACTER.test(body)) {
    throw new AwsError('InvalidMessageContents', 'The message contains characters outside the allowed set.');
  }
  const attributes = given as unknown as MessageAttributes;
  checkAttributes(attributes);
  if (input.MessageDeduplicationId !== undefined) {
    const reason = 'The request include parameter that is not valid for this queue type';
    throw invalidValue(
      `Value ${String(input.MessageDeduplicationId)} for parameter MessageDeduplicationId is invalid. Reason: ${reason}.`,
    );
  }
  const trace = traceOf(input.MessageSystemAttributes);
  const system = {
    SenderId: senderId,
    ...(typeof group === 'string' ? { MessageGroupId: group } : {}),
    ...(trace === undefined ? {} : { AWSTraceHeader: trace }),
  };
  return { body, attributes, system };
}

function traceOf(system: Json | undefined): string | undefined {
  const header = (system as unknown as MessageAttributes | undefined)?.AWSTraceHeader;
  return header?.StringValue;
}

function checkAttributes(attributes: MessageAttributes): void {
  const names = Object.keys(attributes);
  if (names.length > MAX_ATTRIBUTES) {
    throw invalidValue(
      `Number of message attributes [${names.length}] exceeds the allowed maximum [${MAX_ATTRIBUTES}].`,
    );
  }
  for (const [name, { DataType: type, StringValue: text, BinaryValue: binary }] of Object.entries(attributes)) {
    const subject = `The message attribute '${name}'`;
    if (!DATA_TYPE.test(type ?? '')) {
      throw invalidValue(
        `${subject} has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
      );
    }
    const value = type.startsWith('Binary') ? binary : text;
    if (!value) throw invalidValue(`${subject} must contain a non-empty value for its type ${type}.`);
  }
}

export function contentSize({ body, attributes }: MessageContent): number {
  return Object.entries(attributes).reduce(
    (sum, [name, { DataType: type, StringValue: text = '', BinaryValue: binary = '' }]) =>
      sum + Buffer.byteLength(name + type + text) + Buffer.byteLength(binary, 'base64'),
    Buffer.byteLength(body),
  );
}

export const md5 = (data: string | Buffer): string => hash('md5', data, 'hex');

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation */
export function md5OfAttributes(attributes: MessageAttributes): string {
  const sized = (bytes: Buffer): Buffer[] => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  };
  const chunks = Object.keys(attributes)
    .toSorted()
    .flatMap((name) => {
      const { DataType: type, StringValue: text = '', BinaryValue: binary = '' } = attributes[name] as MessageAttribute;
      const isBinary = type.startsWith('Binary');
      const value = isBinary ? Buffer.from(binary, 'base64') : Buffer.from(text);
      return [
        ...sized(Buffer.from(name)),
        ...sized(Buffer.from(type)),
        Buffer.from([isBinary ? 2 : 1]),
        ...sized(value),
      ];
    });
  return md5(Buffer.concat(chunks));
}
