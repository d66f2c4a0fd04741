import type { ThrottleEvent } from '../events/event.ts';
import { decideRunTask } from './run-task-verdict.ts';
import { decideStoppedTask } from './stopped-task-verdict.ts';
import type { Verdict, VerdictContext } from './verdict.ts';

/** Older records are ignored: EventBridge stops delivering after a day. */
const STALE_MS = 24 * 3_600_000;

/** Decides about one event. The intake and the sweep both use it, so they cannot disagree. */
export function decide(event: ThrottleEvent, context: VerdictContext): Verdict {
  const { awsEnvironment, nowMs } = context;
  const { origin } = event;
  if ([event.account, origin.account].some((account) => account !== awsEnvironment.account)) {
    return { kind: 'ignore', reason: 'otherAccount' };
  }
  if ([event.region, origin.region].some((region) => region !== awsEnvironment.region))
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
