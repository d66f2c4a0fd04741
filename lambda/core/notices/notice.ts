import { createHash } from 'node:crypto';
import type { GiveUpReason, RefuseReason } from '../contract.ts';
import type { RunTaskRecord } from '../events/run-task-record.ts';
import { hiddenMembers, omittedMembers } from '../events/run-task-request.ts';
import { shownCaller, shownFamily } from './names.ts';

/** Something a person has to know: a call that was not brought back, or one that was seen while only observing. */
export interface Notice {
  readonly kind: 'refused' | 'gaveUp' | 'observed';
  readonly reason: RefuseReason | GiveUpReason;
  /** ARN of the IAM role or user that made the call; empty where the event did not say. */
  readonly caller: string;
  /** Task definition family; empty where the event did not say. */
  readonly family: string;
}

/** What is counted of calls that are only observed, by the names that the digest reads. */
export const OBSERVED = ['hadParameters', 'hadClientToken', 'hadEnvironment', 'wouldRerun'] as const;
export type Observed = Readonly<Partial<Record<(typeof OBSERVED)[number], boolean>>>;

/** Notices of one caller, family and reason within one hour: people are told of the group, never of each call. */
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

/** What to do about each reason, in the words of somebody who was just woken up. */
const ADVICE: Readonly<Record<RefuseReason | GiveUpReason, string>> = {
  malformed:
    'What arrived could not be read: an event, which now waits in the dead-letter queue of the intake, or what somebody started an execution with.',
  bareRecord:
    'The CloudTrail records of rejected attempts hold no request, so nobody can tell what was to run. Three to five attempts make one call, and a later one may have got through. Let the caller hand such calls over; docs/hand-over.md says how.',
  conflict:
    'The client token or key of this call is in use with another request or by somebody else, or a key came again after a day. What came first stands, this call is not re-run. Look in CloudTrail who used the token, then repeat the call by hand under a new one. Use a token or key for one call only.',
  callerNotListed:
    'A call was handed over by somebody whom callers does not list with "handsOver": true. List the caller, or find out who sent it.',
  familyNotListed:
    'A call was handed over for a task definition family that families does not list. List it, then hand the call over again.',
  clusterNotListed:
    'A call was handed over for a cluster that clusters does not list. List it, then hand the call over again.',
  missingParameters: 'The record or message does not hold the whole request. Repeat the call by hand.',
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
  tooLarge: 'The request exceeds what an execution can carry. Repeat the call by hand.',
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

/** The group that a notice of this instant belongs to, with what people are told first. */
export function noticeGroup(notice: Notice, nowMs: number): NoticeGroup {
  const { kind, reason } = notice;
  const [caller, family] = [shownCaller(notice.caller), shownFamily(notice.family)];
  const hour = Math.floor(nowMs / HOUR_MS);
  const id = createHash('sha256')
    .update(JSON.stringify([kind, reason, caller, family, hour]))
    .digest('hex')
    .slice(0, 32);
  const what = WHAT[kind];
  const subject = `ECS task ${family || 'of unknown family'} ${what}: ${reason}`;
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

/** What a rejected call's record holds of what a faithful re-run needs: people look at it before they let calls be re-run. */
export interface Feasibility {
  readonly hadParameters: boolean;
  readonly hadClientToken: boolean;
  /** Whether no environment value was hidden. */
  readonly hadEnvironment: boolean;
}

export function feasibilityOf({ requestParameters }: RunTaskRecord): Feasibility {
  const isWhole = requestParameters !== null && omittedMembers(requestParameters).length === 0;
  const request = requestParameters as { readonly clientToken?: unknown } | null;
  return {
    hadParameters: isWhole,
    hadClientToken: typeof request?.clientToken === 'string' && request.clientToken !== '',
    hadEnvironment: isWhole && hiddenMembers(request).length === 0,
  };
}
