import type { CommandContext, StricliProcess } from '@stricli/core';
import type { MakeClients } from './aws/clients.ts';

/** What a command knows of where it runs: tests give it another place. */
export interface OpsContext extends CommandContext {
  readonly process: StricliProcess;
  /** What paths are relative to. */
  readonly cwd: string;
  readonly terminal: Terminal;
  readonly clients: MakeClients;
  /** Asks whether to do something; undefined where nobody can answer. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined;
  /** Lets time pass, in milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Terminal {
  /** Characters that fit in a line. */
  readonly columns: number;
  readonly hasColour: boolean;
  /** Whether somebody waits in front of it while long work is done. */
  readonly showsProgress: boolean;
}

/** Exit codes of all commands. */
export const EXIT = { done: 0, needsPerson: 1, badInput: 2 } as const;

/** Something that whoever gave the command has to put right: what was found, what was expected. */
export class BadInputError extends Error {
  override readonly name = 'BadInputError';
}
