import { LOG_MESSAGES, METRICS } from '../core/contract.ts';
import type { ThrottleEvent } from '../core/events/event.ts';
import type { Ending } from '../core/verdict/verdict.ts';
import { verdictLine } from '../core/verdict/verdict-line.ts';
import type { HandlerDependencies, LogFields } from '../runtime/ports.ts';

/** Reports the verdict on an event: a log line, which queries and incident reports count, and a metric. */
export function makeVerdictReport({ log, metrics, environment }: HandlerDependencies<never>) {
  const context = {
    awsEnvironment: environment.awsEnvironment,
    ownRoleArn: environment.variable('runTaskRoleArn'),
  };
  return (ending: Ending, event: ThrottleEvent, where: LogFields = {}): void => {
    const line = verdictLine(ending, event, context);
    log.info(LOG_MESSAGES.verdict, { ...line, ...where });
    metrics.add(METRICS.verdict, 1, { kind: line.kind, ...(line.reason && { reason: line.reason }) });
  };
}
