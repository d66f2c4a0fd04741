import { randomStream, uniform } from '../../kernel/random.ts';
import type { Account } from '../../scenario/account.ts';

const START_SECONDS = [5, 30] as const;
/** What nearly every call takes. */
const FIRST_PLACE: readonly number[] = [0];

/** How long a task is in PROVISIONING, and how long it runs. */
export interface TaskLife {
  readonly startSeconds: number;
  readonly runSeconds: number;
}

/**
 * The lives of tasks are drawn by call and by place in it, not by launch: whoever launches the second task of a call, and
 * whenever, it lives as long. So a run with the remediation and one without it have the same work to do.
 */
export class TaskLives {
  readonly #seed: number;
  readonly #taskSeconds: Account['taskSeconds'];
  /** The places of each call that a task has which runs, ran or may still come to run. */
  readonly #taken = new Map<string, readonly number[]>();

  constructor({ taskSeconds }: Pick<Account, 'taskSeconds'>, seed: number) {
    this.#seed = seed;
    this.#taskSeconds = taskSeconds;
  }

  of(call: string, place: number): TaskLife {
    const random = randomStream(this.#seed, `ecs/life/${call}/${place}`);
    return { startSeconds: uniform(random, START_SECONDS), runSeconds: uniform(random, this.#taskSeconds) };
  }

  /** The first places of a call that no task has. */
  free(call: string, count: number): number[] {
    const taken = this.#taken.get(call);
    const places: number[] = [];
    for (let place = 0; places.length < count; place++) if (!taken?.includes(place)) places.push(place);
    return places;
  }

  take(call: string): number {
    const [place = 0] = this.free(call, 1);
    const taken = this.#taken.get(call);
    this.#taken.set(call, taken ? taken.concat(place) : FIRST_PLACE);
    return place;
  }

  /** A task never ran: another one may have its place. */
  giveBack(call: string, place: number): void {
    const others = this.#taken.get(call)?.filter((each) => each !== place) ?? [];
    if (others.length > 0) this.#taken.set(call, others);
    else this.#taken.delete(call);
  }
}
