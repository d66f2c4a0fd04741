import type { ThrottleEvent } from '../events/event.ts';
import { isTooLarge } from '../rerun/payload-size.ts';
import { decideHandedOver } from './hand-over-verdict.ts';
import { decideRunTask } from './run-task-verdict.ts';
import { decideStoppedTask } from './stopped-task-verdict.ts';
import type { Verdict, VerdictContext } from './verdict.ts';

/** Older records are ignored: EventBridge stops delivering after a day. */
const STALE_MS = 24 * 3_600_000;

/** Decides about one event. The intake and the sweep both use it, so they cannot disagree. */
export function decide(event: ThrottleEvent, context: VerdictContext): Verdict {
  const { awsEnvironment, nowMs } = context;
  if (event.kind === 'handedOverCall') return fitting(decideHandedOver(event, context));
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
      return fitting(decideRunTask(event, context));
    case 'otherCallRecord':
      return { kind: 'ignore', reason: 'notRunTask' };
    case 'stoppedTask':
      if (nowMs - event.stoppedAtMs > STALE_MS) return { kind: 'ignore', reason: 'stale' };
      return fitting(decideStoppedTask(event, context));
    default:
      return event satisfies never;
  }
}

/** A re-run that its workflow can carry to the end. */
function fitting(verdict: Verdict): Verdict {
  if (verdict.kind !== 'rerun' || !isTooLarge(verdict.input)) return verdict;
  const { caller = '', family } = verdict.input.call;
  const { launches } = verdict;
  return { kind: 'refuse', reason: 'tooLarge', caller, family, ...(launches && { launches }) };
}
