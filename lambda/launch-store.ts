import { ConditionalCheckFailedException, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { parseJson } from './core/json.ts';
import { type LaunchRecord, launchRecordSchema } from './core/launch.ts';
import type { Launch } from './core/verdict.ts';
import type { Wiring } from './ports.ts';
import { retrying } from './retrying.ts';

/** Launch records, by task ARN. */
export interface LaunchStore {
  /** Keeps records; the first about a task stays. */
  put(launches: readonly Launch[]): Promise<void>;
  get(taskArn: string): Promise<LaunchRecord | undefined>;
  /** Keeps that ECS accepted a call under its own token. */
  putAccepted(callId: string, taskArns: readonly string[]): Promise<void>;
  /** The tasks that a call was accepted with, if it was. */
  getAccepted(callId: string): Promise<readonly string[] | undefined>;
}

/** How long a record may be of use after its launch, in seconds: a start may fail days later, a proof is gone by then. */
const RETENTION_SECONDS = 3 * 86_400;

/** Launch records in the table of shared state, which is encrypted: our own hold environment values. */
export function makeLaunchStore({ environment, clients, ...ports }: Wiring<'dynamoDb'>): LaunchStore {
  const tableName = environment.variable('tableName');

  async function putOnce(id: string, text: string): Promise<void> {
    const expiresAt = Math.ceil(ports.clock.now() / 1000) + RETENTION_SECONDS;
    const command = new PutItemCommand({
      TableName: tableName,
      Item: { id: { S: id }, record: { S: text }, expiresAt: { N: String(expiresAt) } },
      ConditionExpression: 'attribute_not_exists(id)',
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
      await Promise.all(launches.map(({ taskArn, record }) => putOnce(launchId(taskArn), JSON.stringify(record))));
    },
    get: (taskArn) => getParsed(launchId(taskArn), launchRecordSchema),
    putAccepted: (callId, taskArns) => putOnce(acceptedId(callId), JSON.stringify(taskArns)),
    getAccepted: (callId) => getParsed(acceptedId(callId), z.array(z.string())),
  };
}

const launchId = (taskArn: string) => `launch#${taskArn}`;
const acceptedId = (callId: string) => `accepted#${callId}`;
