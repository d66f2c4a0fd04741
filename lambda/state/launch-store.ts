import { ConditionalCheckFailedException, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { parseJson } from '../core/json.ts';
import { type Acceptance, acceptanceSchema } from '../core/rerun/acceptance.ts';
import { foreignLaunch, type KnownLaunch, launchRecordSchema } from '../core/rerun/launch-record.ts';
import type { Launch } from '../core/verdict/verdict.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { ITEMS } from './items.ts';

/** What is kept about calls and events: launch records by task ARN, acceptances by call, and notified events. */
export interface LaunchStore {
  /**
   * Keeps records, in whatever order they come. Of all calls that ECS answered with a task, the oldest of a listed caller stays:
   * it asked for this task, and nobody else can take that back by a call under the same token. Else the oldest of all.
   */
  put(launches: readonly Launch[]): Promise<void>;
  get(taskArn: string): Promise<KnownLaunch | undefined>;
  /** Keeps that ECS accepted a call under its own token. The latest acceptance stays: a fixed token may be used again the next day. */
  putAccepted(callId: string, acceptance: Acceptance): Promise<void>;
  /** When ECS last accepted a call, if it did. */
  getAccepted(callId: string): Promise<Acceptance | undefined>;
  /** Keeps that people were notified about an event. */
  putNotified(eventName: string): Promise<void>;
  wasNotified(eventName: string): Promise<boolean>;
}

/** Launch records in the state table. The table is encrypted: records of our own launches hold environment values. */
export function makeLaunchStore({ environment, clients, ...ports }: HandlerDependencies<'dynamoDb'>): LaunchStore {
  const tableName = environment.variable('tableName');

  /** Writes an item, unless there is one that it does not replace. */
  async function putUnless(
    id: string,
    retentionSeconds: number,
    text: string,
    { atMs = 0, isForeign = false, replaces = 'atMs < :atMs' } = {},
  ): Promise<void> {
    const expiresAt = Math.ceil(ports.clock.now() / 1000) + retentionSeconds;
    const command = new PutItemCommand({
      TableName: tableName,
      Item: {
        id: { S: id },
        record: { S: text },
        atMs: { N: String(atMs) },
        ...(isForeign && { isForeign: { BOOL: true } }),
        expiresAt: { N: String(expiresAt) },
      },
      ConditionExpression: `attribute_not_exists(id) OR ${replaces}`,
      ExpressionAttributeValues: { ':atMs': { N: String(atMs) } },
    });
    try {
      await retrying(ports, () => clients.dynamoDb.send(command));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  function putLaunch({ taskArn, atMs, record }: Launch): Promise<void> {
    const isForeign = foreignLaunch(record, environment.settings) !== undefined;
    const replaces = isForeign
      ? 'attribute_exists(isForeign) AND atMs > :atMs'
      : 'attribute_exists(isForeign) OR atMs > :atMs';
    const { id, retentionSeconds } = ITEMS.launch;
    return putUnless(id(taskArn), retentionSeconds, JSON.stringify(record), { atMs, isForeign, replaces });
  }

  async function getItem(id: string) {
    const command = new GetItemCommand({ TableName: tableName, Key: { id: { S: id } }, ConsistentRead: true });
    const { Item } = await retrying(ports, () => clients.dynamoDb.send(command));
    return Item;
  }

  /** An unreadable item counts as missing. The event history holds the same facts. */
  const parsed = <T>(item: Awaited<ReturnType<typeof getItem>>, schema: z.ZodType<T>): T | undefined =>
    schema.safeParse(parseJson(item?.record?.S ?? '')).data;

  return {
    async put(launches) {
      await Promise.all(launches.map(putLaunch));
    },
    async get(taskArn) {
      const item = await getItem(ITEMS.launch.id(taskArn));
      const record = parsed(item, launchRecordSchema);
      return record && { atMs: Number(item?.atMs?.N ?? 0), record };
    },
    putAccepted: (callId, acceptance) =>
      putUnless(ITEMS.accepted.id(callId), ITEMS.accepted.retentionSeconds, JSON.stringify(acceptance), acceptance),
    getAccepted: async (callId) => parsed(await getItem(ITEMS.accepted.id(callId)), acceptanceSchema),
    putNotified: (eventName) => putUnless(ITEMS.notified.id(eventName), ITEMS.notified.retentionSeconds, 'true'),
    wasNotified: async (eventName) => parsed(await getItem(ITEMS.notified.id(eventName)), z.literal(true)) === true,
  };
}
