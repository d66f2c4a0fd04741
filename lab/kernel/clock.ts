import { type Timer, TimerQueue } from './timer-queue.ts';

/** The instant at which every lab run begins (docs/lab.md, "Time and chance"), in milliseconds since the epoch. */
export const LAB_EPOCH_MS = Date.UTC(2026, 0, 15, 3, 0, 0);

/** Whatever else runs in the process (a test's own timer, an interrupt) comes to its turn after so many instants. */
const TURNS_BETWEEN_PAUSES = 100;

/**
 * Every promise chain of this instant has settled: what waits for the next tick comes after all that is ready, and nothing in
 * the lab does real I/O. A turn of the whole event loop takes three times as long.
 */
const settled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/**
 * The lab's only clock. Time stands still while promises settle and jumps to the next timer when nothing is left to
 * do at this instant, so an hour takes seconds and the same timers always fire in the same order.
 */
export class VirtualClock {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  #now: number;
  #sequence = 0;
  /** Timers that were neither run nor cancelled, and those among them of recurring schedules. */
  #pending = 0;
  #recurring = 0;
  readonly #timers = new TimerQueue();

  constructor(startedAt = LAB_EPOCH_MS) {
    this.startedAt = startedAt;
    this.#now = startedAt;
  }

  /** Milliseconds since the epoch. */
  readonly now = (): number => this.#now;

  /** Seconds since the lab began. */
  elapsedSeconds(): number {
    return (this.now() - this.startedAt) / 1000;
  }

  /** Resolves after `milliseconds` of virtual time. */
  readonly sleep = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      this.after(milliseconds, resolve);
    });

  /** Runs `run` after `milliseconds` of virtual time; returns what cancels it. */
  after(milliseconds: number, run: () => void): () => void {
    return this.at(this.now() + Math.max(0, milliseconds), run);
  }

  /** Runs `run` at `instant` (milliseconds since the epoch; the past means now); returns what cancels it. */
  at(instant: number, run: () => void): () => void {
    const timer = this.timer(instant, run);
    return () => this.cancel(timer);
  }

  /** The same for who has thousands of them: what cancels a timer takes more than the timer. */
  timer(instant: number, run: () => void): Timer {
    const timer = { at: Math.max(this.now(), instant), sequence: this.#sequence++, run };
    this.#timers.push(timer);
    this.#pending += 1;
    return timer;
  }

  cancel(timer: Timer): void {
    if (!timer.run) return;
    timer.run = undefined;
    this.#pending -= 1;
    this.#timers.cancelled(timer);
  }

  /** Runs `run` every `milliseconds`, for ever; a run of the clock does not wait for it. */
  every(milliseconds: number, run: () => void): void {
    const schedule = () => {
      this.#recurring += 1;
      this.after(milliseconds, () => {
        this.#recurring -= 1;
        run();
        schedule();
      });
    };
    schedule();
  }

  /**
   * Plays timers in order until none is left, `isOver` says so, or `until` (milliseconds since the epoch) is reached.
   * Recurring timers count only while `isWaiting` says that something still depends on them. Returns whether it ended by
   * itself, that is before `until`.
   */
  async run(options: { until?: number; isOver?: () => boolean; isWaiting?: () => boolean } = {}): Promise<boolean> {
    const until = options.until ?? Number.POSITIVE_INFINITY;
    for (let turn = 0; ; turn++) {
      await (turn % TURNS_BETWEEN_PAUSES === 0 ? new Promise((resolve) => setImmediate(resolve)) : settled());
      if (options.isOver?.()) return true;
      let next = this.#timers.peek();
      if (!next || (this.#pending === this.#recurring && !options.isWaiting?.())) return true;
      await this.reach(Math.min(next.at, until));
      // Whoever else has part in a run on real time may have set timers meanwhile.
      next = this.#timers.peek();
      if (next && next.at > until && this.now() >= until) return false;
      while (next && next.at <= this.now()) {
        this.#timers.pop();
        this.#run(next);
        next = this.#timers.peek();
      }
    }
  }

  /** Lets time pass until `instant`. */
  protected reach(instant: number): void | Promise<void> {
    this.#now = instant;
  }

  #run(timer: Timer): void {
    const { run } = timer;
    timer.run = undefined;
    this.#pending -= 1;
    run?.();
  }
}
