import type { JsonObject } from '../kernel/json.ts';

/** A definition that CreateStateMachine would refuse. */
export class InvalidDefinitionError extends Error {
  override readonly name = 'InvalidDefinitionError';
  readonly path: string;
  readonly found: string;
  readonly expected: string;

  constructor(path: string, found: string, expected: string) {
    super(`${path}: found ${found}, expected ${expected}`);
    this.path = path;
    this.found = found;
    this.expected = expected;
  }
}

/** The names that Amazon States Language predefines and that the interpreter itself reports or treats specially. */
export const ErrorName = {
  all: 'States.ALL',
  taskFailed: 'States.TaskFailed',
  timeout: 'States.Timeout',
  heartbeatTimeout: 'States.HeartbeatTimeout',
  runtime: 'States.Runtime',
  dataLimitExceeded: 'States.DataLimitExceeded',
  queryEvaluation: 'States.QueryEvaluationError',
  exceedToleratedFailureThreshold: 'States.ExceedToleratedFailureThreshold',
} as const;

/** What a state fails with. `error` is null where a Fail state names none. */
export class StatesError extends Error {
  override readonly name = 'StatesError';
  readonly error: string | null;
  override readonly cause: string | null;
  /** A second, narrower name by which Retry and Catch may know it: a missed heartbeat is also a States.Timeout. */
  readonly narrower: string | undefined;
  /** Whether the resource of a task reported it, not the state around it. */
  readonly isOfResource: boolean;

  constructor(error: string | null, cause: string | null, narrower?: string, isOfResource = false) {
    super([error, cause].filter((part) => part !== null).join(': '));
    this.error = error;
    this.cause = cause;
    this.narrower = narrower;
    this.isOfResource = isOfResource;
  }

  ofResource(): StatesError {
    return new StatesError(this.error, this.cause, this.narrower, true);
  }

  /**
   * What `$states.errorOutput` holds, and the output of a Catch without one of its own. Both members are always there:
   * LocalStack's Catch, held to the service by snapshots, writes an empty text for a cause that is missing.
   * https://github.com/localstack/localstack (catcher_decl.py)
   */
  toErrorOutput(): JsonObject {
    return { Error: this.error ?? '', Cause: this.cause ?? '' };
  }
}
