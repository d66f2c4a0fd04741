import { ConditionalCheckFailedException, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { ITEMS } from './items.ts';

/** Limits the tasks that all re-runs together launch in one clock hour. */
export interface SpendCap {
  /** Counts tasks that are about to be launched. If the hour has no room for them, returns when the next one begins. */
  reserve(tasks: number): Promise<Reservation | { readonly untilMs: number }>;
  /** Takes back tasks that were not launched. If `started` is unknown, all count, so the cap is never exceeded. */
  settle(reservation: Reservation, started: number | undefined): Promise<void>;
}

export interface Reservation {
  readonly hour: number;
  readonly tasks: number;
}

const HOUR_MS = 3_600_000;

/** Keeps the count of an hour in one item of the state table, by conditional updates. */
export function makeSpendCap({ environment, clients, ...ports }: HandlerDependencies<'dynamoDb'>): SpendCap {
  const TableName = environment.variable('tableName');
  const { maxTasksPerHour: most } = environment.settings;

  async function add(hour: number, tasks: number, room?: number): Promise<void> {
    const expiresAt = (hour + 1) * 3600 + ITEMS.spend.retentionSeconds;
    const command = new UpdateItemCommand({
      TableName,
      Key: { id: { S: ITEMS.spend.id(hour) } },
      UpdateExpression: 'ADD tasks :tasks SET expiresAt = :expiresAt',
      ExpressionAttributeValues: {
        ':tasks': { N: String(tasks) },
        ':expiresAt': { N: String(expiresAt) },
        ...(room !== undefined && { ':room': { N: String(room) } }),
      },
      ...(room !== undefined && { ConditionExpression: 'attribute_not_exists(tasks) OR tasks <= :room' }),
    });
    await retrying(ports, () => clients.dynamoDb.send(command));
  }

  return {
    async reserve(tasks) {
      const hour = Math.floor(ports.clock.now() / HOUR_MS);
      const reservation = { hour, tasks };
      if (most === undefined) return reservation;
      try {
        await add(hour, tasks, most - tasks);
        return reservation;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return { untilMs: (hour + 1) * HOUR_MS };
        throw error;
      }
    },
    async settle({ hour, tasks }, started) {
      if (most !== undefined && started !== undefined && started < tasks) await add(hour, started - tasks);
    },
  };
}
