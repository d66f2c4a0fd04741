import { setTimeout as pause } from 'node:timers/promises';
import { VirtualClock } from './clock.ts';

/** How late a timer may be. What other processes do in the meantime shows in the conditions of a run, so nothing wakes it. */
const TICK_MS = 5;

/** The lab's clock in step with the real one, for runs that other processes take part in. */
export class WallClock extends VirtualClock {
  constructor() {
    super(Date.now());
  }

  override readonly now = (): number => Date.now();

  protected override reach(instant: number): Promise<void> {
    return pause(Math.min(TICK_MS, Math.max(0, instant - this.now())));
  }
}
