import { createHash } from 'node:crypto';
import type { GiveUpReason, RefuseReason } from '../contract.ts';
import type { RunTaskRecord } from '../events/run-task-record.ts';
import { hiddenMembers, omittedMembers } from '../events/run-task-request.ts';
import { type FirstCall, shownFirst } from './first-call.ts';
import { type NoticePlace, readOn, repeatCommand, traceLine } from './follow-up.ts';
import { shownCaller, shownFamily } from './names.ts';
import { roomText } from './room-text.ts';

/** Something a person has to know: a call that was not brought back, or one that was seen in `observe` mode. */
export interface Notice {
  readonly kind: 'refused' | 'gaveUp' | 'observed';
  readonly reason: RefuseReason | GiveUpReason;
  /** ARN of the IAM role or user that made the call; empty if the event does not say. */
  readonly caller: string;
  /** Task definition family; empty if the event does not say. */
  readonly family: string;
  readonly first?: FirstCall;
}

/** What is counted about observed calls, by the names that the digest reads. */
export const OBSERVED = ['hadParameters', 'hadClientToken', 'hadEnvironment', 'wasBare', 'wouldRerun'] as const;
export type Observed = Readonly<Partial<Record<(typeof OBSERVED)[number], boolean>>>;

/** Notices of one caller, family and reason within one hour. People are told about the group, not about each call. */
export interface NoticeGroup {
  /** Identity of the group. */
  readonly id: string;
  /** When its hour is over. */
  readonly endsAt: string;
  /** Of the first at once and of the rest when the hour is over, or of all when it is over. */
  readonly tells: 'atOnce' | 'afterTheHour';
  readonly subject: string;
  readonly message: string;
  /** What there were so many of within the hour. */
  readonly counted: string;
}

const HOUR_MS = 3_600_000;
/** SNS refuses longer subjects: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const SUBJECT_LENGTH = 99;

/** What to do about each reason, in the words of somebody who was just woken up; `AGAIN` says what stands in braces. */
const ADVICE: Readonly<Record<RefuseReason | GiveUpReason, string>> = {
  malformed:
    'What arrived could not be read: an event or a message, which now waits in a dead-letter queue, or what somebody started an execution with.',
  bareRecord:
    'The CloudTrail records of rejected attempts hold no request, so nobody can tell what was to run, or whether a later attempt got through. Let the caller hand such calls over, as docs/hand-over.md says, and list it as one that does:',
  conflict:
    'The client token or key of this call is in use with another request or by somebody else, or a key came again after a day. What came first stands, this call is not re-run. Look in CloudTrail who used the token, then {repeat}. Use a token or key for one call only.',
  callerNotListed:
    'A call was handed over by somebody whom callers does not list with "handsOver": true. List the caller, or find out who sent it.',
  familyNotListed:
    'A call was handed over for a task definition family that families does not list. List it, then hand the call over again.',
  clusterNotListed:
    'A call was handed over for a cluster that clusters does not list. List it, then hand the call over again.',
  missingParameters: 'The record or message does not hold the whole request. {Repeat}.',
  unknownParameter: 'The request has a parameter this version does not know. {Repeat}, then update the stack.',
  invalidParameter: 'The recorded request has a value that ECS would not take. Correct it, then {repeat}.',
  hiddenEnvironment:
    'CloudTrail hides environment values, so the request cannot be repeated faithfully. {Repeat}; let the caller pass values by SSM parameter or environment file, or hand its calls over, as docs/hand-over.md says: a rule or a schedule by targeting the hand-over queue.',
  noClientToken:
    'Without a client token nothing proves that the call runs once. Let the caller send one (current SDKs do), or set allowWithoutClientToken.',
  roleOverride:
    'The request replaces a role. List the role ARN in allowedRoleOverrides and passRoleArns if that is intended.',
  executeCommand: 'The request switches ECS Exec on. Set allowExecuteCommand if that is intended.',
  tooLate:
    'The record arrived when the client token was no longer proof. Look whether the task ran before you {repeat}.',
  tooLarge: 'The request exceeds what an execution can carry. {Repeat}.',
  launchUnknown: 'The task was accepted and failed to start, but no record says what it was launched with. {Repeat}.',
  partlyRan: 'A container of the task ran before another failed to start. Look what it did, then {repeat}.',
  notOptedIn: 'An execution was started for a call that the configuration does not allow. Find out who started it.',
  observeMode: 'An execution was started while the stack only observes. Set mode to rerun, or find out who started it.',
  rejectedByEcs:
    'ECS rejected the repeated request. The execution names the error and what was started; CloudTrail has the message.',
  overTaskCap: 'The call asks for more tasks than maxTasksPerHour lets through in any hour. Raise it, or {repeat}.',
  deadline:
    'There was no capacity or only throttling until the deadline. The execution names what was started; {repeat the rest}.',
  maxGenerations:
    'The task failed to start again and again. Look at its stopped reason, then {repeat}; consider a quota increase.',
  roomNotAwaited: 'A call that found no room was handed over, and capacity.rerun is off. Set it, or {repeat}.',
  noRoom:
    'There was no room until capacity.deadlineSeconds had passed: too many tasks at the same time. The execution names what was short and what was started. Enlarge it, then {repeat the rest}.',
  maxAttempts: 'No attempt got through. Redrive the execution when there is room, and consider a quota increase.',
};

