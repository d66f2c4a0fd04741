import type { Random } from '../kernel/random.ts';
import type { Retrier, State } from './definition.ts';
import { ErrorName, type StatesError } from './errors.ts';

/**
 * Whether an entry of a state's Retry or Catch is for this error. Nothing matches States.Runtime, and only its own name
 * States.DataLimitExceeded: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 * But States.ALL and States.TaskFailed of a task do where its resource returned too much, in TestState and in Standard and
 * Express executions, and States.TaskFailed is not for States.QueryEvaluationError: measured by
 * https://github.com/iwamot/sfnx
 */
export function matches(error: StatesError, errorEquals: readonly string[], type: State['type']): boolean {
  const { narrower, isOfResource, error: name } = error;
  if (name === ErrorName.runtime) return false;
  const isLimit = name === ErrorName.dataLimitExceeded && !(isOfResource && type === 'Task');
  return errorEquals.some((wanted) => {
    switch (wanted) {
      case ErrorName.all:
        return !isLimit;
      case ErrorName.taskFailed:
        return !isLimit && name !== ErrorName.timeout && name !== ErrorName.queryEvaluation;
      default:
        return wanted === name || wanted === narrower;
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
  readonly #type: State['type'];
  readonly #used: number[] = [];

  constructor(retriers: readonly Retrier[], type: State['type']) {
    this.#retriers = retriers;
    this.#type = type;
  }

  /** Milliseconds to wait before the next attempt; undefined if there is none. The first matching retrier decides. */
  next(error: StatesError, random: Random): number | undefined {
    const index = this.#retriers.findIndex(({ errorEquals }) => matches(error, errorEquals, this.#type));
    const retrier = this.#retriers[index];
    const used = this.#used[index] ?? 0;
    if (retrier === undefined || used >= retrier.maxAttempts) return undefined;
    this.#used[index] = used + 1;
    return retryDelay(retrier, used, random);
  }
}
