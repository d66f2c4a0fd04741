import TinyQueue from 'tinyqueue';
import { type Address, type RoomChange, RoomLevels, type RoomLimit, type RoomNeed } from '../aws/ecs/room.ts';
import type { TaskLife } from '../aws/ecs/task-lives.ts';
import type { BucketSettings } from '../scenario/account.ts';

/** A call that the dispatcher starts. Instants in milliseconds since the epoch. */
export interface WaitingCall {
  readonly arrivedAt: number;
  readonly need: RoomNeed;
  /** How long each of its tasks is in PROVISIONING and runs. */
  readonly lives: readonly TaskLife[];
  /** Places of the buckets that a request of it takes a token from, and of those that it takes one from for each task. */
  readonly buckets: Takes;
}

export interface Takes {
  readonly perCall: readonly number[];
  readonly perTask: readonly number[];
}

/** What everybody's own calls do, which nothing changes. In the order of time. */
export interface OwnCalls {
  readonly changes: readonly RoomChange[];
  readonly takings: readonly { readonly at: number; readonly takes: Takes; readonly tasks: number }[];
}

export interface Dispatch {
  readonly limits: readonly RoomLimit[];
  readonly buckets: readonly BucketSettings[];
  readonly own: OwnCalls;
  readonly calls: readonly WaitingCall[];
}

/**
 * When the last task would start if somebody knew when each task ends: calls that are short of the same room start first come,
 * first served, as soon as there is room and a token. Own calls keep what they got, also where there is less room than they
 * take together with what was started before them; then everything else waits. A call starts in parts where ECS would let it.
 */
export function lastIdealStart({ limits, buckets, own, calls }: Dispatch): number | undefined {
  const levels = new RoomLevels(limits);
  const tokens = buckets.map((settings) => new Tokens(settings));
  const arrivals = calls.toSorted((a, b) => a.arrivedAt - b.arrivedAt);
  const releases = new TinyQueue<Release>([], (a, b) => a.at - b.at);
  const lines = new Map<string, Line>();
  let [change, taking, arrival] = [0, 0, 0];
  let waiting = 0;
  let last: number | undefined;
  /** When a token will be there for somebody who has room. */
  let tokenAt = Number.POSITIVE_INFINITY;

  const start = (line: Line, places: readonly Address[], now: number): void => {
    const { call, lives } = line.first;
    const { capacity, provisioning } = call.need;
    for (const address of places) {
      const { startSeconds, runSeconds } = lives.shift() as TaskLife;
      const runsAt = now + startSeconds * 1000;
      const untilStopped = [...capacity, ...address.limits];
      for (const limit of [...provisioning, ...untilStopped]) levels.change(limit, 1);
      releases.push({ at: runsAt, limits: provisioning });
      releases.push({ at: runsAt + runSeconds * 1000, limits: untilStopped });
    }
    take(tokens, call.buckets, places.length, now);
    if (lives.length === 0) {
      line.next();
      waiting -= 1;
    }
    last = now;
  };

  /** Starts what can start now; returns when a token will be there that alone is missing. */
  const serve = (now: number): number => {
    for (;;) {
      let readyAt = Number.POSITIVE_INFINITY;
      let first: { readonly line: Line; readonly places: readonly Address[] } | undefined;
      for (const line of lines.values()) {
        if (line.isEmpty || (first && first.line.first.order < line.first.order)) continue;
        const places = placesFor(line.first, levels);
        if (places.length === 0) continue;
        const at = tokensAt(tokens, line.first.call.buckets, places.length, now);
        if (at <= now) first = { line, places };
        else readyAt = Math.min(readyAt, at);
      }
      if (!first) return readyAt;
      start(first.line, first.places, now);
    }
  };

  for (;;) {
    const now = Math.min(
      own.changes[change]?.at ?? Number.POSITIVE_INFINITY,
      own.takings[taking]?.at ?? Number.POSITIVE_INFINITY,
      arrivals[arrival]?.arrivedAt ?? Number.POSITIVE_INFINITY,
      releases.peek()?.at ?? Number.POSITIVE_INFINITY,
      tokenAt,
    );
    if (now === Number.POSITIVE_INFINITY || (waiting === 0 && arrival === arrivals.length)) return last;
    for (let next = own.changes[change]; next && next.at <= now; next = own.changes[++change])
      levels.change(next.limit, next.by);
    for (let next = own.takings[taking]; next && next.at <= now; next = own.takings[++taking])
      take(tokens, next.takes, next.tasks, next.at);
    for (let next = releases.peek(); next && next.at <= now; next = releases.peek()) {
      for (const limit of next.limits) levels.change(limit, -1);
      releases.pop();
    }
    for (let next = arrivals[arrival]; next && next.arrivedAt <= now; next = arrivals[++arrival]) {
      const key = JSON.stringify([next.need, next.buckets]);
      const line = lines.get(key) ?? new Line();
      lines.set(key, line.add({ call: next, lives: [...next.lives], order: arrival }));
      waiting += 1;
    }
    tokenAt = serve(now);
  }
}

