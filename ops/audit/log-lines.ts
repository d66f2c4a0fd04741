import { FilterLogEventsCommand, type FilterLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs';
import type { Clients } from '../aws/clients.ts';
import { type Deployment, resourcesOf } from '../aws/deployment.ts';
import type { ReadingListener } from '../records/read-records.ts';
import { recordsIn } from '../records/shapes.ts';

/** The functions that decide about calls, and launch them. */
const LOG_GROUPS = /^(?:Intake|Sweep)HandlerLogs|^RerunRunTaskLogs/;
/** Only these lines tell of calls, and until when the stack was at work. */
const MESSAGES = ['verdict', 'result', 'sweep'];

/** What the stack's functions wrote about calls since then. */
export async function* logLines(
  { logs }: Clients,
  deployment: Deployment,
  startTime: number,
  listener: ReadingListener,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  let count = 0;
  const groups = resourcesOf(deployment, 'AWS::Logs::LogGroup').filter(({ logicalId }) => LOG_GROUPS.test(logicalId));
  const queries = groups.flatMap(({ physicalId }) => MESSAGES.map((message) => ({ group: physicalId, message })));
  for (const { group: logGroupName, message: wanted } of queries) {
    let nextToken: string | undefined;
    do {
      const page: FilterLogEventsResponse = await logs.send(
        new FilterLogEventsCommand({
          logGroupName,
          startTime,
          filterPattern: `{ $.message = "${wanted}" }`,
          nextToken,
        }),
      );
      for (const { message, timestamp } of page.events ?? []) {
        for (const found of recordsIn({ message, timestamp })) {
          if (found.kind !== 'line') continue;
          count++;
          yield found.line;
        }
      }
      listener.progress(`log lines ${count}`);
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  }
}
