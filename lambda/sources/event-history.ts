import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import * as z from 'zod';
import { decodeHistoryRecord } from '../core/events/event.ts';
import type { RunTaskRecord } from '../core/events/run-task-record.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { ITEMS } from '../state/items.ts';
import { makeVersionedItem } from '../state/versioned-item.ts';

/** A page of CloudTrail's event history. */
export interface HistoryPage {
  readonly records: readonly RunTaskRecord[];
  /** Records that could not be decoded. */
  readonly unreadable: number;
  /** Where the next page is; undefined on the last one. */
  readonly nextToken: string | undefined;
}

export interface HistoryWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** LookupEvents allows two requests a second for the whole account. Half of that is left to others. */
const PAGE_MS = 1000;

const scheduleSchema = z.object({ nextAtMs: z.number() });

/** Reads RunTask records of the event history page by page, newest first. All functions together read one page a second. */
export function makeHistory(dependencies: HandlerDependencies<'cloudTrail' | 'dynamoDb'>) {
  const { clients, clock } = dependencies;
  const schedule = makeVersionedItem(dependencies, ITEMS.lookups.id, scheduleSchema);

  /** Waits for the next free time in the schedule that all readers share. */
  async function waitForPlace(): Promise<void> {
    const { atMs } = await schedule.update((state) => {
      const due = Math.max(clock.now(), state?.nextAtMs ?? 0);
      return { atMs: due, state: { nextAtMs: due + PAGE_MS } };
    });
    await clock.sleep(atMs - clock.now());
  }

  return async ({ fromMs, toMs }: HistoryWindow, nextToken: string | undefined): Promise<HistoryPage> => {
    const command = new LookupEventsCommand({
      LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'RunTask' }],
      // Records hold whole seconds. The second in which the window begins belongs to it.
      StartTime: new Date(Math.floor(fromMs / 1000) * 1000),
      EndTime: new Date(toMs),
      MaxResults: 50,
      NextToken: nextToken,
    });
    const page = await retrying(dependencies, async () => {
      await waitForPlace();
      return clients.cloudTrail.send(command);
    });
    const decoded = (page.Events ?? []).map(({ CloudTrailEvent }) => decodeHistoryRecord(CloudTrailEvent ?? ''));
    const records = decoded.filter((record) => 'kind' in record);
    return { records, unreadable: decoded.length - records.length, nextToken: page.NextToken };
  };
}
