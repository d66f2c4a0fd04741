import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  ListBackupsCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addNumbers, canonicalNumber, compareNumbers } from '../../../../lab/aws/dynamodb/numbers.ts';
import { itemSize } from '../../../../lab/aws/dynamodb/values.ts';
import { holdToModels } from '../held-to-models.ts';
import { type Item, KEY, openDatabase, TABLE } from './database.ts';

holdToModels();

describe('an item', () => {
  it('is stored, replaced and deleted, and the old one returned on request', async () => {
    const { client, put, get } = openDatabase();
    await put({ ...KEY, n: { N: '1' } });
    const replaced = await client.send(
      new PutItemCommand({ TableName: TABLE, Item: { ...KEY, m: { N: '2' } }, ReturnValues: 'ALL_OLD' }),
    );
    expect(replaced.Attributes).toEqual({ ...KEY, n: { N: '1' } });
    expect(await get()).toEqual({ ...KEY, m: { N: '2' } });
    const deleted = await client.send(new DeleteItemCommand({ TableName: TABLE, Key: KEY, ReturnValues: 'ALL_OLD' }));
    expect(deleted.Attributes).toEqual({ ...KEY, m: { N: '2' } });
    expect(await get()).toBeUndefined();
  });

  it('stays as it is whatever becomes of what was put and of what was answered', async () => {
    const { database } = openDatabase();
    const list = { L: [{ S: 'a' }] };
    database.call('PutItem', { TableName: TABLE, Item: { ...KEY, list } });
    list.L.push({ S: 'b' });
    const read = () =>
      database.call('GetItem', { TableName: TABLE, Key: KEY }).Item as typeof KEY & { list: typeof list };
    read().list.L.push({ S: 'c' });
    expect(read()).toEqual({ ...KEY, list: { L: [{ S: 'a' }] } });
  });

  it('is shown only in part where a projection says so', async () => {
    const { client, put } = openDatabase();
    await put({ ...KEY, doc: { M: { a: { S: 'x' }, b: { S: 'y' } } }, n: { N: '1' } });
    const { Item } = await client.send(
      new GetItemCommand({
        TableName: TABLE,
        Key: KEY,
        ProjectionExpression: '#d.a, n, absent',
        ExpressionAttributeNames: { '#d': 'doc' },
      }),
    );
    expect(Item).toEqual({ doc: { M: { a: { S: 'x' } } }, n: { N: '1' } });
  });

  it.each<[string, Item, string]>([
    ['without its key', { n: { N: '1' } }, 'Missing the key pk in the item'],
    ['with a key of another type', { pk: { N: '1' } }, 'Type mismatch for key pk expected: S actual: N'],
    ['with an empty key', { pk: { S: '' } }, 'cannot contain an empty string value. Key: pk'],
    ['with a key that is too long', { pk: { S: 'x'.repeat(2049) } }, 'Size of hashkey has exceeded the maximum size'],
    ['that is too large', { ...KEY, s: { S: 'x'.repeat(409_600) } }, 'Item size has exceeded the maximum allowed size'],
    ['with an empty set', { ...KEY, s: { SS: [] } }, 'An AttributeValue may not contain an empty set'],
    ['with a number too large', { ...KEY, n: { N: '1E126' } }, 'Number overflow'],
    ['with a number too precise', { ...KEY, n: { N: '1'.repeat(39) } }, 'more than 38 significant digits'],
    ['with two types in one value', { ...KEY, n: { N: '1', S: 'x' } as never }, ' more than one datatypes set'],
  ])('%s is refused', async (_, item, message) => {
    const { put } = openDatabase();
    await expect(put(item)).rejects.toThrow(message);
  });

  it.each<[string, Item]>([
    ['with too much', { pk: { S: 'k' }, n: { N: '1' } }],
    ['with too little', {}],
    ['of another type', { pk: { N: '1' } }],
  ])('is not found under a key %s', async (_, key) => {
    const { get } = openDatabase();
    await expect(get(key)).rejects.toThrow('The provided key element does not match the schema');
  });

  it('comes with others in a batch, and so do writes', async () => {
    const { client } = openDatabase();
    const [a, b] = ['a', 'b'].map((S) => ({ pk: { S }, n: { N: '1' } }));
    const requests = [{ PutRequest: { Item: a } }, { PutRequest: { Item: b } }, { DeleteRequest: { Key: KEY } }];
    const written = await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: requests } }));
    expect(written.UnprocessedItems).toEqual({});
    const Keys = ['b', 'c', 'a'].map((S) => ({ pk: { S } }));
    const read = await client.send(new BatchGetItemCommand({ RequestItems: { [TABLE]: { Keys } } }));
    expect([read.Responses, read.UnprocessedKeys]).toEqual([{ [TABLE]: [b, a] }, {}]);
  });

  it('of a batch is not written where another one cannot be', async () => {
    const { client, get } = openDatabase();
    const requests = [{ PutRequest: { Item: KEY } }, { PutRequest: { Item: { pk: { N: '1' } } } }];
    const write = client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: requests } }));
    await expect(write).rejects.toThrow('Type mismatch for key pk');
    expect(await get()).toBeUndefined();
  });

  it.each<[string, object]>([
    ['a write that is neither a put nor a delete', {}],
    ['a write that is both', { PutRequest: { Item: KEY }, DeleteRequest: { Key: KEY } }],
  ])('is refused in a batch with %s', async (_, request) => {
    const { client } = openDatabase();
    const write = client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: [request] } }));
    await expect(write).rejects.toThrow('either a put or a delete');
  });

  it('is not read in part by a batch: the lab says so', () => {
    const { database } = openDatabase();
    const batch = { Keys: [KEY], ProjectionExpression: 'n' };
    expect(() => database.call('BatchGetItem', { RequestItems: { [TABLE]: batch } })).toThrow('ProjectionExpression');
  });

  it('is left for another request where an answer of 16 MB has no place for it', async () => {
    const { client, put } = openDatabase();
    const Keys = Array.from({ length: 50 }, (_, n) => ({ pk: { S: `k${n}` } }));
    for (const key of Keys) await put({ ...key, s: { S: 'x'.repeat(400_000) } });
    const batch = { Keys, ConsistentRead: true };
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetItemCommand({ RequestItems: { [TABLE]: batch } }),
    );
    expect(Responses?.[TABLE]).toHaveLength(41);
    expect(UnprocessedKeys).toEqual({ [TABLE]: { Keys: Keys.slice(41), ConsistentRead: true } });
  });

  it('needs a table that exists', async () => {
    const { get } = openDatabase();
    await expect(get(KEY, 'other')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Requested resource not found',
    });
  });

  it.each([
    ['an operation', new ListBackupsCommand({}), 'dynamodb ListBackups'],
    [
      'a parameter',
      new GetItemCommand({ TableName: TABLE, Key: KEY, AttributesToGet: ['n'] }),
      'dynamodb GetItem with AttributesToGet',
    ],
  ])('refuses %s that is not modelled', async (_, command, message) => {
    const { client } = openDatabase();
    await expect(client.send(command as GetItemCommand)).rejects.toMatchObject({ name: 'UnsupportedError', message });
  });

  it('counts its size as documented', () => {
    const item: Item = {
      pk: { S: 'ü' },
      n: { N: '-12.5' },
      yes: { BOOL: true },
      list: { L: [{ S: 'ab' }] },
      map: { M: { k: { S: 'v' } } },
      tags: { SS: ['a', 'bc'] },
    };
    expect(itemSize(item as never)).toBe(2 + 2 + (1 + 4) + (3 + 1) + (4 + 3 + 1 + 2) + (3 + 3 + 1 + 2) + (4 + 3));
  });
});

describe('numbers', () => {
  it.each([
    ['0010', '10'],
    ['-0', '0'],
    ['1E3', '1000'],
    ['+1.50', '1.5'],
    ['.5', '0.5'],
    ['-12.30e-2', '-0.123'],
    ['1e-3', '0.001'],
  ])('%s is kept as %s', (text, canonical) => {
    expect(canonicalNumber(text)).toBe(canonical);
  });

  it('are exact up to 38 digits', () => {
    const big = '99999999999999999999999999999999999998';
    expect(addNumbers(big, '1')).toBe('99999999999999999999999999999999999999');
    expect(addNumbers('0.1', '0.2')).toBe('0.3');
    expect(() => addNumbers('1E38', '1')).toThrow('38 significant digits');
  });

  it('add, subtract and compare as integers do', () => {
    const scaled = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n });
    const show = (value: bigint) => canonicalNumber(`${value}E-6`);
    fc.assert(
      fc.property(scaled, scaled, (a, b) => {
        expect(addNumbers(show(a), show(b))).toBe(show(a + b));
        expect(addNumbers(show(a), show(b), -1)).toBe(show(a - b));
        expect(Math.sign(compareNumbers(show(a), show(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });
});
