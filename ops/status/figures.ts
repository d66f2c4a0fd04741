import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { type ExecutionStatus, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { ITEM_KINDS } from '../../lambda/core/contract.ts';
import { parseJson } from '../../lambda/core/json.ts';
import { rateStateSchema } from '../../lambda/core/rate/rate-state.ts';
import type { Clients } from '../aws/clients.ts';
import { type Deployment, resourcesOf } from '../aws/deployment.ts';
import { orNull } from './checks.ts';
import type { Counts, Status } from './report.ts';

/** Messages in each queue of the stack; dead letters under a name that says so. */
export async function waiting({ sqs }: Clients, deployment: Deployment): Promise<Status['waiting']> {
  const counts: Record<string, number | null> = {};
  for (const { logicalId, physicalId } of resourcesOf(deployment, 'AWS::SQS::Queue')) {
    const found = await orNull(
      sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: physicalId,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      ),
    );
    const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: hidden } =
      found?.Attributes ?? {};
    const name = logicalId.replace(/[0-9A-F]{8}$/, '');
    const isDead = /DeadLetter/.test(name);
    counts[isDead ? `deadLetters ${name}` : name] = found ? Number(visible ?? 0) + Number(hidden ?? 0) : null;
  }
  return counts;
}

/** The rate that all re-runs share, and whether they are held. */
export async function rateNow(
  { dynamoDb }: Clients,
  TableName: string,
): Promise<{ readonly isPaused: boolean; readonly known: Status['rate'] }> {
  const item = async (id: string) =>
    (await dynamoDb.send(new GetItemCommand({ TableName, Key: { id: { S: id } }, ConsistentRead: true }))).Item;
  const [pause, rate] = await Promise.all([item(ITEM_KINDS.pause), item(ITEM_KINDS.rate)]);
  const state = rateStateSchema.safeParse(parseJson(rate?.state?.S ?? '')).data;
  const { bucket } = state ?? {};
  return {
    isPaused: pause !== undefined,
    known: state
      ? {
          perSecond: Math.round(state.probePerSecond * 100) / 100,
          bucket: bucket
            ? { burst: Math.round(bucket.burst), refillPerSecond: Math.round(bucket.refillPerSecond * 10) / 10 }
            : null,
        }
      : null,
  };
}

const STATUSES: readonly ExecutionStatus[] = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'];

/** How the last executions of the re-run workflow ended. */
export async function executionCounts({ sfn }: Clients, stateMachineArn: string): Promise<Counts | null> {
  const counts: Record<string, number> = {};
  for (const statusFilter of STATUSES) {
    const page = await orNull(sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter, maxResults: 1000 })));
    if (!page) return null;
    counts[statusFilter.toLowerCase()] = page.executions?.length ?? 0;
  }
  return counts;
}
