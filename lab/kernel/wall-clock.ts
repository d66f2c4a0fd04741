import { setTimeout as pause } from 'node:timers/promises';
import { VirtualClock } from './clock.ts';

/** How late a timer may be. What other processes do in the meantime shows in the conditions of a run, so nothing wakes it. */
const TICK_MS = 5;

/** The lab's clock in step with the real one, or so many times faster, for runs that other processes take part in. */
export class WallClock extends VirtualClock {
  readonly #speed: number;
  readonly #startedAt: number;

  constructor(speed = 1) {
    const now = Date.now();
    super(now);
    this.#startedAt = now;
    this.#speed = speed;
  }

  override readonly now = (): number => this.#startedAt + (Date.now() - this.#startedAt) * this.#speed;

  protected override reach(instant: number): Promise<void> {
    return pause(Math.min(TICK_MS, Math.max(0, (instant - this.now()) / this.#speed)));
  }
}
