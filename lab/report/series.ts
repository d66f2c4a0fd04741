import { METRICS } from '../../lambda/core/contract.ts';
import type { VirtualClock } from '../kernel/clock.ts';
import { DISGUISED_THROTTLE } from '../run/callers.ts';
import type { Observer } from '../world/world.ts';

/** Counts per virtual second; index 0 is the first second of the run. */
export interface Counts {
  /** RunTask requests that ECS accepted, of the callers and of ours. */
  readonly callersAccepted: readonly number[];
  readonly oursAccepted: readonly number[];
  /** RunTask requests that ECS throttled, disguised or not. */
  readonly callersThrottled: readonly number[];
  readonly oursThrottled: readonly number[];
  /** Permits that the rate limiter handed out. */
  readonly permits: readonly number[];
}

/** Counts what plots over time show. It holds a number per second, however many calls there are. */
export class Series {
  readonly #counts = {
    callersAccepted: [],
    oursAccepted: [],
    callersThrottled: [],
    oursThrottled: [],
    permits: [],
  } as Record<keyof Counts, number[]>;

  #startedAt = 0;

  get counts(): Counts {
    return this.#counts;
  }

  /** What hears a run on this clock. */
  readonly listen = ({ now, startedAt }: Pick<VirtualClock, 'now' | 'startedAt'>): Partial<Observer> => {
    this.#startedAt = startedAt;
    return {
      request: ({ operation, outcome, at }, isOurs) => {
        if (operation !== 'RunTask') return;
        if ('output' in outcome) this.#count(isOurs ? 'oursAccepted' : 'callersAccepted', at);
        else if (outcome.code === 'ThrottlingException' || DISGUISED_THROTTLE.test(outcome.message))
          this.#count(isOurs ? 'oursThrottled' : 'callersThrottled', at);
      },
      metric: ({ name, value }) => {
        if (name === METRICS.permit) this.#count('permits', now(), value);
      },
    };
  };

  #count(what: keyof Counts, at: number, value = 1): void {
    const bins = this.#counts[what];
    const second = Math.floor((at - this.#startedAt) / 1000);
    while (bins.length <= second) bins.push(0);
    bins[second] = (bins[second] ?? 0) + value;
  }
}
