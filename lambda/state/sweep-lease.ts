import { ConditionalCheckFailedException, DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { PASS_EVERY_MS } from '../core/sweep/sweep-state.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { makeItemReader } from './item-reader.ts';
import { ITEMS } from './items.ts';

/** Gives a cluster to one sweep at a time, until its lease expires or is given back. */
export interface SweepLease {
  /**
   * Takes the lease. If another execution has it, leaves the signal with that one and returns 'left'. Otherwise returns how
   * far back to sweep: a sweep that died leaves its `sinceMs` behind.
   */
  take(cluster: string, holder: string, sinceMs: number, signalAtMs: number): Promise<{ sinceMs: number } | 'left'>;
  /** Extends the lease. Returns the last signal that was left with it; undefined if the lease is lost. */
  renew(cluster: string, holder: string): Promise<{ signalAtMs: number } | undefined>;
  /** Gives the lease back. Returns false if a signal later than `signalAtMs` was left: the sweep then has to go on. */
  release(cluster: string, holder: string, signalAtMs: number): Promise<boolean>;
}

/** The time between two passes, and what a part of a pass may take. A sweep that dies is replaced after both. */
const LEASE_MS = PASS_EVERY_MS + 15 * 60_000;

/** Leases in the state table. */
export function makeSweepLease(dependencies: HandlerDependencies<'dynamoDb'>): SweepLease {
  const { environment, clients, ...ports } = dependencies;
  const readItem = makeItemReader(dependencies);
  const TableName = environment.variable('tableName');
  const key = (cluster: string) => ({ id: { S: ITEMS.sweep.id(cluster) } });
  const number = (value: number) => ({ N: String(value) });

  /** The command's answer; undefined if its condition does not hold. */
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

  /** Deletes an unreadable lease. It would never expire. */
  const clear = (cluster: string) =>
    send(
      new DeleteItemCommand({
        TableName,
        Key: key(cluster),
        ConditionExpression: 'NOT attribute_type(leaseUntilMs, :number)',
        ExpressionAttributeValues: { ':number': { S: 'N' } },
      }),
    );

  /** Whether another sweep has the lease. It then already has a signal as late as ours. */
  async function isHeld(cluster: string): Promise<boolean> {
    const item = await readItem(ITEMS.sweep.id(cluster));
    if (item && item.leaseUntilMs?.N === undefined) await clear(cluster);
    return Number(item?.leaseUntilMs?.N ?? 0) >= ports.clock.now();
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
