import { ConditionalCheckFailedException, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { parseJson } from './core/json.ts';
import { type LaunchRecord, launchRecordSchema } from './core/launch.ts';
import type { Launch } from './core/verdict.ts';
import type { Wiring } from './ports.ts';
import { retrying } from './retrying.ts';

/** What is kept of calls and events: launch records by task ARN, acceptances by call, and what people know. */
export interface LaunchStore {
  /** Keeps records; the first about a task stays. */
  put(launches: readonly Launch[]): Promise<void>;
  get(taskArn: string): Promise<LaunchRecord | undefined>;
  /** Keeps that ECS accepted a call under its own token; the latest time stays, as a token may serve again the next day. */
  putAccepted(callId: string, accepted: Accepted): Promise<void>;
  /** When ECS last accepted a call, if it did. */
  getAccepted(callId: string): Promise<Accepted | undefined>;
  /** Keeps that people were told of an event. */
  putTold(eventName: string): Promise<void>;
  wasTold(eventName: string): Promise<boolean>;
}

const acceptedSchema = z.object({ atMs: z.number(), taskArns: z.array(z.string()) });
export type Accepted = z.infer<typeof acceptedSchema>;

/** How long a record may be of use after its launch, in seconds: a start may fail days later, a proof is gone by then. */
const RETENTION_SECONDS = 3 * 86_400;

/** Launch records in the table of shared state, which is encrypted: our own hold environment values. */
export function makeLaunchStore({ environment, clients, ...ports }: Wiring<'dynamoDb'>): LaunchStore {
  const tableName = environment.variable('tableName');

  /** The record with the greatest `atMs` stays; of equals the first. */
  async function putLatest(id: string, text: string, atMs = 0): Promise<void> {
    const expiresAt = Math.ceil(ports.clock.now() / 1000) + RETENTION_SECONDS;
    const command = new PutItemCommand({
      TableName: tableName,
      Item: {
        id: { S: id },
        record: { S: text },
        atMs: { N: String(atMs) },
        expiresAt: { N: String(expiresAt) },
      },
      ConditionExpression: 'attribute_not_exists(id) OR atMs < :atMs',
      ExpressionAttributeValues: { ':atMs': { N: String(atMs) } },
    });
    try {
      await retrying(ports, () => clients.dynamoDb.send(command));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  /** What nobody can read counts as missing: the event history has it once more. */
  async function getParsed<T>(id: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const command = new GetItemCommand({ TableName: tableName, Key: { id: { S: id } }, ConsistentRead: true });
    const { Item } = await retrying(ports, () => clients.dynamoDb.send(command));
    return schema.safeParse(parseJson(Item?.record?.S ?? '')).data;
  }

  return {
    async put(launches) {
      await Promise.all(launches.map(({ taskArn, record }) => putLatest(launchId(taskArn), JSON.stringify(record))));
    },
    get: (taskArn) => getParsed(launchId(taskArn), launchRecordSchema),
    putAccepted: (callId, accepted) => putLatest(acceptedId(callId), JSON.stringify(accepted), accepted.atMs),
    getAccepted: (callId) => getParsed(acceptedId(callId), acceptedSchema),
    putTold: (eventName) => putLatest(toldId(eventName), 'true'),
    wasTold: async (eventName) => (await getParsed(toldId(eventName), z.literal(true))) === true,
  };
}

const launchId = (taskArn: string) => `launch#${taskArn}`;
const toldId = (eventName: string) => `told#${eventName}`;
const acceptedId = (callId: string) => `accepted#${callId}`;
