import { AwsError, type FakeService, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { type Random, uuid } from '../../kernel/random.ts';
import { uniqueMark } from '../iam/principal-id.ts';

export interface PublishedMessage {
  readonly topicArn: string;
  readonly subject: string | undefined;
  readonly message: string;
  readonly attributes: JsonObject;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface Subscription {
  readonly topicArn: string;
  readonly protocol: string;
  readonly endpoint: string;
}

/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: a topic's default; body and attributes together. */
const MAX_MESSAGE_BYTES = 256 * 1024;
const MAX_SUBJECT_LENGTH = 100;
/** Printable ASCII that begins with no space; the newer documentation allows more, but no recording shows it. */
const SUBJECT = /^[!-~][ -~]*$/;

const PARAMETERS: readonly string[] = ['TopicArn', 'Message', 'Subject', 'MessageAttributes'];

const invalidParameter = (reason: string) => new AwsError('InvalidParameterException', `Invalid parameter: ${reason}`);

/** Amazon SNS up to the topic: what is published is kept for figures and tests, and delivered to nobody. */
export class FakeSns implements FakeService {
  readonly name = 'sns';
  readonly published: PublishedMessage[] = [];
  readonly #topics = new Set<string>();
  readonly #subscriptions: Subscription[] = [];
  readonly #clock: VirtualClock;
  readonly #random: Random;

  constructor({ clock, random }: { clock: VirtualClock; random: Random }) {
    this.#clock = clock;
    this.#random = random;
  }

  createTopic({ arn }: { arn: string }): void {
    this.#topics.add(arn);
  }

  /** Confirmed from the beginning: the lab has nobody who would click. */
  subscribe(subscription: Subscription): void {
    this.#subscriptions.push(subscription);
  }

  call(operation: string, input: JsonObject): JsonObject {
    switch (operation) {
      case 'Publish':
        return this.#checked(input);
      case 'ListTopics':
        return { Topics: [...this.#topics].map((TopicArn) => ({ TopicArn })) };
      case 'ListSubscriptions':
        return { Subscriptions: this.#subscriptions.map(shown) };
      case 'ListSubscriptionsByTopic': {
        const of = this.#subscriptions.filter(({ topicArn }) => topicArn === input.TopicArn);
        return { Subscriptions: of.map(shown) };
      }
      default:
        throw new UnsupportedError(`sns ${operation}`);
    }
  }

  #checked(input: JsonObject): JsonObject {
    const unknown = Object.keys(input).find((parameter) => !PARAMETERS.includes(parameter));
    if (unknown) throw new UnsupportedError(`sns Publish with ${unknown}`);
    return this.#publish(input);
  }

  #publish({ TopicArn: topicArn, Message: message, Subject: subject, MessageAttributes: attributes = {} }: JsonObject) {
    if (typeof topicArn !== 'string' || !topicArn.startsWith('arn:')) throw invalidParameter('TopicArn');
    if (typeof message !== 'string' || message === '') throw invalidParameter('Empty message');
    if (subject !== undefined && !isSubject(subject)) throw invalidParameter('Subject');
    if (Buffer.byteLength(message) + sizeOf(attributes) > MAX_MESSAGE_BYTES) throw invalidParameter('Message too long');
    if (!this.#topics.has(topicArn)) throw new AwsError('NotFoundException', 'Topic does not exist', { status: 404 });
    const at = this.#clock.now();
    this.published.push({ topicArn, subject, message, attributes: attributes as JsonObject, at });
    return { MessageId: uuid(this.#random) };
  }
}

const shown = ({ topicArn, protocol, endpoint }: Subscription): JsonObject => ({
  SubscriptionArn: `${topicArn}:${uniqueMark(endpoint).toLowerCase()}`,
  Owner: topicArn.split(':')[4] ?? '',
  Protocol: protocol,
  Endpoint: endpoint,
  TopicArn: topicArn,
});

const isSubject = (subject: Json): subject is string =>
  typeof subject === 'string' && subject.length <= MAX_SUBJECT_LENGTH && SUBJECT.test(subject);

/** Name, type and value of each attribute count. */
function sizeOf(attributes: Json): number {
  const texts = Object.entries(attributes as { [name: string]: { [part: string]: string } });
  return texts.reduce((sum, [name, parts]) => sum + Buffer.byteLength(name + Object.values(parts).join('')), 0);
}
