import { LOG_MESSAGES, METRICS } from './core/contract.ts';
import type { ThrottleEvent } from './core/event.ts';
import type { Ending } from './core/verdict.ts';
import { verdictLine } from './core/verdict-line.ts';
import type { LogFields, Wiring } from './ports.ts';

/** Says what became of an event, whoever came by it: a log line, which queries and incident reports count, and a metric. */
export function makeVerdictReport({ log, metrics, environment: { home } }: Wiring<never>) {
  return (ending: Ending, event: ThrottleEvent, where: LogFields = {}): void => {
    const line = verdictLine(ending, event, home);
    log.info(LOG_MESSAGES.verdict, { ...line, ...where });
    metrics.add(METRICS.verdict, 1, { kind: line.kind, ...(line.reason && { reason: line.reason }) });
  };
}
