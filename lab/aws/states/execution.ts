import {
  type ExecutionResult,
  type HistoryStep,
  MAX_EVENTS,
  type Standing,
  type StateMachineDefinition,
} from '../../asl/index.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Redrive } from './redrive.ts';

/** A step of an execution as it is kept for whoever asks for its history. */
export interface KeptStep extends HistoryStep {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Within how long after its end an execution may be redriven, and how many events its history may have, so that two more
 * fit. https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
 */
const REDRIVABLE_MS = 14 * 86_400_000;

const MAX_EVENTS_BEFORE = MAX_EVENTS - 2;

/** Why an execution cannot be redriven now, in the words of DescribeExecution's `redriveStatusReason`. */
export function notRedrivable({ result, stoppedAt, historyEvents }: Execution, now: number): string | undefined {
  if (!result || stoppedAt === undefined) return 'Execution is RUNNING and cannot be redriven';
  if (result.status === 'SUCCEEDED') return 'Execution is SUCCEEDED and cannot be redriven';
  if (now > stoppedAt + REDRIVABLE_MS) return 'Execution redrivable period exceeded';
  if (historyEvents > MAX_EVENTS_BEFORE) return 'Execution history event limit exceeded';
  return undefined;
}

export interface StateMachineOptions {
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly definition: StateMachineDefinition;
  /** The definition as it was written. */
  readonly text?: string;
}

/** Most executions are never redriven: they share that. */
const NONE: readonly Redrive[] = [];

/** One execution, running or closed. */
export class Execution {
  readonly name: string;
  readonly stateMachine: StateMachineOptions;
  /** The text of its input; dropped when it succeeds where no history is kept, as nobody asks for it from then on. */
  input: string | undefined;
  readonly startedAt: number;
  stoppedAt: number | undefined = undefined;
  result: ExecutionResult | undefined = undefined;
  stateTransitions = 0;
  historyEvents = 0;
  redrives = NONE;
  /** What became of it so far; undefined where nobody keeps it. */
  readonly steps: KeptStep[] | undefined;
  /** Ends it at once, while it runs where histories are kept. */
  stop: ((error: string | null, cause: string | null) => void) | undefined = undefined;
  /** Where it is, or was when it ended without success. */
  standing: Standing | undefined = undefined;

  constructor(
    stateMachine: StateMachineOptions,
    { name, input, at, keepsHistory }: { name: string; input: string; at: number; keepsHistory: boolean },
  ) {
    this.name = name;
    this.stateMachine = stateMachine;
    this.input = input;
    this.startedAt = at;
    this.steps = keepsHistory ? [] : undefined;
  }

  /** Made of names: that of each of a hundred thousand executions need not be kept. */
  get arn(): string {
    return `${this.stateMachine.arn.replace(':stateMachine:', ':execution:')}:${this.name}`;
  }
}

export function described({ arn, stateMachine, name, startedAt, stoppedAt, result, redrives }: Execution): JsonObject {
  return {
    executionArn: arn,
    stateMachineArn: stateMachine.arn,
    name,
    status: result?.status ?? 'RUNNING',
    startDate: startedAt / 1000,
    ...(stoppedAt !== undefined && { stopDate: stoppedAt / 1000 }),
    redriveCount: redrives.length,
  };
}
