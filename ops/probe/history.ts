import { LookupEventsCommand, type LookupEventsResponse } from '@aws-sdk/client-cloudtrail';
import type { Clients } from '../aws/clients.ts';
import type { OpsContext } from '../context.ts';
import type { ReadingListener, RecordFound } from '../records/read-records.ts';
import { recordsIn } from '../records/shapes.ts';

const DAY_MS = 86_400_000;
/** Two requests a second are allowed to the whole account: half of them are left to others, the stack's sweeps among them. */
const PAGE_MS = 1000;

/** RunTask records of the event history of the last days, newest first; a throttled page is asked for again. */
export async function* historyRecords(
  { cloudTrail }: Clients,
  days: number,
  { sleep }: OpsContext,
  listener: ReadingListener,
): AsyncGenerator<RecordFound> {
  const nowMs = Date.now();
  const seen = new Set<string>();
  let NextToken: string | undefined;
  do {
    const page: LookupEventsResponse = await cloudTrail.send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'RunTask' }],
        StartTime: new Date(nowMs - days * DAY_MS),
        EndTime: new Date(nowMs),
        MaxResults: 50,
        NextToken,
      }),
    );
    let oldest = '';
    for (const { EventId = '', CloudTrailEvent } of page.Events ?? []) {
      if (seen.has(EventId)) continue;
      seen.add(EventId);
      for (const found of recordsIn({ CloudTrailEvent })) {
        if (found.kind !== 'event') continue;
        oldest = `${(found.event.detail as { eventTime?: unknown }).eventTime}`;
        yield { file: 'the event history', event: found.event };
      }
    }
    listener.progress(`records ${seen.size}, back to ${oldest}`);
    NextToken = page.NextToken;
    if (NextToken !== undefined) await sleep(PAGE_MS);
  } while (NextToken !== undefined);
}
