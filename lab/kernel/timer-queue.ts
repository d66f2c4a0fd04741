import TinyQueue from 'tinyqueue';

/** What a clock will run, for whoever cancels it. */
export interface Timer {
  readonly at: number;
  readonly sequence: number;
  /** Undefined for a timer that was run or cancelled. */
  run: (() => void) | undefined;
}

const inOrder = (a: Timer, b: Timer): number => a.at - b.at || a.sequence - b.sequence;

const secondOf = ({ at }: Timer): number => Math.floor(at / 1000);

/**
 * Timers in the order of their instants, and those of one instant in the order in which they were set. Only those of the seconds that were reached are kept
 * in order: of a hundred thousand tasks that run, few end within the next second.
 */
export class TimerQueue {
  readonly #near = new TinyQueue<Timer>([], inOrder);
  #reached = Number.NEGATIVE_INFINITY;
  /** By second, all later than that. */
  readonly #later = new Map<number, Timer[]>();
  readonly #seconds = new TinyQueue<number>();

  push(timer: Timer): void {
    const second = secondOf(timer);
    if (second <= this.#reached) {
      this.#near.push(timer);
      return;
    }
    const others = this.#later.get(second);
    if (others) others.push(timer);
    else {
      this.#later.set(second, [timer]);
      this.#seconds.push(second);
    }
  }

  /** The next timer that nobody cancelled. */
  peek(): Timer | undefined {
    for (;;) {
      const next = this.#near.peek();
      if (next?.run) return next;
      if (next) this.#near.pop();
      else if (!this.#reachNext()) return undefined;
    }
  }

  pop(): void {
    this.#near.pop();
  }

  #reachNext(): boolean {
    const second = this.#seconds.pop();
    if (second === undefined) return false;
    this.#reached = second;
    for (const timer of this.#later.get(second) ?? []) if (timer.run) this.#near.push(timer);
    this.#later.delete(second);
    return true;
  }
}
