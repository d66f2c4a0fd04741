import TinyQueue from 'tinyqueue';

/** What a clock will run, for whoever cancels it. */
export interface Timer {
  readonly at: number;
  readonly sequence: number;
  /** Undefined for a timer that was run or cancelled. */
  run: (() => void) | undefined;
}

const inOrder = (a: Timer, b: Timer): number => a.at - b.at || a.sequence - b.sequence;

/** So many cancelled timers may stay where they are. */
const CANCELLED_KEPT = 1000;

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
  #laterCount = 0;
  /** Timers of later seconds that were cancelled: those of long timeouts would fill the memory. */
  #cancelled = 0;

  push(timer: Timer): void {
    const second = secondOf(timer);
    if (second <= this.#reached) {
      this.#near.push(timer);
      return;
    }
    this.#laterCount += 1;
    const others = this.#later.get(second);
    if (others) others.push(timer);
    else {
      this.#later.set(second, [timer]);
      this.#seconds.push(second);
    }
  }

  /** To be told of each timer whose `run` was taken away before its time. */
  cancelled(timer: Timer): void {
    if (secondOf(timer) <= this.#reached) return;
    this.#cancelled += 1;
    if (this.#cancelled > CANCELLED_KEPT && this.#cancelled * 2 > this.#laterCount) this.#tidy();
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
    for (const timer of this.#later.get(second) ?? []) {
      this.#laterCount -= 1;
      if (timer.run) this.#near.push(timer);
      else this.#cancelled -= 1;
    }
    this.#later.delete(second);
    return true;
  }

  #tidy(): void {
    for (const [second, timers] of this.#later)
      this.#later.set(
        second,
        timers.filter(({ run }) => run),
      );
    this.#laterCount -= this.#cancelled;
    this.#cancelled = 0;
  }
}
