import { type AttributeValue, ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { reservePermits } from '../../../lambda/core/rate/rate.ts';
import { initialRate, rateStateSchema } from '../../../lambda/core/rate/rate-state.ts';
import { makeVersionedItem, type VersionedItem } from '../../../lambda/state/versioned-item.ts';
import { ANSWERED, awsError, dependenciesWith, failing } from '../../support/dependencies.ts';
import { NOW_MS } from '../../support/records.ts';
import { TABLES } from '../../support/table.ts';

const schema = z.strictObject({ count: z.number() });
type Count = z.infer<typeof schema>;
const add = (by: number) => (before: Count | undefined) => ({ state: { count: (before?.count ?? 0) + by } });
const conflict = (Item?: Record<string, AttributeValue>) =>
  new ConditionalCheckFailedException({ ...ANSWERED, ...(Item && { Item }) });
const item = (version: AttributeValue, text: string) => ({ id: { S: 'count' }, version, state: { S: text } });

function storeWith(errors: readonly Error[]) {
  const world = dependenciesWith({ dynamoDb: failing(errors) });
  return { ...world, store: makeVersionedItem(world.dependencies, 'count', schema) };
}

describe('a shared state', () => {
  test('begins with nothing, and next time with what was written last', async () => {
    const { store, sent } = storeWith([]);
    expect(await store.update(add(5))).toEqual({ state: { count: 5 } });
    expect(await store.update(add(5))).toEqual({ state: { count: 10 } });
    expect(sent.map(({ input }) => [input.Item.version.N, input.ConditionExpression])).toEqual([
      ['1', expect.stringContaining('attribute_not_exists(version)')],
      ['2', 'version = :version'],
    ]);
  });

  test('is changed from the newer state where somebody else was faster', async () => {
    const { store, sent } = storeWith([conflict(item({ N: '41' }, '{"count":100}'))]);
    expect(await store.update(add(5))).toEqual({ state: { count: 105 } });
    expect(sent[1]?.input).toMatchObject({
      Item: { version: { N: '42' } },
      ExpressionAttributeValues: { ':version': { N: '41' } },
    });
  });

  test.each<[string, Record<string, AttributeValue> | undefined, string]>([
    ['was deleted', undefined, '1'],
    ['holds no JSON', item({ N: '7' }, '{'), '8'],
    ['holds another state', item({ N: '7' }, '{"count":"x"}'), '8'],
    ['holds nothing', { id: { S: 'count' }, version: { N: '7' } }, '8'],
    ['has no version', { id: { S: 'count' } }, '1'],
  ])('starts afresh where the item %s', async (_, found, version) => {
    const { store, sent } = storeWith([conflict(found)]);
    expect(await store.update((before) => ({ state: { count: 3 }, before }))).toEqual({
      state: { count: 3 },
      before: undefined,
    });
    expect(sent[1]?.input.Item.version.N).toBe(version);
  });

  test.each([
    ['a failure of the service', awsError('InternalServerError', '', 500)],
    ['a throttle of DynamoDB', awsError('ProvisionedThroughputExceededException')],
  ])('is written again after %s', async (_, error) => {
    const { store, sent, sleeps } = storeWith([error]);
    await store.update(add(5));
    expect([sent.length, sleeps]).toEqual([2, [100]]);
  });

  test('is not written where nothing changes', async () => {
    const { store, sent } = storeWith([]);
    await store.update(add(5));
    expect(await store.update((state = { count: 0 }) => ({ state }))).toEqual({ state: { count: 5 } });
    expect(sent).toHaveLength(1);
  });

  test('is not written again after a refusal', async () => {
    await expect(storeWith([awsError('AccessDeniedException')]).store.update(add(5))).rejects.toThrow();
  });
});

describe.each(TABLES)('in %s', (_, openTable) => {
  function openStates() {
    const table = openTable();
    return { ...table, store: () => makeVersionedItem(table.open().dependencies, 'count', schema) };
  }

  test('is read as it was written, by anybody', async () => {
    const { store } = openStates();
    const [writer, reader] = [store(), store()];
    expect(await reader.read()).toBeUndefined();
    await writer.update(add(5));
    expect(await reader.read()).toEqual({ count: 5 });
    // Having read it, the other writes without a conflict.
    expect(await reader.update(add(1))).toEqual({ state: { count: 6 } });
    expect(await writer.update(add(1))).toEqual({ state: { count: 7 } });
  });

  test('two rate limiters at once never hand out one permit twice', async () => {
    const { open } = openTable();
    const settings = { initialPerSecond: 10, minPerSecond: 10, maxPerSecond: 10 };
    const quiet = {
      seconds: { calls: new Map(), tasks: new Map() },
      lagSeconds: { least: 0, most: 0 },
      lags: new Map(),
    };
    const stores = [0, 1].map(() => makeVersionedItem(open().dependencies, 'rate', rateStateSchema));
    const batches = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (stores[index % 2] as VersionedItem<z.infer<typeof rateStateSchema>>).update((before) =>
          reservePermits(before ?? initialRate(settings), Array(5).fill(1), quiet, NOW_MS, 60_000, settings),
        ),
      ),
    );
    const times = batches.flatMap(({ permitsAtMs }) => permitsAtMs).sort((a, b) => a - b);
    // Each is due with the first pulse that is not before its time.
    const pulse = (atMs: number) => Math.ceil(atMs / 325) * 325;
    expect(times).toEqual(Array.from({ length: 100 }, (_, permit) => pulse(NOW_MS - 700 + permit * 100)));
  });

  test.each([
    ['a version that is no number', { version: { S: 'x' }, state: { S: '{}' } }],
    ['no version', { state: { S: '{}' } }],
    ['a state that is garbage', { version: { N: '3' }, state: { N: '1' } }],
  ])('an item with %s is replaced', async (_, garbage) => {
    const { store, put, item: stored } = openStates();
    await put({ id: { S: 'count' }, ...garbage });
    await store().update(add(5));
    expect(await stored('count')).toMatchObject({ state: { S: '{"count":5}' } });
  });

  test('an item that was deleted is written anew', async () => {
    const { store, remove } = openStates();
    const state = store();
    await state.update(add(5));
    await remove('count');
    expect(await state.update(add(5))).toEqual({ state: { count: 5 } });
  });
});
