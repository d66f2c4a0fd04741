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

  /** Waits for a place in the schedule that all readers share; takes none where the next one is too far away. */
  async function waitForPlace(patienceMs: number): Promise<number | undefined> {
    const { atMs, isTaken } = await schedule.update((state) => {
      const nowMs = clock.now();
      const due = Math.max(nowMs, state?.nextAtMs ?? 0);
      const isTaken = state === undefined || due - nowMs <= patienceMs;
      return { atMs: due, isTaken, state: isTaken ? { nextAtMs: due + PAGE_MS } : state };
    });
    if (!isTaken) return atMs;
    await clock.sleep(atMs - clock.now());
    return undefined;
  }

  /** A page; or when the history is free again, where somebody would have to wait for longer than `patienceMs`. */
  return async (
    { fromMs, toMs }: HistoryWindow,
    nextToken: string | undefined,
    patienceMs: number,
  ): Promise<HistoryPage | { readonly busyUntilMs: number }> => {
    const command = new LookupEventsCommand({
      LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'RunTask' }],
      // Records hold whole seconds. The second in which the window begins belongs to it.
      StartTime: new Date(Math.floor(fromMs / 1000) * 1000),
      EndTime: new Date(toMs),
      MaxResults: 50,
      NextToken: nextToken,
    });
    const page = await retrying(dependencies, async () => {
      const busyUntilMs = await waitForPlace(patienceMs);
      return busyUntilMs === undefined ? clients.cloudTrail.send(command) : { busyUntilMs };
    });
    if ('busyUntilMs' in page) return page;
    const decoded = (page.Events ?? []).map(({ CloudTrailEvent }) => decodeHistoryRecord(CloudTrailEvent ?? ''));
    const records = decoded.filter((record) => 'kind' in record);
    return { records, unreadable: decoded.length - records.length, nextToken: page.NextToken };
  };
}
