import { LOG_MESSAGES, METRICS } from '../core/contract.ts';
import type { RoomName } from '../core/rate/rooms-of.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';

interface Found {
  readonly room: RoomName;
  readonly family: string;
  readonly caller?: string | undefined;
}

type Ports = Pick<HandlerDependencies<never>, 'log' | 'metrics'>;

/** Reports that somebody found a room full: incident reports say which, and who filled it. */
export function reportFull({ log, metrics }: Ports, { room, family, caller = '' }: Found): void {
  log.info(LOG_MESSAGES.room, { kind: 'full', room, family, caller });
  metrics.add(METRICS.noRoom, 1, { kind: room.split(' ')[0] ?? '' });
}

/** Reports that a task took a place in a room that is short. */
export function reportTaken({ log }: Ports, { room, family }: Found): void {
  log.info(LOG_MESSAGES.room, { kind: 'taken', room, family });
}
