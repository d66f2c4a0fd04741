import type { Random } from '../kernel/random.ts';
import type { Retrier } from './definition.ts';
import { ErrorName, type StatesError } from './errors.ts';

/**
 * Whether a Retry or Catch entry is for this error. Nothing matches States.Runtime; States.DataLimitExceeded only its
 * own name does. https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 * That States.TaskFailed is not for States.QueryEvaluationError was measured by https://github.com/iwamot/sfnx
 */
export function matches({ error, narrower }: StatesError, errorEquals: readonly string[]): boolean {
  return errorEquals.some((name) => {
    if (error === ErrorName.runtime) return false;
    switch (name) {
      case ErrorName.all:
        return error !== ErrorName.dataLimitExceeded;
      case ErrorName.taskFailed:
        return ![ErrorName.dataLimitExceeded, ErrorName.timeout, ErrorName.queryEvaluation].some((no) => no === error);
      default:
        return name === error || name === narrower;
    }
  });
}

/** Milliseconds before retry number `retry` (the first is 0): https://states-language.net/#errors */
export function retryDelay(retrier: Retrier, retry: number, random: Random): number {
  const { intervalSeconds, backoffRate, maxDelaySeconds, jitter } = retrier;
  const delay = Math.min(intervalSeconds * backoffRate ** retry, maxDelaySeconds) * 1000;
  switch (jitter) {
    case 'FULL':
      return delay * random();
    case 'NONE':
      return delay;
    default:
      return jitter satisfies never;
  }
}

/** Counts the retries of one visit, for each retrier apart: a new visit starts anew. */
export class Retries {
  readonly #retriers: readonly Retrier[];
  readonly #used: number[] = [];

  constructor(retriers: readonly Retrier[]) {
    this.#retriers = retriers;
  }

  /** Milliseconds to wait before the next attempt; undefined if there is none. The first matching retrier decides. */
  next(error: StatesError, random: Random): number | undefined {
    const index = this.#retriers.findIndex(({ errorEquals }) => matches(error, errorEquals));
    const retrier = this.#retriers[index];
    const used = this.#used[index] ?? 0;
    if (retrier === undefined || used >= retrier.maxAttempts) return undefined;
    this.#used[index] = used + 1;
    return retryDelay(retrier, used, random);
  }
}
