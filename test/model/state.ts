import type { Settings } from '../../lambda/core/settings.ts';
import type { Part } from './parts.ts';
import type { HandlerName, Invocation } from './replay.ts';

/** How often each fault may still happen. */
export interface Faults {
  /** An event is delivered once more. */
  readonly duplicates: number;
  /** An event is never delivered. */
  readonly drops: number;
  /** A handler dies, before or after the effect of a request of its own. */
  readonly crashes: number;
  /** RunTask is accepted, and nobody is told: a caller's or ours. */
  readonly lostAnswers: number;
  /** A RunTask request of ours is throttled. */
  readonly throttles: number;
  /** A RunTask request finds room for one task fewer than it asks for. */
  readonly fullClusters: number;
  /** The tasks of a RunTask request fail to start. */
  readonly failedStarts: number;
  /** An execution that failed is redriven. */
  readonly redrives: number;
}
export const NO_FAULTS: Faults = {
  duplicates: 0,
  drops: 0,
  crashes: 0,
  lostAnswers: 0,
  throttles: 0,
  fullClusters: 0,
  failedStarts: 0,
  redrives: 0,
};

/** Rules of the protocol that are kept at the wire; a mutation breaks one of them there. */
export interface Mutations {
  readonly randomExecutionNames?: boolean;
  readonly freshTokens?: boolean;
  readonly conflictIsThrottle?: boolean;
  readonly lostAcceptances?: boolean;
}

/** One small world: a call, its caller, and what may go wrong. */
export interface World {
  /** When something can happen, in seconds from `startMs`; the last is when all has to be over. */
  readonly instants: readonly number[];
  readonly startMs: number;
  /** Tasks that the call asks for. */
  readonly count: number;
  readonly clientToken: string | undefined;
  /** The caller's own attempts, all under one token, and until when it makes them, in seconds. */
  readonly callerAttempts: number;
  readonly callerUntil: number;
  /** Until when ECS may accept the caller's own attempts, in seconds. */
  readonly callerAcceptedUntil: number;
  /** What records of rejected calls hold. */
  readonly rejectedRecords: 'full' | 'bare';
  /** Whether the caller hands over what is throttled; it may still try again, as a loop around it would. */
  readonly handsOver: boolean;
  /** The key of a call that is handed over unattempted, and how many copies of the message there are. */
  readonly key: string | undefined;
  readonly copies: number;
  /** Whether ECS compares our request to the caller's and finds it another. */
  readonly recordDiffers: boolean;
  /** Instants at which a scheduled sweep starts. */
  readonly sweepsAt: readonly number[];
  /** The part of the history that sweeps had read before, in seconds. */
  readonly covered?: { readonly from: number; readonly to: number };
  readonly faults: Faults;
  readonly settings: Settings;
  readonly mutations: Mutations;
}

/** A RunTask request that CloudTrail recorded. */
export interface Recorded {
  readonly atMs: number;
  readonly token: string | undefined;
  readonly isOwn: boolean;
  readonly isRejected: boolean;
  readonly tasks: readonly number[];
  readonly isPartial: boolean;
}

/** A message of the hand-over queue. */
export interface Message {
  readonly sentAtMs: number;
  /** When the caller first attempted its call; undefined where it did not. */
  readonly firstAttemptAtMs: number | undefined;
}

export interface Task {
  readonly token: string | undefined;
  readonly atMs: number;
  readonly runs: boolean;
}

/** What a token stands for. */
export interface Launch {
  readonly atMs: number;
  readonly request: string;
  readonly tasks: readonly number[];
  readonly isPartial: boolean;
}

/** An execution of the re-run workflow, between two of its states. */
export interface Execution {
  readonly input: Part;
  readonly status: 'open' | 'done' | 'failed';
  readonly result: string;
  readonly phase: 'complete' | 'permit' | 'run';
  readonly untilMs: number;
  readonly rerun: Part;
  readonly progress: Part;
  readonly permitAtMs: number | null;
  readonly startedAtMs: number;
  /** When the present step was first tried; null between two steps. */
  readonly enteredMs: number | null;
  /** Since when a request may have been made whose answer nobody knows. */
  readonly unheardMs: number | null;
  readonly isBusy: boolean;
}

/** An execution of the sweep workflow. */
export interface SweepRun {
  /** Absent where it ended. */
  readonly payload: Part | undefined;
  readonly isBusy: boolean;
}

/** A function at work. `owner` is what it works for: an event, an execution or a sweep. */
export interface Running {
  readonly handler: HandlerName;
  readonly owner: string;
  readonly startedAtMs: number;
  readonly invocation: Invocation;
}

export interface State {
  /** Index of the present instant. */
  readonly now: number;
  readonly faults: Faults;
  readonly callerAttempts: number;
  readonly isCallerDone: boolean;
  readonly records: readonly Recorded[];
  readonly messages: readonly Message[];
  /** When the caller made its first attempt. */
  readonly firstAttemptAtMs: number | undefined;
  readonly tasks: readonly Task[];
  readonly tokens: Readonly<Record<string, Launch>>;
  /** Copies of events on their way to the intake, by `record N`, `task N` or `message N`. */
  readonly events: Readonly<Record<string, { readonly waiting: number; readonly busy: number }>>;
  readonly executions: Readonly<Record<string, Execution>>;
  readonly sweeps: Readonly<Record<string, SweepRun>>;
  readonly running: readonly Running[];
  readonly table: Readonly<Record<string, Part>>;
}

/** Sorted by name, so that the order in which things came makes no two states of one. */
export function with_<Value>(
  map: Readonly<Record<string, Value>>,
  name: string,
  value: Value | undefined,
): Record<string, Value> {
  const entries = Object.entries(map).filter(([known]) => known !== name);
  if (value !== undefined) entries.push([name, value]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
