import type { IgnoreReason } from '../../lambda/core/contract.ts';
import { adviceOf, handingOver } from '../../lambda/core/notices/notice.ts';
import type { Verdict } from '../../lambda/core/verdict/verdict.ts';

const RERUN = 'The stack runs the call again, under its own client token or one that follows from the record.';
const RECORD = 'ECS accepted the call. What it asked for is kept, in case its tasks fail to start.';

/** Why nothing is done, and what to do where that is not what somebody wants. */
const IGNORED: Readonly<Record<IgnoreReason, string>> = {
  notAThrottle: 'Neither throttling nor want of room took it: the same call would fail again, or nothing was lost.',
  notRunTask: 'It tells of no RunTask call.',
  ownCall: 'The stack itself made the call.',
  launcherRetries: 'An AWS service made the call, and repeats by itself what was lost: docs/launchers.md.',
  retriesItself: 'The caller repeats lost calls by itself: callers lists it with "retriesItself": true.',
  otherAccount: 'The record is of another account than its event, or than the configuration is for.',
  otherRegion: 'The record is of another Region than its event, or than the configuration is for.',
  replayed: 'An archive replayed the event: it was judged when it first came.',
  stale: 'It came more than a day late.',
  callerNotListed: 'callers does not list whoever made the call. List the role or user if its calls may be re-run.',
  familyNotListed: 'families does not list the task definition family. List it if its calls may be re-run.',
  clusterNotListed: 'clusters does not list the cluster. List it if its calls may be re-run.',
  observeMode: 'It would be re-run, but the stack only observes. Set mode to rerun.',
  handedOver: 'The caller hands lost calls over: the message decides, not the record.',
  noRoom: 'There was no room for it, and capacity.rerun is off.',
  takenUp: 'Another execution of the same call sees to what is left of it.',
};

/** A plain sentence about a verdict: of a refusal the one that people are notified with. */
export function adviceFor(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'rerun':
      return RERUN;
    case 'record':
      return RECORD;
    case 'ignore':
      return IGNORED[verdict.reason];
    case 'refuse':
      // Its advice leads to the entry that would have made a difference.
      return verdict.reason === 'bareRecord'
        ? `${adviceOf(verdict.reason)} ${handingOver(verdict.caller)}`
        : adviceOf(verdict.reason);
    default:
      return verdict satisfies never;
  }
}
