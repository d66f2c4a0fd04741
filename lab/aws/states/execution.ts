import {
  type ExecutionResult,
  type HistoryStep,
  MAX_EVENTS,
  type Standing,
  type StateMachineDefinition,
} from '../../asl/index.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Redrives } from './redrive.ts';

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

/** One execution, running or closed. */
export interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly stateMachine: StateMachineOptions;
  /** The text of its input; dropped when it succeeds where no history is kept, as nobody asks for it from then on. */
  input: string | undefined;
  readonly startedAt: number;
  stoppedAt: number | undefined;
  result: ExecutionResult | undefined;
  stateTransitions: number;
  historyEvents: number;
  readonly redrives: Redrives;
  /** What became of it so far; absent where nobody keeps it. */
  readonly steps?: KeptStep[];
  /** Ends it at once, while it runs. */
  stop?: (error: string | null, cause: string | null) => void;
  /** Where it is, or was when it ended without success. */
  standing: Standing | undefined;
}

export function described({ arn, stateMachine, name, startedAt, stoppedAt, result, redrives }: Execution): JsonObject {
  return {
    executionArn: arn,
    stateMachineArn: stateMachine.arn,
    name,
    status: result?.status ?? 'RUNNING',
    startDate: startedAt / 1000,
    ...(stoppedAt !== undefined && { stopDate: stoppedAt / 1000 }),
    redriveCount: redrives.count,
  };
}
