import type { AwsEnvironment } from '../arn.ts';
import type { IgnoreReason, RefuseReason } from '../contract.ts';
import type { Acceptance } from '../rerun/acceptance.ts';
import type { KnownLaunch } from '../rerun/launch-record.ts';
import type { RerunInput } from '../rerun/rerun-input.ts';
import type { Settings } from '../settings.ts';

/** What is to be done about an event. */
export type Verdict =
  | { readonly kind: 'rerun'; readonly name: string; readonly input: RerunInput; readonly launches?: readonly Launch[] }
  /** An accepted call. Its request is kept in case its tasks fail to start. */
  | { readonly kind: 'record'; readonly launches: readonly Launch[]; readonly acceptance?: AcceptedUnder }
  /** `launches`: marks, so that nobody has to ask the history whose tasks they are when they fail to start. */
  | { readonly kind: 'ignore'; readonly reason: IgnoreReason; readonly launches?: readonly Launch[] }
  | {
      readonly kind: 'refuse';
      readonly reason: RefuseReason;
      readonly caller: string;
      readonly family?: string;
      /** Names of the members of the request that prevent a re-run. */
      readonly members?: readonly string[];
      readonly launches?: readonly Launch[];
    };

/** A verdict that was applied, or the finding that the call already has its re-run. */
export type Ending = Verdict | { readonly kind: 'duplicate'; readonly name: string };

/** That ECS accepted a call, and the call id it is kept under. */
export interface AcceptedUnder {
  readonly callId: string;
  readonly acceptance: Acceptance;
}

/** A launch record, and the task that it is kept under. */
export interface Launch extends KnownLaunch {
  readonly taskArn: string;
}

/** What a verdict depends on, besides the event. */
export interface VerdictContext {
  readonly awsEnvironment: AwsEnvironment;
  /** ARN of the role of our own RunTask requests. */
  readonly ownRoleArn: string;
  readonly settings: Settings;
  readonly nowMs: number;
  /** When the event was delivered; absent where the event history showed it, which holds by then what else there is of its call. */
  readonly deliveredAtMs?: number;
  /** False where no event of a call was seen: launch records then come from the history, minutes later. */
  readonly hasTrail?: boolean;
}
