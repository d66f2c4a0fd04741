/** What somebody could do who gets code of their own into a function, beyond what the list of its permissions shows. */
export interface WrongHands {
  readonly could: string;
  readonly couldNot: string;
}

/** By the role of each function: rows of a table in docs/security.md. */
export const WRONG_HANDS: Readonly<Record<string, WrongHands>> = {
  IntakeHandlerRole: {
    could:
      'Start re-runs that no call asked for: listed families on listed clusters with any command and environment, in the name of a listed caller. ' +
      'Lose calls, and read those that arrive. Forge launch records and acceptances. Hurry or slow all re-runs by the rate.',
    couldNot: 'Pass a role that is not allowed, or run anything past the pause and the spend cap.',
  },
  RerunRunTaskRole: {
    could:
      'Run the listed families on the listed clusters at once, with any command and environment and each allowed role, past the pause and the spend cap. ' +
      'Read the key of our tokens, and launch records with environment values.',
    couldNot: 'Run another family, or elsewhere; switch ECS Exec or volumes on where the configuration does not.',
  },
  RateLimiterHandlerRole: {
    could: 'Hold all re-runs, or release them all at once: a storm of our own.',
    couldNot: 'Launch anything, or read a request.',
  },
  SweepHandlerRole: {
    could:
      'The same as in the intake by forged executions and records. Say that the history was read which was not: then late calls may run twice.',
    couldNot: 'Read calls that are handed over, pass a role that is not allowed, or run anything past the pause.',
  },
  IncidentsHandlerRole: {
    could:
      'Read the functions’ log lines and the records in the trail’s log group. Send people an incident report of its own.',
    couldNot: 'Launch anything, or read or change the state table.',
  },
  HandOverClosingRole: {
    could: 'Open the hand-over queue to senders who are not listed, or have it lose messages.',
    couldNot: 'Read a message, or have one count as a listed caller’s: SQS says who sent it.',
  },
};
