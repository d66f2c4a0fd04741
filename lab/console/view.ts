/** What the console page shows: plain data, which a page carries with it or asks the live lab for. */
export interface ConsoleView {
  readonly machines: readonly MachineView[];
  /** Newest last. */
  readonly executions: readonly ExecutionView[];
  /** How many there were: a page holds no more than so many. */
  readonly total: number;
  readonly mails: readonly MailView[];
}

export interface MachineView {
  readonly title: string;
  /** Names of its states; steps and the drawing go by the place in this list. */
  readonly states: readonly string[];
  /** The drawing, as SVG. */
  readonly drawing: string;
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface ExecutionView {
  readonly name: string;
  /** The place of its state machine. */
  readonly machine: number;
  readonly status: ExecutionStatus;
  /** What it came to: `started`, `refused` … */
  readonly result?: string;
  readonly reason?: string;
  readonly family?: string;
  readonly caller?: string;
  readonly cluster?: string;
  readonly redrives?: number;
  /** Milliseconds since the run began. */
  readonly startedAt: number;
  readonly stoppedAt?: number;
  /** Three numbers for each step: the state's place, milliseconds since its start, and what happened there (`STEP`). */
  readonly steps: readonly number[];
}

/** What a step says of its state. */
export const STEP = { entered: 0, retried: 1, failed: 2 } as const;

export interface MailView {
  /** Milliseconds since the run began. */
  readonly at: number;
  readonly subject: string;
  readonly text: string;
}
