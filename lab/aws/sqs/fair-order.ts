import type { VirtualClock } from '../../kernel/clock.ts';
import { Fifo } from './fifo.ts';

/** A group with more than this share of what is in flight, and at least so many messages of its own there, is noisy ... */
const NOISY_SHARE = 0.1;
const NOISY_IN_FLIGHT = 30;
/** ... until its backlog is gone, or it has sent nothing for so long. */
const QUIET_AFTER_MS = 300_000;

interface Ordered {
  readonly group: string | undefined;
  /** Given with a place in the order. */
  sequence: number;
}

interface Group<T> {
  readonly waiting: Fifo<T>;
  inFlight: number;
  isNoisy: boolean;
  sentAt: number;
}

/**
 * The order in which a standard queue hands out messages, first in, first out but for noisy groups, whose messages wait while
 * there are others: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
 * The second sign of noise that it names, a share of the processing time, is left out: over what time is not said, and
 * without it fewer groups are made to wait.
 */
export class FairOrder<T extends Ordered> {
  readonly #clock: VirtualClock;
  readonly #groups = new Map<string, Group<T>>();
  /** Each message without a group is a tenant of its own. */
  readonly #ungrouped = new Fifo<T>();
  #sequence = 0;
  #inFlight = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  sent(name: string | undefined): void {
    if (name !== undefined) this.#group(name).sentAt = this.#clock.now();
  }

  push(item: T): void {
    item.sequence = this.#sequence++;
    if (item.group === undefined) this.#ungrouped.push(item);
    else this.#group(item.group).waiting.push(item);
  }

  shift(): T | undefined {
    let quiet = this.#ungrouped;
    let noisy: Group<T> | undefined;
    for (const group of this.#groups.values()) {
      const first = group.waiting.peek();
      if (!first || this.#clock.now() - group.sentAt >= QUIET_AFTER_MS) group.isNoisy = false;
      if (!first) continue;
      if (group.isNoisy) noisy = noisy && noisy.inFlight <= group.inFlight ? noisy : group;
      else if (first.sequence < (quiet.peek()?.sequence ?? Number.POSITIVE_INFINITY)) quiet = group.waiting;
    }
    return quiet.shift() ?? noisy?.waiting.shift();
  }

  enterFlight(name: string | undefined): void {
    this.#inFlight += 1;
    if (name === undefined) return;
    const group = this.#group(name);
    group.inFlight += 1;
    if (group.inFlight >= NOISY_IN_FLIGHT && group.inFlight > NOISY_SHARE * this.#inFlight) group.isNoisy = true;
  }

  leaveFlight(name: string | undefined): void {
    this.#inFlight -= 1;
    if (name !== undefined) this.#group(name).inFlight -= 1;
  }

  #group(name: string): Group<T> {
    const known = this.#groups.get(name);
    if (known) return known;
    const group: Group<T> = { waiting: new Fifo(), inFlight: 0, isNoisy: false, sentAt: this.#clock.now() };
    this.#groups.set(name, group);
    return group;
  }
}
