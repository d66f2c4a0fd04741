import { type Bucket, type BucketUnit, observedBucket, type SecondOfTraffic } from '../../lambda/core/rate/traffic.ts';

/** Throttles that are further apart are of two storms, in seconds. */
const BETWEEN_STORMS = 60;
const SHOWN_AROUND = 10;
/** Who called when is kept as exactly as this. */
const BIN_SECONDS = 10;
/** How much a bucket holds by default, in seconds of its refill: 100 and 40 a second. */
const BURST_SECONDS = 2.5;
/** How far before its first throttle a storm is looked at: as far as the stack would look. */
const BEFORE = 60;

/** What was asked of RunTask's bucket in one account and Region, by whole second since the epoch. */
export class Traffic {
  readonly seconds: Readonly<Record<BucketUnit, Map<number, SecondOfTraffic>>> = { calls: new Map(), tasks: new Map() };
  /** What the stack itself took, where it is deployed. */
  readonly #own = new Map<number, number>();
  /** Requests by caller and bin of some seconds. */
  readonly #bins = new Map<string, Map<number, number>>();

  add(
    call: { readonly atMs: number; readonly kind: keyof SecondOfTraffic; readonly tasks: number },
    caller: string,
  ): void {
    const second = Math.floor(call.atMs / 1000);
    for (const unit of ['calls', 'tasks'] as const) {
      const { accepted, throttled } = this.seconds[unit].get(second) ?? { accepted: 0, throttled: 0 };
      const more = unit === 'calls' ? 1 : call.tasks;
      const isThrottled = call.kind === 'throttled';
      this.seconds[unit].set(second, {
        accepted: accepted + (isThrottled ? 0 : more),
        throttled: throttled + (isThrottled ? more : 0),
      });
    }
    const bins = this.#bins.get(caller) ?? new Map<number, number>();
    this.#bins.set(caller, bins);
    const bin = Math.floor(second / BIN_SECONDS);
    bins.set(bin, (bins.get(bin) ?? 0) + 1);
  }

  addOwn(atMs: number): void {
    const second = Math.floor(atMs / 1000);
    this.#own.set(second, (this.#own.get(second) ?? 0) + 1);
  }

  /** Spans of seconds in which callers were throttled again and again, from their first such second to their last. */
  storms(): Storm[] {
    const throttled = [...this.seconds.calls].flatMap(([second, { throttled: n }]) => (n > 0 ? [second] : []));
    const storms: Storm[] = [];
    for (const second of throttled.toSorted((a, b) => a - b)) {
      const count = this.seconds.calls.get(second)?.throttled ?? 0;
      const last = storms.at(-1);
      if (last && second - last.until <= BETWEEN_STORMS)
        storms[storms.length - 1] = { from: last.from, until: second, throttled: last.throttled + count };
      else storms.push({ from: second, until: second, throttled: count });
    }
    return storms;
  }

  /** What was asked for in each second of a storm, and of as long before and after it as fits a drawing. */
  around({ from, until }: Storm): { readonly accepted: number[]; readonly throttled: number[] } {
    const begin = from - SHOWN_AROUND;
    const seconds = Array.from({ length: until - from + 1 + 2 * SHOWN_AROUND }, (_, index) =>
      this.seconds.calls.get(begin + index),
    );
    return {
      accepted: seconds.map((each) => each?.accepted ?? 0),
      throttled: seconds.map((each) => each?.throttled ?? 0),
    };
  }

  /** The bucket as the storm shows it from which most can be told, by the stack's own estimate. */
  bucket(storms: readonly Storm[]): Bucket | undefined {
    let best: Bucket | undefined;
    for (const storm of storms) {
      const seconds = {
        calls: this.#around(this.seconds.calls, storm),
        tasks: this.#around(this.seconds.tasks, storm),
      };
      const records = { seconds, lagSeconds: { least: 0, most: 0 }, lags: new Map<number, number>() };
      const found = observedBucket(records, this.#around(this.#own, storm), (storm.until + 1) * 1000);
      if (found && (!best || found.sample > best.sample)) best = found;
    }
    return best;
  }

  #around<T>(values: ReadonlyMap<number, T>, { from, until }: Storm): Map<number, T> {
    const some = new Map<number, T>();
    for (let second = from - BEFORE; second <= until; second++) {
      const value = values.get(second);
      if (value !== undefined) some.set(second, value);
    }
    return some;
  }

  /** Who asked for how much while there were storms, in all and in a second; who asked for most first. */
  users(
    storms: readonly Storm[],
  ): { readonly caller: string; readonly requests: number; readonly perSecond: number }[] {
    const bins = new Set<number>();
    for (const { from, until } of storms) {
      for (let bin = Math.floor(from / BIN_SECONDS); bin <= Math.floor(until / BIN_SECONDS); bin++) bins.add(bin);
    }
    return [...this.#bins]
      .map(([caller, counts]) => {
        let requests = 0;
        for (const [bin, count] of counts) if (bins.has(bin)) requests += count;
        return { caller, requests, perSecond: requests / (bins.size * BIN_SECONDS) };
      })
      .filter(({ requests }) => requests > 0)
      .toSorted((a, b) => b.requests - a.requests);
  }

  /** What the bucket would have had to refill per second, and to hold, so that nobody would have been throttled. */
  neededBucket(storms: readonly Storm[], burst: number): { readonly burst: number; readonly refillPerSecond: number } {
    const holds = (refill: number) => Math.max(burst, refill * BURST_SECONDS);
    const suffices = (refill: number) => storms.every((storm) => this.#fits(storm, holds(refill), refill));
    let [low, high] = [0, 1];
    while (!suffices(high)) high *= 2;
    while (high - low > 0.5) {
      const middle = (low + high) / 2;
      if (suffices(middle)) high = middle;
      else low = middle;
    }
    return { burst: Math.ceil(holds(high)), refillPerSecond: Math.ceil(high) };
  }

  #fits({ from, until }: Storm, burst: number, refill: number): boolean {
    let level = burst;
    for (let second = from - BEFORE; second <= until; second++) {
      const { accepted = 0, throttled = 0 } = this.seconds.calls.get(second) ?? {};
      level = Math.min(burst, level + refill) - accepted - throttled;
      if (level < 0) return false;
    }
    return true;
  }
}

/** In whole seconds since the epoch. */
export interface Storm {
  readonly from: number;
  readonly until: number;
  /** Attempts that were throttled. */
  readonly throttled: number;
}