interface Release {
  readonly at: number;
  readonly limits: readonly number[];
}

/** A call in its line, with the lives of those of its tasks that are still to start. */
interface Waiting {
  readonly call: WaitingCall;
  readonly lives: TaskLife[];
  readonly order: number;
}

/** Calls that are short of the same room, in the order of their arrival. */
class Line {
  readonly #calls: Waiting[] = [];
  #next = 0;

  add(call: Waiting): this {
    this.#calls.push(call);
    return this;
  }

  get isEmpty(): boolean {
    return this.#next === this.#calls.length;
  }

  get first(): Waiting {
    return this.#calls[this.#next] as Waiting;
  }

  next(): void {
    this.#next += 1;
  }
}

/** Where those tasks of a call would have their addresses that could start now: all, some or none. */
function placesFor({ call: { need }, lives }: Waiting, levels: RoomLevels): Address[] {
  // ECS rejects a call whole that is too much for PROVISIONING.
  if (levels.full(need.provisioning, lives.length)) return [];
  const places: Address[] = [];
  for (const _ of lives) {
    const address = levels.full(need.capacity) ? undefined : levels.address(need);
    if (!address) break;
    places.push(address);
    for (const limit of [...need.capacity, ...address.limits]) levels.change(limit, 1);
  }
  for (const address of places) for (const limit of [...need.capacity, ...address.limits]) levels.change(limit, -1);
  return places;
}

const tokensFor = ({ perCall, perTask }: Takes, tasks: number) => [
  ...perCall.map((place) => ({ place, count: 1 })),
  ...perTask.map((place) => ({ place, count: tasks })),
];

function take(tokens: readonly Tokens[], takes: Takes, tasks: number, now: number): void {
  for (const { place, count } of tokensFor(takes, tasks)) tokens[place]?.take(count, now);
}

function tokensAt(tokens: readonly Tokens[], takes: Takes, tasks: number, now: number): number {
  return Math.max(now, ...tokensFor(takes, tasks).map(({ place, count }) => tokens[place]?.readyAt(count, now) ?? now));
}

/** What a token may lack for the sake of rounding. */
const ROUNDING = 1e-6;

/** A bucket whose tokens somebody may take who does not ask whether they are there. */
class Tokens {
  readonly #settings: BucketSettings;
  #level: number;
  #at: number | undefined;

  constructor(settings: BucketSettings) {
    this.#settings = settings;
    this.#level = settings.burst;
  }

  take(count: number, now: number): void {
    this.#refill(now);
    this.#level -= count;
  }

  /** When there will be so many; of more than the bucket can hold, when it is full. */
  readyAt(count: number, now: number): number {
    this.#refill(now);
    const { burst, refillPerSecond } = this.#settings;
    const missing = Math.min(count, burst) - this.#level;
    return missing <= ROUNDING ? now : now + (missing / refillPerSecond) * 1000;
  }

  #refill(now: number): void {
    const { burst, refillPerSecond } = this.#settings;
    this.#level = Math.min(burst, this.#level + ((now - (this.#at ?? now)) / 1000) * refillPerSecond);
    this.#at = now;
  }
}
