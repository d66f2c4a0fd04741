import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
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
import { makeCounted } from './counted.ts';
import { makeItemReader } from './item-reader.ts';
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
/** Kept with the minute in which records arrive: how many of them were so many seconds late. */
const lagAttribute = (seconds: number) => `l${seconds}`;

export function makeTrafficStore(
  dependencies: HandlerDependencies<'dynamoDb'>,
  readItem = makeItemReader(dependencies),
): TrafficStore {
  const { environment, clients, ...ports } = dependencies;
  const isNew = makeCounted(dependencies);
  const TableName = environment.variable('tableName');
  let cache: { readonly atMs: number; readonly records: Records } | undefined;

  async function add(minute: number, counts: ReadonlyMap<string, number>): Promise<void> {
    const names = [...counts.keys()];
    await retrying(ports, () =>
      clients.dynamoDb.send(
        new UpdateItemCommand({
          TableName,
          Key: { id: { S: ITEMS.traffic.id(minute) } },
          UpdateExpression: `ADD ${names.map((name) => `${name} :${name}`).join(', ')} SET expiresAt = :expiresAt`,
          ExpressionAttributeValues: {
            ...Object.fromEntries(names.map((name) => [`:${name}`, { N: String(counts.get(name)) }])),
            ':expiresAt': { N: String(minute * 60 + ITEMS.traffic.retentionSeconds) },
          },
        }),
      ),
    );
  }

  return {
    async count(all) {
      const now = ports.clock.now();
      // Older calls are outside the window, and would make the newer ones look late.
      const recent = all.filter(({ atMs }) => now - atMs < TRAFFIC_WINDOW_SECONDS * 1000);
      const areNew = await Promise.all(recent.map(({ eventId }) => isNew(eventId)));
      const calls = recent.filter((_, index) => areNew[index]);
      if (calls.length === 0) return;
      const minutes = new Map<number, Map<string, number>>();
      const note = (minute: number, name: string, count: number) => {
        const counts = minutes.get(minute) ?? new Map<string, number>();
        counts.set(name, (counts.get(name) ?? 0) + count);
        minutes.set(minute, counts);
      };
      for (const { atMs, kind, tasks } of calls) {
        const minute = Math.floor(atMs / 60_000);
        const second = Math.floor(atMs / 1000) % 60;
        note(minute, attribute('calls', kind, second), 1);
        note(minute, attribute('tasks', kind, second), tasks);
        note(Math.floor(now / 60_000), lagAttribute(Math.max(0, Math.round((now - atMs) / 1000))), 1);
      }
      await Promise.all([...minutes].map(([minute, counts]) => add(minute, counts)));
    },

    async read() {
      const now = ports.clock.now();
      // Counts are by whole second: reading them more often shows nothing new.
      if (cache && now - cache.atMs < 1000) return cache.records;
      const last = Math.floor(now / 60_000);
      const first = Math.floor((now / 1000 - TRAFFIC_WINDOW_SECONDS) / 60);
      const minutes = Array.from({ length: last - first + 1 }, (_, index) => first + index);
      const items = await Promise.all(
        minutes.map(async (minute) => ({ minute, item: (await readItem(ITEMS.traffic.id(minute))) ?? {} })),
      );
      const seconds = { calls: new Map<number, SecondOfTraffic>(), tasks: new Map<number, SecondOfTraffic>() };
      const lags = new Map<number, number>();
      for (const { minute, item } of items) {
        if (Object.keys(item).length === 0) continue;
        for (let lag = 0; lag <= TRAFFIC_WINDOW_SECONDS; lag++) {
          const count = Number(item[lagAttribute(lag)]?.N ?? 0);
          if (count > 0) lags.set(lag, (lags.get(lag) ?? 0) + count);
        }
        for (let second = 0; second < 60; second++) {
          for (const unit of BUCKET_UNITS) {
            const count = (kind: keyof SecondOfTraffic) => Number(item[attribute(unit, kind, second)]?.N ?? 0);
            const counted = { accepted: count('accepted'), throttled: count('throttled') };
            if (counted.accepted + counted.throttled > 0) seconds[unit].set(minute * 60 + second, counted);
          }
        }
      }
      const most = Math.max(0, ...lags.keys());
      const lagSeconds = { least: Math.min(most, ...lags.keys()), most };
      cache = { atMs: now, records: { seconds, lagSeconds, lags } };
      return cache.records;
    },
  };
}
