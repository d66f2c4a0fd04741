import type { Home } from './arn.ts';
import type { IgnoreReason, RefuseReason } from './contract.ts';
import type { ThrottleEvent } from './event.ts';
import type { LaunchRecord } from './launch.ts';
import type { RerunInput } from './rerun.ts';
import { decideRunTask } from './run-task-verdict.ts';
import type { Settings } from './settings.ts';
import { decideStoppedTask } from './stopped-task-verdict.ts';

/** What is to be done about an event. */
export type Verdict =
  | { readonly kind: 'rerun'; readonly name: string; readonly input: RerunInput; readonly launches?: readonly Launch[] }
  /** An accepted call: what it asked for is kept, in case its tasks fail to start. */
  | { readonly kind: 'record'; readonly launches: readonly Launch[] }
  | { readonly kind: 'ignore'; readonly reason: IgnoreReason }
  | {
      readonly kind: 'refuse';
      readonly reason: RefuseReason;
      readonly caller: string;
      readonly family?: string;
      /** Names of the request's members that stand in the way. */
      readonly members?: readonly string[];
      readonly launches?: readonly Launch[];
    };

/** A verdict that was carried out, or that the call was already being re-run. */
export type Ending = Verdict | { readonly kind: 'duplicate'; readonly name: string };

/** A launch record and the task it is kept under. */
export interface Launch {
  readonly taskArn: string;
  readonly record: LaunchRecord;
}

/** All that a verdict depends on beside the event. */
export interface VerdictContext {
  readonly home: Home;
  /** ARN of the role that our own RunTask requests are made under. */
  readonly ownRoleArn: string;
  readonly settings: Settings;
  readonly nowMs: number;
}

/** Older records than this are no news: EventBridge gives up delivering after a day. */
const STALE_MS = 24 * 3_600_000;

/** Decides about one event: pure, so that the intake, the sweep and the run-task handler cannot disagree. */
export function decide(event: ThrottleEvent, context: VerdictContext): Verdict {
  const { home, nowMs } = context;
  const { origin } = event;
  if ([event.account, origin.account].some((account) => account !== home.account)) {
    return { kind: 'ignore', reason: 'otherAccount' };
  }
  if ([event.region, origin.region].some((region) => region !== home.region))
    return { kind: 'ignore', reason: 'otherRegion' };
  if (event.replayed) return { kind: 'ignore', reason: 'replayed' };
  switch (event.kind) {
    case 'runTaskRecord':
      if (nowMs - event.eventTimeMs > STALE_MS) return { kind: 'ignore', reason: 'stale' };
      return decideRunTask(event, context);
    case 'otherCallRecord':
      return { kind: 'ignore', reason: 'notRunTask' };
    case 'stoppedTask':
      if (nowMs - event.stoppedAtMs > STALE_MS) return { kind: 'ignore', reason: 'stale' };
      return decideStoppedTask(event, context);
    default:
      return event satisfies never;
  }
}
