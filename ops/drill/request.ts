import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { familyName } from '../../lambda/core/arn.ts';
import { decodeHistoryRecord } from '../../lambda/core/events/event.ts';
import type { Clients } from '../aws/clients.ts';
import type { Deployment } from '../aws/deployment.ts';

/** What of a recorded request says where a task can run; nothing that says what it does. */
const PLACE = ['launchType', 'capacityProviderStrategy', 'networkConfiguration', 'platformVersion'] as const;
/** Two a second are allowed to the whole account. */
const LOOK_MS = 1000;
const MOST_PAGES = 20;

/** A request for one task of a family, where the last accepted call of that family ran. */
export async function harmlessRequest(
  { cloudTrail }: Clients,
  { account, region }: Deployment,
  { family, cluster }: { readonly family: string; readonly cluster: string },
  sleep: (ms: number) => Promise<void>,
): Promise<Record<string, unknown>> {
  const request = { cluster, taskDefinition: family, count: 1, startedBy: 'ops drill' };
  let NextToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const found: { Events?: { CloudTrailEvent?: string | undefined }[] | undefined; NextToken?: string | undefined } =
      await cloudTrail.send(
        new LookupEventsCommand({
          LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'RunTask' }],
          MaxResults: 50,
          NextToken,
        }),
      );
    for (const { CloudTrailEvent } of found.Events ?? []) {
      const record = decodeHistoryRecord(CloudTrailEvent ?? '');
      if (!('kind' in record) || record.error || record.taskArns.length === 0) continue;
      const recorded = (record.requestParameters ?? {}) as Record<string, unknown>;
      if (familyName(`${recorded.taskDefinition}`, { account, region }) !== family) continue;
      for (const name of PLACE) if (recorded[name] != null) Object.assign(request, { [name]: recorded[name] });
      return request;
    }
    NextToken = found.NextToken;
    if (NextToken === undefined) break;
    await sleep(LOOK_MS);
  }
  return request;
}
