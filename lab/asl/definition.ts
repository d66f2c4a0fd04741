import type { Expression, Template } from './template.ts';

export interface StateMachineDefinition {
  readonly flow: Flow;
  readonly timeoutSeconds: number | undefined;
  /** States of type Task, branches and iterations included: they need a host that runs them. */
  readonly taskStates: readonly string[];
}

/** The states of a machine, of a branch, or of a Map's item processor. */
export interface Flow {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

export type State =
  | PassState
  | ChoiceState
  | WaitState
  | SucceedState
  | FailState
  | MapState
  | ParallelState
  | TaskState;

interface Named {
  readonly name: string;
}

/** What happens on leaving a state, a Choice rule or a Catch. `next` is null where the flow ends. */
export interface Exit {
  readonly assign: Template | undefined;
  readonly output: Template | undefined;
  readonly next: string | null;
}

/** What may fail and be tried again. */
export interface Fallible {
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
}

export interface Retrier {
  readonly errorEquals: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds: number;
  readonly jitter: 'FULL' | 'NONE';
}

export interface Catcher extends Exit {
  readonly errorEquals: readonly string[];
}

export interface PassState extends Named, Exit {
  readonly type: 'Pass';
}

export interface ChoiceState extends Named {
  readonly type: 'Choice';
  readonly choices: readonly (Exit & { readonly condition: boolean | Expression })[];
  /** Taken where no rule matches; the state's own Assign and Output belong to it alone. */
  readonly default: Exit | undefined;
}

export interface WaitState extends Named, Exit {
  readonly type: 'Wait';
  readonly until: { readonly field: 'Seconds' | 'Timestamp'; readonly value: Template };
}

export interface SucceedState extends Named, Exit {
  readonly type: 'Succeed';
}

export interface FailState extends Named {
  readonly type: 'Fail';
  readonly error: Template | undefined;
  readonly cause: Template | undefined;
}

export interface MapState extends Named, Exit, Fallible {
  readonly type: 'Map';
  readonly items: Template | undefined;
  readonly itemSelector: Template | undefined;
  readonly maxConcurrency: Template | undefined;
  readonly toleratedFailureCount: Template | undefined;
  readonly toleratedFailurePercentage: Template | undefined;
  readonly processor: Flow;
}

export interface ParallelState extends Named, Exit, Fallible {
  readonly type: 'Parallel';
  readonly arguments: Template | undefined;
  readonly branches: readonly Flow[];
}

export interface TaskState extends Named, Exit, Fallible {
  readonly type: 'Task';
  readonly resource: string;
  readonly arguments: Template | undefined;
  readonly timeoutSeconds: Template | undefined;
  readonly heartbeatSeconds: Template | undefined;
}
