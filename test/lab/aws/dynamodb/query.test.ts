import type { QueryCommandInput } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdToModels } from '../held-to-models.ts';
import { type Item, openDatabase, SORTED, TABLE } from './database.ts';

holdToModels();

const PARTITION = { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: 'k' } } };

async function openSorted(sortKeys: number[]) {
  const opened = openDatabase();
  for (const n of sortKeys) {
    await opened.put({ pk: { S: 'k' }, sk: { N: String(n) }, even: { BOOL: n % 2 === 0 } }, SORTED);
  }
  await opened.put({ pk: { S: 'other' }, sk: { N: '5' } }, SORTED);
  return opened;
}

const sortKeys = (items: Item[] | undefined) => items?.map(({ sk }) => Number(sk?.N));

describe('a query', () => {
  it.each<[string, Item, number[]]>([
    ['pk = :p', {}, [-5, 2, 9, 10]],
    ['pk = :p AND sk = :a', { ':a': { N: '9' } }, [9]],
    ['sk > :a AND pk = :p', { ':a': { N: '2' } }, [9, 10]],
    ['pk = :p AND :a > sk', { ':a': { N: '9' } }, [-5, 2]],
    ['pk = :p AND sk BETWEEN :a AND :b', { ':a': { N: '2' }, ':b': { N: '9' } }, [2, 9]],
    ['(pk = :p) AND (sk <= :a)', { ':a': { N: '-5' } }, [-5]],
  ])('with %s finds the items in the order of their numbers', async (condition, values, expected) => {
    const { query } = await openSorted([10, 9, -5, 2]);
    const { Items, Count, ScannedCount, LastEvaluatedKey } = await query({
      KeyConditionExpression: condition,
      ExpressionAttributeValues: { ':p': { S: 'k' }, ...values },
    });
    expect(sortKeys(Items)).toEqual(expected);
    expect([Count, ScannedCount, LastEvaluatedKey]).toEqual([expected.length, expected.length, undefined]);
  });

  it('counts what it scanned before the filter, and its limit does too', async () => {
    const { query } = await openSorted([1, 2, 3, 4]);
    const filtered = {
      ...PARTITION,
      FilterExpression: 'even = :yes',
      ExpressionAttributeValues: { ...PARTITION.ExpressionAttributeValues, ':yes': { BOOL: true } },
    };
    expect(await query(filtered)).toMatchObject({ Count: 2, ScannedCount: 4 });
    expect(await query({ ...filtered, Limit: 3 })).toMatchObject({
      Count: 1,
      ScannedCount: 3,
      LastEvaluatedKey: { pk: { S: 'k' }, sk: { N: '3' } },
    });
    const counted = await query({ ...filtered, Select: 'COUNT' });
    expect([counted.Count, counted.Items]).toEqual([2, undefined]);
  });

  it('announces another page when one ends with the last item, as the service does', async () => {
    const { query } = await openSorted([1, 2]);
    const { LastEvaluatedKey } = await query({ ...PARTITION, Limit: 2 });
    expect(LastEvaluatedKey).toEqual({ pk: { S: 'k' }, sk: { N: '2' } });
    expect(await query({ ...PARTITION, ExclusiveStartKey: LastEvaluatedKey })).toMatchObject({ Count: 0 });
  });

  it('ends a page at a megabyte', async () => {
    const { put, query } = openDatabase();
    for (const n of [1, 2, 3, 4]) {
      await put({ pk: { S: 'k' }, sk: { N: String(n) }, s: { S: 'x'.repeat(400_000) } }, SORTED);
    }
    expect(await query(PARTITION)).toMatchObject({ Count: 3, LastEvaluatedKey: { sk: { N: '3' } } });
  });

  it('finds every item exactly once, page by page, in both directions, though the items it stopped at vanish', async () => {
    const sorted = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(sorted, fc.integer({ min: 1, max: 5 }), fc.boolean(), async (keys, Limit, forward) => {
        const { query, database } = await openSorted(keys);
        const found: number[] = [];
        let page: QueryCommandInput['ExclusiveStartKey'];
        do {
          const start = page ? { ExclusiveStartKey: page } : {};
          const result = await query({ ...PARTITION, ...start, Limit, ScanIndexForward: forward });
          found.push(...(sortKeys(result.Items) ?? []));
          page = result.LastEvaluatedKey;
          if (page) database.call('DeleteItem', { TableName: SORTED, Key: page as never });
        } while (page);
        expect(found).toEqual(keys.toSorted((a, b) => (forward ? a - b : b - a)));
      }),
      { numRuns: 50 },
    );
  });

  it.each<[string, Item, string]>([
    ['sk = :a', { ':a': { N: '1' } }, 'Query condition missed key schema element: pk'],
    ['pk > :a', { ':a': { S: 'x' } }, 'Query key condition not supported'],
    ['pk = :a AND n = :a', { ':a': { S: 'x' } }, 'Query condition missed key schema element: sk'],
    [
      'pk = :a OR sk = :b',
      { ':a': { S: 'x' }, ':b': { N: '1' } },
      'Invalid operator used in KeyConditionExpression: OR',
    ],
    [
      'pk = :a AND sk <> :b',
      { ':a': { S: 'x' }, ':b': { N: '1' } },
      'Invalid operator used in KeyConditionExpression: <>',
    ],
    ['pk = :a AND sk = :a', { ':a': { S: 'x' } }, 'Condition parameter type does not match schema type'],
    ['pk.x = :a', { ':a': { S: 'x' } }, 'KeyConditionExpressions cannot have conditions on nested attributes'],
  ])('with %s is refused', async (condition, values, message) => {
    const { query } = await openSorted([]);
    await expect(query({ KeyConditionExpression: condition, ExpressionAttributeValues: values })).rejects.toThrow(
      message,
    );
  });

  it('cannot filter by a key, begin in another partition or have a limit of zero', async () => {
    const { query } = await openSorted([]);
    await expect(query({ ...PARTITION, FilterExpression: 'NOT pk = :p' })).rejects.toThrow(
      'Filter Expression can only contain non-primary key attributes: Primary key attribute: pk',
    );
    const elsewhere = { pk: { S: 'other' }, sk: { N: '5' } };
    await expect(query({ ...PARTITION, ExclusiveStartKey: elsewhere })).rejects.toThrow('outside query boundaries');
    await expect(query({ ...PARTITION, Limit: 0 })).rejects.toThrow("Value '0' at 'limit' failed");
  });

  it('works where the partition key is the whole key', async () => {
    const { put, query } = openDatabase();
    await put({ pk: { S: 'k' } });
    expect(await query({ ...PARTITION, TableName: TABLE })).toMatchObject({ Count: 1 });
  });
});