/** How people have a call made again. Where its caller hands over, nothing is repeated by hand: a new key makes it another call. */
const AGAIN = {
  byHand: {
    Repeat: 'Repeat the call by hand',
    repeat: 'repeat the call by hand',
    'repeat the rest': 'repeat the rest by hand',
  },
  handedOver: {
    Repeat: 'Hand the call over again under a new key',
    repeat: 'hand the call over again under a new key',
    'repeat the rest': 'hand the rest over under a new key',
  },
} as const;

/** What to do about a call that was not brought back for this reason. */
export function adviceOf(reason: Notice['reason'], callerHandsOver = false): string {
  const again: Readonly<Record<string, string>> = AGAIN[callerHandsOver ? 'handedOver' : 'byHand'];
  return ADVICE[reason].replace(/\{([^}]+)\}/g, (_, key: string) => again[key] ?? key);
}

const WHAT: Readonly<Record<Notice['kind'], string>> = {
  refused: 'was not re-run',
  gaveUp: 'could not be re-run',
  observed: 'was only observed',
};
const OBSERVED_ADVICE =
  'The stack only observes. The next message says how many of such calls it would have re-run; set mode to rerun to have them brought back.';

/** The group that a notice of this instant belongs to, with what people are told. */
export function noticeGroup(given: Notice, nowMs: number, callerHandsOver = false, place?: NoticePlace): NoticeGroup {
  const notice = { ...given, caller: shownCaller(given.caller), family: shownFamily(given.family) };
  const { kind, reason, caller, family } = notice;
  const wording =
    kind === 'refused' && reason === 'bareRecord' ? bareWording(notice) : callWording(notice, callerHandsOver);
  const hour = Math.floor(nowMs / HOUR_MS);
  const [fromMs, toMs] = [hour * HOUR_MS, (hour + 1) * HOUR_MS];
  const id = createHash('sha256')
    .update(JSON.stringify([kind, reason, caller, family, hour]))
    .digest('hex')
    .slice(0, 32);
  const first = shownFirst(given.first ?? {});
  const command = place && kind !== 'observed' && repeatCommand(reason, first, place);
  const { subject, opening, advice, closing } = wording;
  const parts = [
    [opening],
    [
      `Reason: ${reason}`,
      `Family: ${family || 'unknown'}`,
      `Caller: ${caller || 'unknown'}${place && caller === place.ownRoleArn ? ' (this stack)' : ''}`,
      ...(place ? [`Account: ${place.account}`, `Region: ${place.region}`] : []),
      ...(first.cluster ? [`Cluster: ${first.cluster}`] : []),
      ...(first.at ? [`First call: ${first.at}`] : []),
      ...(first.room ? [`First short of: ${roomText(first.room).what}. ${roomText(first.room).enlarge}`] : []),
      ...(first.trace ? [traceLine(first.trace, place)] : []),
    ],
    [advice, ...(command ? ['To have it brought back then:', command] : [])],
    ...(place ? [readOn(reason, caller, place, fromMs, toMs)] : []),
    [closing],
  ];
  return {
    id,
    endsAt: new Date(toMs).toISOString(),
    tells: wording.tells,
    subject: subject.length > SUBJECT_LENGTH ? `${subject.slice(0, SUBJECT_LENGTH - 3)}...` : subject,
    message: parts.map((lines) => lines.join('\n')).join('\n\n'),
    counted: wording.counted,
  };
}

type Wording = Pick<NoticeGroup, 'tells' | 'subject' | 'counted'> &
  Readonly<Record<'opening' | 'advice' | 'closing', string>>;

function callWording({ kind, reason, family }: Notice, callerHandsOver: boolean): Wording {
  const what = WHAT[kind];
  return {
    tells: 'atOnce',
    subject: `ECS task ${family || 'of unknown family'} ${what}: ${reason}`,
    opening: `A throttled RunTask call ${what}.`,
    advice: kind === 'observed' ? OBSERVED_ADVICE : adviceOf(reason, callerHandsOver),
    closing: 'Further calls of this kind are counted until the hour is over.',
    counted: 'such calls in all',
  };
}

/** What lists a caller as one that hands over. */
export const handingOver = (caller: string): string =>
  `"callers": [{ "arn": ${JSON.stringify(caller || 'ARN of the caller')}, "handsOver": true }]`;

/** Nobody can act on the first of them, and one record is not one call: their number says how much is lost. */
function bareWording({ caller }: Notice): Wording {
  return {
    tells: 'afterTheHour',
    subject: 'Throttled ECS RunTask calls were not re-run: bareRecord',
    opening: 'Throttled RunTask calls were not re-run.',
    advice: adviceOf('bareRecord', false),
    closing: handingOver(caller),
    counted: 'rejected attempts; 3 to 5 make one call',
  };
}

/** Which parts of a faithful re-run a rejected call's record holds. People look at it before they switch to `rerun`. */
export interface Feasibility {
  readonly hadParameters: boolean;
  readonly hadClientToken: boolean;
  /** Whether no environment value is hidden. */
  readonly hadEnvironment: boolean;
  /** Whether it holds nothing of the request at all. */
  readonly wasBare: boolean;
}

export function feasibilityOf({ requestParameters }: RunTaskRecord): Feasibility {
  const isWhole = requestParameters !== null && omittedMembers(requestParameters).length === 0;
  const request = requestParameters as { readonly clientToken?: unknown } | null;
  return {
    hadParameters: isWhole,
    hadClientToken: typeof request?.clientToken === 'string' && request.clientToken !== '',
    hadEnvironment: isWhole && hiddenMembers(request).length === 0,
    wasBare: requestParameters === null,
  };
}
