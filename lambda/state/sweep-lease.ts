import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { PASS_EVERY_MS } from '../core/sweep/sweep-state.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { ITEMS } from './items.ts';

/** Who sweeps a cluster: one execution at a time, until its lease expires or is given back. */
export interface SweepLease {
  /**
   * Takes the lease, or, where another execution has it, leaves the signal with that one.
   * Returns how far back to pass: a sweep that died before leaves its own start behind.
   */
  take(cluster: string, holder: string, sinceMs: number, signalAtMs: number): Promise<{ sinceMs: number } | 'left'>;
  /** Keeps the lease for another while; returns the last signal that was left, or undefined where the lease is lost. */
  renew(cluster: string, holder: string): Promise<{ signalAtMs: number } | undefined>;
  /** Gives the lease back, unless a signal later than `signalAtMs` was left: then the sweep has to go on. */
  release(cluster: string, holder: string, signalAtMs: number): Promise<boolean>;
}

/** The time between two passes, and what a part of a pass may take. A sweep that dies is replaced after both. */
const LEASE_MS = PASS_EVERY_MS + 15 * 60_000;

/** Leases in the table of shared state. */
export function makeSweepLease({ environment, clients, ...ports }: HandlerDependencies<'dynamoDb'>): SweepLease {
  const TableName = environment.variable('tableName');
  const key = (cluster: string) => ({ id: { S: ITEMS.sweep.id(cluster) } });
  const number = (value: number) => ({ N: String(value) });

  /** The command's answer, or undefined where its condition does not hold. */
  async function send(
    command: UpdateItemCommand | DeleteItemCommand,
  ): Promise<{ since: number; signal: number } | undefined> {
    try {
      const { Attributes } = await retrying(ports, () =>
        command instanceof UpdateItemCommand ? clients.dynamoDb.send(command) : clients.dynamoDb.send(command),
      );
      return { since: Number(Attributes?.sinceMs?.N ?? 0), signal: Number(Attributes?.signalAtMs?.N ?? 0) };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }

  const tryTake = (cluster: string, holder: string, sinceMs: number) =>
    send(
      new UpdateItemCommand({
        TableName,
        Key: key(cluster),
        UpdateExpression:
          'SET holder = :holder, leaseUntilMs = :until, sinceMs = if_not_exists(sinceMs, :since), signalAtMs = if_not_exists(signalAtMs, :none)',
        ConditionExpression: 'attribute_not_exists(holder) OR holder = :holder OR leaseUntilMs < :now',
        ExpressionAttributeValues: {
          ':holder': { S: holder },
          ':until': number(ports.clock.now() + LEASE_MS),
          ':since': number(sinceMs),
          ':none': number(0),
          ':now': number(ports.clock.now()),
        },
        ReturnValues: 'ALL_NEW',
      }),
    );

  const tryLeave = (cluster: string, signalAtMs: number) =>
    send(
      new UpdateItemCommand({
        TableName,
        Key: key(cluster),
        UpdateExpression: 'SET signalAtMs = :signal',
        ConditionExpression: 'leaseUntilMs >= :now AND signalAtMs < :signal',
        ExpressionAttributeValues: { ':signal': number(signalAtMs), ':now': number(ports.clock.now()) },
      }),
    );

  /** What nobody can read would never expire: it is as good as none. */
  const clear = (cluster: string) =>
    send(
      new DeleteItemCommand({
        TableName,
        Key: key(cluster),
        ConditionExpression: 'NOT attribute_type(leaseUntilMs, :number)',
        ExpressionAttributeValues: { ':number': { S: 'N' } },
      }),
    );

  /** Whether somebody has the lease: then a signal as late as ours is with it. */
  async function isHeld(cluster: string): Promise<boolean> {
    const command = new GetItemCommand({ TableName, Key: key(cluster), ConsistentRead: true });
    const { Item } = await retrying(ports, () => clients.dynamoDb.send(command));
    if (Item && Item.leaseUntilMs?.N === undefined) await clear(cluster);
    return Number(Item?.leaseUntilMs?.N ?? 0) >= ports.clock.now();
  }

  return {
    async take(cluster, holder, sinceMs, signalAtMs) {
      for (;;) {
        const taken = await tryTake(cluster, holder, sinceMs);
        if (taken) {
          await tryLeave(cluster, signalAtMs);
          return { sinceMs: Math.min(taken.since, sinceMs) };
        }
        if ((await tryLeave(cluster, signalAtMs)) || (await isHeld(cluster))) return 'left';
      }
    },
    async renew(cluster, holder) {
      const renewed = await send(
        new UpdateItemCommand({
          TableName,
          Key: key(cluster),
          UpdateExpression: 'SET leaseUntilMs = :until',
          ConditionExpression: 'holder = :holder',
          ExpressionAttributeValues: {
            ':holder': { S: holder },
            ':until': number(ports.clock.now() + LEASE_MS),
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return renewed && { signalAtMs: renewed.signal };
    },
    async release(cluster, holder, signalAtMs) {
      const released = await send(
        new DeleteItemCommand({
          TableName,
          Key: key(cluster),
          ConditionExpression: 'holder = :holder AND signalAtMs <= :signal',
          ExpressionAttributeValues: { ':holder': { S: holder }, ':signal': number(signalAtMs) },
        }),
      );
      return released !== undefined;
    },
  };
}
