import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { decodeHistoryRecord } from './core/event.ts';
import type { RunTaskRecord } from './core/run-task-record.ts';
import type { Wiring } from './ports.ts';
import { retrying } from './retrying.ts';

/** A page of CloudTrail's event history. */
export interface HistoryPage {
  readonly records: readonly RunTaskRecord[];
  /** Where the next page is; undefined on the last one. */
  readonly nextToken: string | undefined;
}

export interface HistoryWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** LookupEvents allows two requests a second for the whole account: half of that is left to everybody else. */
const PAGE_MS = 1000;

/** Reads RunTask records of the event history page by page, newest first, at most one page a second. */
export function makeHistory({ clients, ...ports }: Wiring<'cloudTrail'>) {
  return async ({ fromMs, toMs }: HistoryWindow, nextToken: string | undefined): Promise<HistoryPage> => {
    const command = new LookupEventsCommand({
      LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'RunTask' }],
      // Records carry whole seconds: the second that a window begins in belongs to it.
      StartTime: new Date(Math.floor(fromMs / 1000) * 1000),
      EndTime: new Date(toMs),
      MaxResults: 50,
      NextToken: nextToken,
    });
    const [page] = await Promise.all([
      retrying(ports, () => clients.cloudTrail.send(command)),
      ports.clock.sleep(PAGE_MS),
    ]);
    const decoded = (page.Events ?? []).map(({ CloudTrailEvent }) => decodeHistoryRecord(CloudTrailEvent ?? ''));
    return { records: decoded.filter((record) => 'kind' in record), nextToken: page.NextToken };
  };
}
