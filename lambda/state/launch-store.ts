import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  PutItemCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { parseJson } from '../core/json.ts';
import { type Acceptance, acceptanceSchema } from '../core/rerun/acceptance.ts';
import { foreignLaunch, type KnownLaunch, launchRecordSchema } from '../core/rerun/launch-record.ts';
import type { AcceptedUnder, Launch } from '../core/verdict/verdict.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { NotProcessedError, retrying } from '../runtime/sdk-retry.ts';
import { type Item, makeItemReader } from './item-reader.ts';
import { ITEMS, type ItemFamily } from './items.ts';

/** What is kept about calls and events: launch records by task ARN, acceptances by call, and notified events. */
export interface LaunchStore {
  /**
   * Keeps records, in whatever order they come. Of all calls that ECS answered with a task, the oldest of a listed caller stays:
   * it asked for this task, and nobody else can take that back by a call under the same token. Else the oldest of all.
   */
  put(launches: readonly Launch[]): Promise<void>;
  /** Keeps what a call of ours has just launched, and that ECS accepted it. Of new tasks nobody knows better: it replaces what is there. */
  putOurs(launches: readonly Launch[], accepted: AcceptedUnder): Promise<void>;
  get(taskArn: string): Promise<KnownLaunch | undefined>;
  /** Keeps that ECS accepted a call under its own token. The latest acceptance stays: a fixed token may be used again the next day. */
  putAccepted(accepted: AcceptedUnder): Promise<void>;
  /** When ECS last accepted a call, if it did. */
  getAccepted(callId: string): Promise<Acceptance | undefined>;
  /** Keeps that people were notified about an event. */
  putNotified(eventName: string): Promise<void>;
  wasNotified(eventName: string): Promise<boolean>;
}

/** Launch records in the state table. The table is encrypted: records of our own launches hold environment values. */
export function makeLaunchStore(
  dependencies: HandlerDependencies<'dynamoDb'>,
  readItem = makeItemReader(dependencies),
): LaunchStore {
  const { environment, clients, ...ports } = dependencies;
  const tableName = environment.variable('tableName');

  const itemOf = ({ id, retentionSeconds }: ItemFamily, key: string, value: unknown, atMs = 0): Item => ({
    id: { S: id(key) },
    record: { S: JSON.stringify(value) },
    atMs: { N: String(atMs) },
    expiresAt: { N: String(Math.ceil(ports.clock.now() / 1000) + retentionSeconds) },
  });

  function launchItem({ taskArn, atMs, record }: Launch): Item {
    const isForeign = foreignLaunch(record, environment.settings) !== undefined;
    return { ...itemOf(ITEMS.launch, taskArn, record, atMs), ...(isForeign && { isForeign: { BOOL: true } }) };
  }

  const acceptedItem = ({ callId, acceptance }: AcceptedUnder): Item =>
    itemOf(ITEMS.accepted, callId, acceptance, acceptance.atMs);

  /** Writes an item, unless there is one that it does not replace. */
  async function putUnless(item: Item, replaces = 'atMs < :atMs'): Promise<void> {
    const command = new PutItemCommand({
      TableName: tableName,
      Item: item,
      ConditionExpression: `attribute_not_exists(id) OR ${replaces}`,
      ExpressionAttributeValues: { ':atMs': item.atMs ?? { N: '0' } },
    });
    try {
      await retrying(ports, () => clients.dynamoDb.send(command));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  function putLaunch(launch: Launch): Promise<void> {
    const item = launchItem(launch);
    const replaces = item.isForeign
      ? 'attribute_exists(isForeign) AND atMs > :atMs'
      : 'attribute_exists(isForeign) OR atMs > :atMs';
    return putUnless(item, replaces);
  }

  /** Writes items whatever is there, in one request: at most 25. */
  async function putAll(items: readonly Item[]): Promise<void> {
    let requests: WriteRequest[] = items.map((item) => ({ PutRequest: { Item: item } }));
    await retrying(ports, async () => {
      const command = new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } });
      const { UnprocessedItems } = await clients.dynamoDb.send(command);
      requests = UnprocessedItems?.[tableName] ?? [];
      if (requests.length > 0) throw new NotProcessedError();
    });
  }

  /** An unreadable item counts as missing. The event history holds the same facts. */
  const parsed = <T>(item: Item | undefined, schema: z.ZodType<T>): T | undefined =>
    item && schema.safeParse(parseJson(item.record?.S ?? '')).data;

  return {
    async put(launches) {
      await Promise.all(launches.map(putLaunch));
    },
    putOurs: (launches, accepted) => putAll([...launches.map(launchItem), acceptedItem(accepted)]),
    async get(taskArn) {
      const item = await readItem(ITEMS.launch.id(taskArn));
      const record = parsed(item, launchRecordSchema);
      return record && { atMs: Number(item?.atMs?.N ?? 0), record };
    },
    putAccepted: (accepted) => putUnless(acceptedItem(accepted)),
    getAccepted: async (callId) => parsed(await readItem(ITEMS.accepted.id(callId)), acceptanceSchema),
    putNotified: (eventName) => putUnless(itemOf(ITEMS.notified, eventName, true)),
    wasNotified: async (eventName) => parsed(await readItem(ITEMS.notified.id(eventName)), z.literal(true)) === true,
  };
}
