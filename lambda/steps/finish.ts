import { ERROR_NAMES, LOG_MESSAGES, METRICS, RERUN_NEXT, type RefuseReason } from '../core/contract.ts';
import type { Result } from '../core/rerun/next-step.ts';
import type { RerunInput } from '../core/rerun/rerun-input.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { errorName } from '../runtime/sdk-retry.ts';
import { makeNotifier } from './notifier.ts';

/** The reply of an execution that succeeds. It is the execution's output. */
export interface FinishReply {
  readonly next: typeof RERUN_NEXT.finish;
  readonly result: 'started' | 'alreadyStarted' | 'ignored';
  readonly reason?: string;
  readonly taskArns: readonly string[];
}

/** Fails the execution under a name that the console shows. A redrive runs the state again. */
export class RerunFailed extends Error {
  constructor(name: (typeof ERROR_NAMES)[keyof typeof ERROR_NAMES], message: string) {
    super(message);
    this.name = name;
  }
}

/**
 * Refusals of possibly forged inputs. Their caller and family may be any text. Notices leave both out, so all of these
 * refusals share one group.
 */
const STRANGE: readonly string[] = ['malformed', 'notOptedIn'] satisfies RefuseReason[];

/** Reports how a re-run ended, once for each end: a log line, metrics, and a notice if people must act. */
export function makeFinisher(dependencies: HandlerDependencies<'sfn' | 'dynamoDb'>) {
  const { clock, log, metrics } = dependencies;
  const notifier = makeNotifier(dependencies);

  /** `execution`: its ARN, which executions of older definitions do not say. */
  return async function finish(
    rerun: RerunInput | undefined,
    result: Result,
    execution?: string,
  ): Promise<FinishReply> {
    const { caller = '', family = '', eventTime } = rerun?.call ?? {};
    const { kind } = result;
    const reason = 'reason' in result ? result.reason : undefined;
    const taskArns = 'taskArns' in result ? result.taskArns : [];
    log.info(LOG_MESSAGES.result, {
      kind,
      reason,
      callId: rerun?.callId,
      execution: execution?.split(':').at(-1),
      rootCallId: rerun?.lineage?.rootCallId,
      generation: rerun?.lineage?.generation,
      caller,
      family,
      ...('code' in result && { errorCode: result.code }),
      ...('room' in result && { room: result.room }),
      taskArns,
    });
    metrics.add(METRICS.result, 1, { kind, ...(reason && { reason }) });
    if (eventTime) metrics.add(METRICS.waitSeconds, (clock.now() - Date.parse(eventTime)) / 1000, { kind });
    if (result.kind === 'gaveUp' || result.kind === 'refused') {
      try {
        const room = 'room' in result && result.room ? { room: result.room } : {};
        const trace = execution ? { trace: { kind: 'execution' as const, arn: execution } } : {};
        const about = STRANGE.includes(result.reason)
          ? { caller: '', family: '', first: trace }
          : { caller, family, first: { cluster: rerun?.call.cluster, at: eventTime, ...trace, ...room } };
        await notifier.notify({ kind: result.kind, reason: result.reason, ...about });
      } catch (error) {
        // The failed execution shows the result too. Throwing this error instead would make the workflow repeat the attempt.
        log.error('people could not be told', { reason: result.reason, error: errorName(error) });
      }
    }
    switch (result.kind) {
      case 'started':
      case 'alreadyStarted':
        return { next: RERUN_NEXT.finish, result: result.kind, taskArns };
      case 'ignored':
        return { next: RERUN_NEXT.finish, result: result.kind, reason: result.reason, taskArns };
      case 'gaveUp':
        throw new RerunFailed(ERROR_NAMES.gaveUp, causeOf(result));
      case 'refused':
        throw new RerunFailed(ERROR_NAMES.refused, causeOf(result));
      default:
        return result satisfies never;
    }
  };
}

/** `instances batch, which is too small: tasks of other families started there meanwhile`. */
const roomText = ({ room, isMisfit }: { readonly room?: string; readonly isMisfit?: true }): string =>
  `${room}${isMisfit ? ', where tasks of other families start meanwhile' : ''}`;

/** `rejectedByEcs: AccessDeniedException; started: arn:...`, with the reason first. */
function causeOf({ reason, taskArns, ...rest }: Extract<Result, { kind: 'gaveUp' | 'refused' }>): string {
  const detail = 'code' in rest ? rest.code : 'room' in rest ? roomText(rest) : undefined;
  const code = detail ? `: ${detail}` : '';
  return `${reason}${code}${taskArns.length > 0 ? `; started: ${taskArns.join(', ')}` : ''}`;
}
