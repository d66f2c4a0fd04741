import { createHash } from 'node:crypto';
import type { GiveUpReason, RefuseReason } from '../contract.ts';
import type { RunTaskRecord } from '../events/run-task-record.ts';
import { hiddenMembers } from '../events/run-task-request.ts';

/** Something a person has to know: a call that was not brought back, or one that was seen in `observe` mode. */
export interface Notice {
  readonly kind: 'refused' | 'gaveUp' | 'observed';
  readonly reason: RefuseReason | GiveUpReason;
  /** ARN of the IAM role or user that made the call; empty if the event does not say. */
  readonly caller: string;
  /** Task definition family; empty if the event does not say. */
  readonly family: string;
}

/** What is counted about observed calls, by the names that the digest reads. */
export const OBSERVED = ['hadParameters', 'hadClientToken', 'hadEnvironment', 'wouldRerun'] as const;
export type Observed = Readonly<Partial<Record<(typeof OBSERVED)[number], boolean>>>;

/** Notices of one caller, family and reason within one hour. People are told about the group, not about each call. */
export interface NoticeGroup {
  /** Identity of the group. */
  readonly id: string;
  /** When its hour is over. */
  readonly endsAt: string;
  readonly subject: string;
  readonly message: string;
}

const HOUR_MS = 3_600_000;
/** SNS refuses longer subjects: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const SUBJECT_LENGTH = 99;

/** What to do about each reason, for somebody who was just woken up. */
const ADVICE: Readonly<Record<RefuseReason | GiveUpReason, string>> = {
  malformed:
    'What arrived could not be read: an event, which now waits in the dead-letter queue of the intake, or what somebody started an execution with.',
  missingParameters: 'The CloudTrail record does not hold the request. Repeat the call by hand.',
  unknownParameter:
    'The request has a parameter this version does not know. Repeat the call by hand, then update the stack.',
  invalidParameter:
    'The recorded request has a value that ECS would not take. Correct it, then repeat the call by hand.',
  hiddenEnvironment:
    'CloudTrail hides environment values, so the request cannot be repeated faithfully. Repeat the call by hand; let the caller pass values by SSM parameter or environment file instead.',
  noClientToken:
    'Without a client token nothing proves that the call runs once. Let the caller send one (current SDKs do), or set allowWithoutClientToken.',
  roleOverride:
    'The request replaces a role. List the role ARN in allowedRoleOverrides and passRoleArns if that is intended.',
  executeCommand: 'The request switches ECS Exec on. Set allowExecuteCommand if that is intended.',
  tooLate:
    'The record arrived when the client token was no longer proof. Look whether the task ran before you repeat the call by hand.',
  tooLarge: 'The request exceeds what an execution can take as input. Repeat the call by hand.',
  launchUnknown:
    'The task was accepted and failed to start, but no record says what it was launched with. Repeat the call by hand.',
  partlyRan:
    'A container of the task ran before another failed to start. Look what it did, then repeat the call by hand.',
  notOptedIn: 'An execution was started for a call that the configuration does not allow. Find out who started it.',
  observeMode: 'An execution was started while the stack only observes. Set mode to rerun, or find out who started it.',
  rejectedByEcs:
    'ECS rejected the repeated request. The execution names the error and what was started; CloudTrail has the message.',
  overTaskCap:
    'The call asks for more tasks than maxTasksPerHour lets through in any hour. Raise it, or repeat the call by hand.',
  deadline:
    'There was no capacity or only throttling until the deadline. The execution names what was started; repeat the rest by hand.',
  maxGenerations:
    'The task failed to start again and again. Look at its stopped reason, then repeat the call by hand; consider a quota increase.',
  maxAttempts: 'No attempt got through. Redrive the execution when there is room, and consider a quota increase.',
};

const WHAT: Readonly<Record<Notice['kind'], string>> = {
  refused: 'was not re-run',
  gaveUp: 'could not be re-run',
  observed: 'was only observed',
};
const OBSERVED_ADVICE =
  'The stack only observes. The next message says how many of such calls it would have re-run; set mode to rerun to have them brought back.';

/** The group that a notice at `nowMs` belongs to, with the group's first message. */
export function noticeGroup(notice: Notice, nowMs: number): NoticeGroup {
  const { kind, reason, caller, family } = notice;
  const hour = Math.floor(nowMs / HOUR_MS);
  const id = createHash('sha256')
    .update(JSON.stringify([kind, reason, caller, family, hour]))
    .digest('hex')
    .slice(0, 32);
  const what = WHAT[kind];
  const subject = `ECS task ${printable(family) || 'of unknown family'} ${what}: ${reason}`;
  return {
    id,
    endsAt: new Date((hour + 1) * HOUR_MS).toISOString(),
    subject: subject.length > SUBJECT_LENGTH ? `${subject.slice(0, SUBJECT_LENGTH - 3)}...` : subject,
    message: [
      `A throttled RunTask call ${what}.`,
      '',
      `Reason: ${reason}`,
      `Family: ${family || 'unknown'}`,
      `Caller: ${caller || 'unknown'}`,
      '',
      kind === 'observed' ? OBSERVED_ADVICE : ADVICE[reason],
      '',
      'Further calls of this kind are counted until the hour is over.',
    ].join('\n'),
  };
}

/** SNS subjects are printable ASCII. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

/** Which parts of a faithful re-run a rejected call's record holds. People look at it before they switch to `rerun`. */
export interface Feasibility {
  readonly hadParameters: boolean;
  readonly hadClientToken: boolean;
  /** Whether no environment value is hidden. */
  readonly hadEnvironment: boolean;
}

export function feasibilityOf({ requestParameters }: RunTaskRecord): Feasibility {
  const request = requestParameters as { readonly clientToken?: unknown } | null;
  return {
    hadParameters: request !== null,
    hadClientToken: typeof request?.clientToken === 'string' && request.clientToken !== '',
    hadEnvironment: request !== null && hiddenMembers(request).length === 0,
  };
}
