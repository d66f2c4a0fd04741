import type { ReturnValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { holdToModels } from '../held-to-models.ts';
import { type Item, KEY, openDatabase } from './database.ts';

holdToModels();

const BEFORE: Item = {
  ...KEY,
  n: { N: '10' },
  s: { S: 'hello' },
  tags: { SS: ['a', 'b'] },
  doc: { M: { a: { N: '1' }, l: { L: [{ N: '0' }, { N: '1' }, { N: '2' }] } } },
};

const NUMBER = { ':v': { N: '2.5' } };

describe('an update', () => {
  it.each<[string, Item | undefined, Item]>([
    ['SET n = :v', NUMBER, { n: { N: '2.5' } }],
    ['SET n = n + :v', NUMBER, { n: { N: '12.5' } }],
    ['SET n = n - :v, m = n', NUMBER, { n: { N: '7.5' }, m: { N: '10' } }],
    ['SET n = :v + n', NUMBER, { n: { N: '12.5' } }],
    [
      'SET doc.a = :v, m = doc.a',
      NUMBER,
      { doc: { M: { a: { N: '2.5' }, l: BEFORE.doc?.M?.l as never } }, m: { N: '1' } },
    ],
    ['SET m = if_not_exists(m, :v) + :v', NUMBER, { m: { N: '5' } }],
    ['SET n = if_not_exists(n, :v)', NUMBER, { n: { N: '10' } }],
    ['SET n = (n + :v)', NUMBER, { n: { N: '12.5' } }],
    ['SET doc.a = :v', NUMBER, { doc: { M: { a: { N: '2.5' }, l: BEFORE.doc?.M?.l as never } } }],
    ['SET doc.l[1] = :v', NUMBER, { doc: { M: { a: { N: '1' }, l: { L: [{ N: '0' }, { N: '2.5' }, { N: '2' }] } } } }],
    [
      'SET doc.l[9] = :v, doc.l[7] = n',
      NUMBER,
      { doc: { M: { a: { N: '1' }, l: { L: [{ N: '0' }, { N: '1' }, { N: '2' }, { N: '10' }, { N: '2.5' }] } } } },
    ],
    [
      'SET doc.l = list_append(doc.l, :v)',
      { ':v': { L: [{ N: '3' }] } },
      { doc: { M: { a: { N: '1' }, l: { L: [{ N: '0' }, { N: '1' }, { N: '2' }, { N: '3' }] } } } },
    ],
    ['REMOVE doc.l[0], doc.l[1]', undefined, { doc: { M: { a: { N: '1' }, l: { L: [{ N: '2' }] } } } }],
    ['REMOVE n, absent', undefined, { n: undefined as never }],
    ['ADD n :v', NUMBER, { n: { N: '12.5' } }],
    ['ADD m :v', NUMBER, { m: { N: '2.5' } }],
    ['ADD tags :v', { ':v': { SS: ['b', 'c'] } }, { tags: { SS: ['a', 'b', 'c'] } }],
    ['ADD more :v', { ':v': { NS: ['1', '2.0'] } }, { more: { NS: ['1', '2'] } }],
    ['DELETE tags :v', { ':v': { SS: ['b', 'c'] } }, { tags: { SS: ['a'] } }],
    ['DELETE tags :v', { ':v': { SS: ['a', 'b'] } }, { tags: undefined as never }],
    ['DELETE absent :v', { ':v': { SS: ['a'] } }, { absent: undefined as never }],
    ['REMOVE s SET m = s ADD n :v', NUMBER, { s: undefined as never, m: { S: 'hello' }, n: { N: '12.5' } }],
    ['set n = :v remove s', NUMBER, { n: { N: '2.5' }, s: undefined as never }],
  ])('%s', async (expression, values, expected) => {
    const { put, update, get } = openDatabase();
    await put(BEFORE);
    await update({ UpdateExpression: expression, ...(values ? { ExpressionAttributeValues: values } : {}) });
    expect(await get()).toEqual(JSON.parse(JSON.stringify({ ...BEFORE, ...expected })));
  });

  it.each<[string, Item | undefined, string]>([
    ['', undefined, 'Invalid UpdateExpression: The expression can not be empty;'],
    ['n = :v', NUMBER, 'Invalid UpdateExpression: Syntax error; token: "n", near: "n ="'],
    ['SET n = :v SET s = :v', NUMBER, 'The "SET" section can only be used once in an update expression;'],
    ['SET count = :v', NUMBER, 'Attribute name is a reserved keyword; reserved keyword: count'],
    ['SET n = :v, n = :v', NUMBER, 'Two document paths overlap with each other; must remove or rewrite one'],
    ['SET doc.a = :v REMOVE doc', NUMBER, 'path one: [doc, a], path two: [doc]'],
    ['SET doc.a = :v REMOVE doc[0]', NUMBER, 'Two document paths conflict with each other'],
    ['SET n = n + :v', { ':v': { S: 'x' } }, 'operator or function: +, operand type: S'],
    ['SET n = s + :v', NUMBER, 'An operand in the update expression has an incorrect data type'],
    ['SET n = absent + :v', NUMBER, 'The provided expression refers to an attribute that does not exist in the item'],
    ['SET absent.x = :v', NUMBER, 'The document path provided in the update expression is invalid for update'],
    ['SET n[0] = :v', NUMBER, 'The document path provided in the update expression is invalid for update'],
    ['SET n = next(:v)', NUMBER, 'Invalid function name; function: next'],
    ['SET n = list_append(:v, n)', NUMBER, 'operator or function: list_append, operand type: N'],
    ['SET n = if_not_exists(:v, n)', NUMBER, 'Operator or function requires a document path'],
    ['SET n = if_not_exists(n)', undefined, 'Incorrect number of operands for operator or function'],
    ['ADD n :v', { ':v': { S: 'x' } }, 'operator: ADD, operand type: STRING'],
    ['ADD s :v', NUMBER, 'An operand in the update expression has an incorrect data type'],
    ['DELETE n :v', NUMBER, 'operator: DELETE, operand type: NUMBER'],
    ['SET pk = :v', NUMBER, 'invalid: Cannot update attribute pk. This attribute is part of the key'],
    ['SET n = :v', { ...NUMBER, ':w': { N: '1' } }, 'ExpressionAttributeValues unused in expressions: keys: {:w}'],
    ['SET n = :v', undefined, 'value used in expression is not defined; attribute value: :v'],
    ['SET n = :v', { ':v': { N: 'ten' } }, 'The parameter cannot be converted to a numeric value: ten'],
    ['SET n = :v', { ':v': { SS: ['a', 'a'] } }, 'Input collection [a, a] contains duplicates.'],
    ['SET n = :v', { ':v': { S: 'x'.repeat(409_600) } }, 'Item size to update has exceeded the maximum allowed size'],
  ])('%j is refused: %s %s', async (expression, values, message) => {
    const { put, update, get } = openDatabase();
    await put(BEFORE);
    const refused = update({
      UpdateExpression: expression,
      ...(values ? { ExpressionAttributeValues: values } : {}),
    });
    await expect(refused).rejects.toMatchObject({ name: 'ValidationException', $metadata: { httpStatusCode: 400 } });
    await expect(refused).rejects.toThrow(message);
    expect(await get()).toEqual(BEFORE);
  });

  it.each<[ReturnValue, Item | undefined]>([
    ['NONE', undefined],
    ['ALL_OLD', BEFORE],
    ['UPDATED_OLD', { n: { N: '10' }, doc: { M: { l: { L: [{ N: '1' }] } } } }],
    ['UPDATED_NEW', { n: { N: '12.5' }, doc: { M: { l: { L: [{ N: '2.5' }] } } } }],
    [
      'ALL_NEW',
      { ...BEFORE, n: { N: '12.5' }, doc: { M: { a: { N: '1' }, l: { L: [{ N: '0' }, { N: '2.5' }, { N: '2' }] } } } },
    ],
  ])('returns %s', async (ReturnValues, expected) => {
    const { put, update } = openDatabase();
    await put(BEFORE);
    const { Attributes } = await update({
      UpdateExpression: 'ADD n :v SET doc.l[1] = :v',
      ExpressionAttributeValues: NUMBER,
      ReturnValues,
    });
    expect(Attributes).toEqual(expected);
  });

  it('creates the item that is not there, with nothing old to return', async () => {
    const { update, get } = openDatabase();
    const { Attributes } = await update({
      UpdateExpression: 'SET #c = :v',
      ExpressionAttributeNames: { '#c': 'count' },
      ExpressionAttributeValues: NUMBER,
      ReturnValues: 'ALL_OLD',
    });
    expect(Attributes).toBeUndefined();
    expect(await get()).toEqual({ ...KEY, count: { N: '2.5' } });
  });
});
