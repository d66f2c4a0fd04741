import {
  EXPONENTIAL,
  FIXED_WAIT,
  FULL_JITTER,
  PATIENT_JITTER,
  type Policy,
  SDK_ADAPTIVE,
  SDK_STANDARD,
} from './policies.ts';

/** What this project is measured beside. */
export interface Alternative {
  readonly name: string;
  /** Absent: nobody does anything about a lost call. */
  readonly policy?: Policy;
  /**
   * Where it runs, which is what it costs and what it sees. `stepFunctions`: a state `ecs:runTask.sync`, which fails on `failures[]`
   * and on a task that dies. `lambda`: the SDK, which retries no ClientException and takes every 200 for success.
   */
  readonly host?: 'stepFunctions' | 'lambda';
}

export const THIS_PROJECT = 'this project';

export const ALTERNATIVES: readonly Alternative[] = [
  { name: 'no remediation' },
  { name: 'fixed wait of 60 s', policy: FIXED_WAIT, host: 'stepFunctions' },
  { name: 'exponential, no jitter', policy: EXPONENTIAL, host: 'stepFunctions' },
  { name: 'Step Functions Retry, FULL jitter', policy: FULL_JITTER, host: 'stepFunctions' },
  { name: 'Step Functions Retry, FULL jitter, 15 s to 5 min', policy: PATIENT_JITTER, host: 'stepFunctions' },
  { name: 'SDK standard mode, no attempt limit', policy: SDK_STANDARD, host: 'lambda' },
  { name: 'SDK adaptive mode, no attempt limit', policy: SDK_ADAPTIVE, host: 'lambda' },
];

/** In the order of the tables. */
export const CONTENDERS: readonly string[] = [THIS_PROJECT, ...ALTERNATIVES.map(({ name }) => name)];
