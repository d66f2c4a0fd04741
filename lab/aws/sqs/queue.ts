import { AwsError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { FairOrder } from './fair-order.ts';
import { invalidValue, type MessageContent } from './messages.ts';

/** A text, or what makes what it says: of a storm's events, which wait by the thousand, the queue keeps what they tell of. */
export type Body = string | (() => JsonObject);
export type Content = Omit<MessageContent, 'body'> & { readonly body: Body };

export interface QueueOptions {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly visibilityTimeoutSeconds: number;
  readonly delaySeconds: number;
  readonly retentionSeconds: number;
  readonly deadLetter?: { readonly targetArn: string; readonly maxReceiveCount: number };
}

/** A message wherever it is; moving it to a dead-letter queue leaves its identity and its age alone. */
export interface Message extends Content {
  readonly id: string;
  readonly sentAt: number;
  /** The queue a dead letter came from. */
  readonly sourceArn?: string;
  readonly receiveCount: number;
  readonly firstReceivedAt?: number;
}

export interface ReceivedMessage extends Omit<Message, 'body'> {
  readonly body: string;
  readonly receiptHandle: string;
}

const textOf = (body: Body): string => (typeof body === 'string' ? body : JSON.stringify(body()));

type State = 'visible' | 'inFlight' | 'delayed';
export type Depth = Record<State, number>;

interface Entry {
  message: Message;
  /** Whose message it is, if its sender says so. */
  readonly group: string | undefined;
  /** Its place in the order of those that became visible. */
  sequence: number;
  state: State;
  /** Stops the timer that would make it visible, where one runs. */
  cancel: (() => void) | undefined;
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html */
export const MAX_IN_FLIGHT = 120_000;
/** Expired messages are looked for no more often than this, so that a long queue stays cheap. */
const EXPIRY_INTERVAL_MS = 1000;

/** One standard queue. All it does takes constant time for a message. */
export class Queue {
  readonly options: QueueOptions;
  readonly #clock: VirtualClock;
  readonly #bury: (message: Message) => void;
  readonly #entries = new Map<string, Entry>();
  /** May hold entries that were deleted since; they are passed over. */
  readonly #visible: FairOrder<Entry>;
  readonly #depth: Depth = { visible: 0, inFlight: 0, delayed: 0 };
  readonly #listeners: (() => void)[] = [];
  #nextExpiry = Number.POSITIVE_INFINITY;

  /** `bury` takes what was received too often. */
  constructor(options: QueueOptions, clock: VirtualClock, bury: (message: Message) => void) {
    this.options = options;
    this.#clock = clock;
    this.#bury = bury;
    this.#visible = new FairOrder(clock);
  }

  /** Calls `listener` whenever a message becomes visible. */
  onArrival(listener: () => void): void {
    this.#listeners.push(listener);
  }

  depth(): Depth {
    this.#expire();
    return { ...this.#depth };
  }

  send(id: string, content: Content, delaySeconds = this.options.delaySeconds): Message {
    const { body, attributes, system } = content;
    // Written out: what is spread and added to takes twice the memory.
    const message = { body, attributes, system, id, sentAt: this.#clock.now(), receiveCount: 0 };
    this.add(message, delaySeconds);
    return message;
  }

  add(message: Message, delaySeconds = 0): void {
    const { MessageGroupId: group } = message.system;
    this.#visible.sent(group);
    const entry: Entry = { message, group, sequence: 0, state: 'delayed', cancel: undefined };
    this.#entries.set(message.id, entry);
    this.#depth.delayed += 1;
    this.#nextExpiry = Math.min(this.#nextExpiry, this.#expiryOf(message));
    this.#hide(entry, 'delayed', delaySeconds);
  }

  receive(max: number, visibilitySeconds = this.options.visibilityTimeoutSeconds): ReceivedMessage[] {
    this.#expire();
    const { maxReceiveCount = Number.POSITIVE_INFINITY } = this.options.deadLetter ?? {};
    const taken: Entry[] = [];
    while (taken.length < max && this.#depth.inFlight + taken.length < MAX_IN_FLIGHT) {
      const entry = this.#visible.shift();
      if (!entry) break;
      if (this.#entries.get(entry.message.id) !== entry) continue;
      if (entry.message.receiveCount >= maxReceiveCount) {
        this.#remove(entry);
        this.#bury({ ...entry.message, sourceArn: this.options.arn });
      } else taken.push(entry);
    }
    const now = this.#clock.now();
    return taken.map((entry) => {
      const receiveCount = entry.message.receiveCount + 1;
      entry.message = { firstReceivedAt: now, ...entry.message, receiveCount };
      const received = { ...entry.message, body: textOf(entry.message.body), receiptHandle: this.#handle(entry) };
      this.#hide(entry, 'inFlight', visibilitySeconds);
      return received;
    });
  }

  /**
   * Succeeds whatever became of the message. An older handle than the last one deletes nothing: the service says that
   * it might not. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
   */
  delete(receiptHandle: string): void {
    const entry = this.#find(receiptHandle);
    if (entry) this.#remove(entry);
  }

  changeVisibility(receiptHandle: string, seconds: number): void {
    const entry = this.#find(receiptHandle);
    if (entry?.state !== 'inFlight') {
      const reason = 'Message does not exist or is not available for visibility timeout change.';
      throw invalidValue(`Value ${receiptHandle} for parameter ReceiptHandle is invalid. Reason: ${reason}`);
    }
    this.#hide(entry, 'inFlight', seconds);
  }

  /** Takes out every visible message, for a move to another queue. */
  drain(): Message[] {
    this.#expire();
    const waiting = [...this.#entries.values()].filter(({ state }) => state === 'visible');
    for (const entry of waiting) this.#remove(entry);
    return waiting.map(({ message }) => message);
  }

  #handle({ message }: Entry): string {
    return `${this.options.name}/${message.id}/${message.receiveCount}`;
  }

  #find(receiptHandle: string): Entry | undefined {
    this.#expire();
    const [name, id = '', count, ...rest] = receiptHandle.split('/');
    if (name !== this.options.name || count === undefined || rest.length > 0) {
      const message = `The input receipt handle "${receiptHandle}" is not a valid receipt handle.`;
      throw new AwsError('ReceiptHandleIsInvalid', message, { status: 404 });
    }
    const entry = this.#entries.get(id);
    return entry && String(entry.message.receiveCount) === count ? entry : undefined;
  }

  #hide(entry: Entry, state: State, seconds: number): void {
    entry.cancel?.();
    this.#enter(entry, state);
    if (seconds === 0) this.#show(entry);
    else entry.cancel = this.#clock.after(seconds * 1000, () => this.#show(entry));
  }

  #show(entry: Entry): void {
    entry.cancel = undefined;
    this.#enter(entry, 'visible');
    this.#visible.push(entry);
    for (const listener of this.#listeners) listener();
  }

  #enter(entry: Entry, state: State): void {
    this.#depth[entry.state] -= 1;
    this.#depth[state] += 1;
    if (entry.state === 'inFlight') this.#visible.leaveFlight(entry.group);
    if (state === 'inFlight') this.#visible.enterFlight(entry.group);
    entry.state = state;
  }

  #remove(entry: Entry): void {
    entry.cancel?.();
    this.#depth[entry.state] -= 1;
    if (entry.state === 'inFlight') this.#visible.leaveFlight(entry.group);
    this.#entries.delete(entry.message.id);
  }

  #expiryOf(message: Message): number {
    return message.sentAt + this.options.retentionSeconds * 1000;
  }

  /** Done when the queue is used, not by timers: they would drag the virtual clock on for days. */
  #expire(): void {
    const now = this.#clock.now();
    if (now < this.#nextExpiry) return;
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) {
      const expiry = this.#expiryOf(entry.message);
      if (expiry <= now) this.#remove(entry);
      else next = Math.min(next, expiry);
    }
    this.#nextExpiry = Math.max(next, now + EXPIRY_INTERVAL_MS);
  }
}
