import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Call } from '../core/rate/counted-call.ts';
import {
  BUCKET_UNITS,
  type BucketUnit,
  type Records,
  type SecondOfTraffic,
  TRAFFIC_WINDOW_SECONDS,
} from '../core/rate/traffic.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { ITEMS } from './items.ts';

/** Counts calls of others by second, in one item for each minute. */
export interface TrafficStore {
  count(calls: readonly Call[]): Promise<void>;
  read(): Promise<Records>;
}

/** Attribute names of a second's counts within its minute: `a07` calls accepted, `tt07` tasks throttled. */
const PREFIX: Readonly<Record<BucketUnit, Readonly<Record<keyof SecondOfTraffic, string>>>> = {
  calls: { accepted: 'a', throttled: 't' },
  tasks: { accepted: 'at', throttled: 'tt' },
};
const attribute = (unit: BucketUnit, kind: keyof SecondOfTraffic, second: number) =>
  `${PREFIX[unit][kind]}${String(second).padStart(2, '0')}`;
const LEAST_LAG = 'leastLag';
const MOST_LAG = 'mostLag';

export function makeTrafficStore({ environment, clients, ...ports }: HandlerDependencies<'dynamoDb'>): TrafficStore {
  const TableName = environment.variable('tableName');
  const key = (minute: number) => ({ id: { S: ITEMS.traffic.id(minute) } });
  let cache: { readonly atMs: number; readonly records: Records } | undefined;

  /** Whether this record was not counted before. */
  async function isNew(eventId: string): Promise<boolean> {
    const expiresAt = Math.ceil(ports.clock.now() / 1000) + ITEMS.counted.retentionSeconds;
    const command = new PutItemCommand({
      TableName,
      Item: { id: { S: ITEMS.counted.id(eventId) }, expiresAt: { N: String(expiresAt) } },
      ConditionExpression: 'attribute_not_exists(id)',
    });
    try {
      await retrying(ports, () => clients.dynamoDb.send(command));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async function add(minute: number, counts: ReadonlyMap<string, number>): Promise<void> {
    const names = [...counts.keys()];
    await retrying(ports, () =>
      clients.dynamoDb.send(
        new UpdateItemCommand({
          TableName,
          Key: key(minute),
          UpdateExpression: `ADD ${names.map((name) => `${name} :${name}`).join(', ')} SET expiresAt = :expiresAt`,
          ExpressionAttributeValues: {
            ...Object.fromEntries(names.map((name) => [`:${name}`, { N: String(counts.get(name)) }])),
            ':expiresAt': { N: String(minute * 60 + ITEMS.traffic.retentionSeconds) },
          },
        }),
      ),
    );
  }

  /** Keeps the least and the greatest delay of records, in the minute in which they arrive. */
  async function keepLag(minute: number, attribute: string, lagSeconds: number, comparison: '<' | '>'): Promise<void> {
    const command = new UpdateItemCommand({
      TableName,
      Key: key(minute),
      UpdateExpression: `SET ${attribute} = :lag, expiresAt = :expiresAt`,
      ConditionExpression: `attribute_not_exists(${attribute}) OR ${attribute} ${comparison} :lag`,
      ExpressionAttributeValues: {
        ':lag': { N: String(lagSeconds) },
        ':expiresAt': { N: String(minute * 60 + ITEMS.traffic.retentionSeconds) },
      },
    });
    try {
      await retrying(ports, () => clients.dynamoDb.send(command));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  /** The delays that this function has written for the present minute. Only a new extreme is written. */
  let kept = { minute: 0, least: Number.POSITIVE_INFINITY, most: 0 };

  return {
    async count(all) {
      const now = ports.clock.now();
      // Older calls are outside the window, and would make the newer ones look late.
      const recent = all.filter(({ atMs }) => now - atMs < TRAFFIC_WINDOW_SECONDS * 1000);
      const areNew = await Promise.all(recent.map(({ eventId }) => isNew(eventId)));
      const calls = recent.filter((_, index) => areNew[index]);
      if (calls.length === 0) return;
      const minutes = new Map<number, Map<string, number>>();
      for (const { atMs, kind, tasks } of calls) {
        const minute = Math.floor(atMs / 60_000);
        const counts = minutes.get(minute) ?? new Map<string, number>();
        for (const [unit, count] of [
          ['calls', 1],
          ['tasks', tasks],
        ] as const) {
          const name = attribute(unit, kind, Math.floor(atMs / 1000) % 60);
          counts.set(name, (counts.get(name) ?? 0) + count);
        }
        minutes.set(minute, counts);
      }
      await Promise.all([...minutes].map(([minute, counts]) => add(minute, counts)));
      const lags = calls.map(({ atMs }) => Math.max(0, Math.round((now - atMs) / 1000)));
      const [least, most] = [Math.min(...lags), Math.max(...lags)];
      const minute = Math.floor(now / 60_000);
      if (kept.minute !== minute) kept = { minute, least: Number.POSITIVE_INFINITY, most: -1 };
      if (least < kept.least) await keepLag(minute, LEAST_LAG, least, '>');
      if (most > kept.most) await keepLag(minute, MOST_LAG, most, '<');
      kept = { minute, least: Math.min(least, kept.least), most: Math.max(most, kept.most) };
    },

    async read() {
      const now = ports.clock.now();
      // Counts are by whole second: reading them more often shows nothing new.
      if (cache && now - cache.atMs < 1000) return cache.records;
      const last = Math.floor(now / 60_000);
      const first = Math.floor((now / 1000 - TRAFFIC_WINDOW_SECONDS) / 60);
      const minutes = Array.from({ length: last - first + 1 }, (_, index) => first + index);
      const items = await Promise.all(
        minutes.map(async (minute) => {
          const command = new GetItemCommand({ TableName, Key: key(minute) });
          const { Item = {} } = await retrying(ports, () => clients.dynamoDb.send(command));
          return { minute, item: Item };
        }),
      );
      const seconds = { calls: new Map<number, SecondOfTraffic>(), tasks: new Map<number, SecondOfTraffic>() };
      const lags = { least: [] as number[], most: [] as number[] };
      for (const { minute, item } of items) {
        if (item[LEAST_LAG]?.N) lags.least.push(Number(item[LEAST_LAG].N));
        if (item[MOST_LAG]?.N) lags.most.push(Number(item[MOST_LAG].N));
        for (let second = 0; second < 60; second++) {
          for (const unit of BUCKET_UNITS) {
            const count = (kind: keyof SecondOfTraffic) => Number(item[attribute(unit, kind, second)]?.N ?? 0);
            const counted = { accepted: count('accepted'), throttled: count('throttled') };
            if (counted.accepted + counted.throttled > 0) seconds[unit].set(minute * 60 + second, counted);
          }
        }
      }
      const most = Math.max(0, ...lags.most);
      const lagSeconds = { least: Math.min(most, ...lags.least), most };
      cache = { atMs: now, records: { seconds, lagSeconds } };
      return cache.records;
    },
  };
}
