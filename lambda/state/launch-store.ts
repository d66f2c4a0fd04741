import { ConditionalCheckFailedException, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { parseJson } from '../core/json.ts';
import { type Acceptance, acceptanceSchema } from '../core/rerun/acceptance.ts';
import { type LaunchRecord, launchRecordSchema } from '../core/rerun/launch-record.ts';
import type { Launch } from '../core/verdict/verdict.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { ITEMS } from './items.ts';

/** What is kept about calls and events: launch records by task ARN, acceptances by call, and notified events. */
export interface LaunchStore {
  /** Keeps records; that of the oldest call that names a task stays, whichever comes first: who repeats a call did not make it. */
  put(launches: readonly Launch[]): Promise<void>;
  get(taskArn: string): Promise<LaunchRecord | undefined>;
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

  /** The record with the greatest or least `atMs` stays; of equals the first. */
  async function putOne(
    which: 'latest' | 'oldest',
    id: string,
    retentionSeconds: number,
    text: string,
    atMs = 0,
  ): Promise<void> {
    const expiresAt = Math.ceil(ports.clock.now() / 1000) + retentionSeconds;
    const command = new PutItemCommand({
      TableName: tableName,
      Item: {
        id: { S: id },
        record: { S: text },
        atMs: { N: String(atMs) },
        expiresAt: { N: String(expiresAt) },
      },
      ConditionExpression: `attribute_not_exists(id) OR atMs ${which === 'latest' ? '<' : '>'} :atMs`,
      ExpressionAttributeValues: { ':atMs': { N: String(atMs) } },
    });
    try {
      await retrying(ports, () => clients.dynamoDb.send(command));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  /** An unreadable item counts as missing. The event history holds the same facts. */
  async function getParsed<T>(id: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const command = new GetItemCommand({ TableName: tableName, Key: { id: { S: id } }, ConsistentRead: true });
    const { Item } = await retrying(ports, () => clients.dynamoDb.send(command));
    return schema.safeParse(parseJson(Item?.record?.S ?? '')).data;
  }

  return {
    async put(launches) {
      await Promise.all(
        launches.map(({ taskArn, atMs, record }) =>
          putOne('oldest', ITEMS.launch.id(taskArn), ITEMS.launch.retentionSeconds, JSON.stringify(record), atMs),
        ),
      );
    },
    get: (taskArn) => getParsed(ITEMS.launch.id(taskArn), launchRecordSchema),
    putAccepted: (callId, acceptance) =>
      putOne(
        'latest',
        ITEMS.accepted.id(callId),
        ITEMS.accepted.retentionSeconds,
        JSON.stringify(acceptance),
        acceptance.atMs,
      ),
    getAccepted: (callId) => getParsed(ITEMS.accepted.id(callId), acceptanceSchema),
    putNotified: (eventName) => putOne('latest', ITEMS.notified.id(eventName), ITEMS.notified.retentionSeconds, 'true'),
    wasNotified: async (eventName) => (await getParsed(ITEMS.notified.id(eventName), z.literal(true))) === true,
  };
}
