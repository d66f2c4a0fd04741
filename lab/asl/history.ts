import type { Json } from '../kernel/json.ts';
import { ErrorName, StatesError } from './errors.ts';

export type HistoryKind =
  | 'executionStarted'
  | 'executionRedriven'
  | 'executionEnded'
  | 'stateEntered'
  | 'stateExited'
  | 'stateRetried'
  | 'stateFailed'
  | 'evaluationFailed'
  | 'taskStarted'
  | 'taskEnded'
  | 'branchesStarted'
  | 'branchesSucceeded'
  | 'iterationStarted'
  | 'iterationEnded';

/** What the events of a step tell beside its state: inputs and outputs as they are, for whoever keeps them. */
export type HistoryDetail = Readonly<Record<string, Json | undefined>>;

export interface HistoryStep {
  readonly kind: HistoryKind;
  readonly state?: string;
  readonly detail?: HistoryDetail | undefined;
  /** How many events it adds to what GetExecutionHistory returns. */
  readonly events: number;
  /** How many state transitions AWS bills for it: one for each state entered and one for each retry. */
  readonly transitions: number;
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html */
export const MAX_EVENTS = 25_000;

/**
 * Counts the events of one execution. The event that reports the failure is itself the last that fits, as recorded from
 * the service: the machine can produce one fewer.
 */
export class History {
  #events: number;
  readonly #observe: ((step: HistoryStep) => void) | undefined;

  /** `events`: how many a redriven execution has already. */
  constructor(observe: ((step: HistoryStep) => void) | undefined, events = 0) {
    this.#observe = observe;
    this.#events = events;
  }

  /** Returns the id of the last event it adds. */
  record(kind: HistoryKind, state: string, events: number, transitions = 0, detail?: HistoryDetail): number {
    const room = MAX_EVENTS - 1 - this.#events;
    this.#add({ kind, state, events: Math.min(events, room), transitions, detail });
    if (events > room) {
      throw new StatesError(
        ErrorName.runtime,
        `The execution reached the maximum number of history events (${MAX_EVENTS}).`,
      );
    }
    return this.#events;
  }

  start(input: Json): void {
    this.#add({ kind: 'executionStarted', events: 1, transitions: 0, detail: { input } });
  }

  /** Redrives are billed as transitions: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html */
  redrive(): number {
    this.#add({ kind: 'executionRedriven', events: 1, transitions: 1 });
    return this.#events;
  }

  end(result: HistoryDetail): void {
    this.#add({ kind: 'executionEnded', events: 1, transitions: 0, detail: result });
  }

  #add(step: HistoryStep): void {
    this.#events += step.events;
    this.#observe?.(step);
  }
}
