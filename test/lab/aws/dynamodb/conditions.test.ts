import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdToModels } from '../held-to-models.ts';
import { type Item, KEY, openDatabase, TABLE } from './database.ts';

holdToModels();

const ITEM: Item = {
  ...KEY,
  n: { N: '10' },
  big: { N: '9007199254740993' },
  s: { S: 'hello' },
  b: { B: new Uint8Array([1, 2, 3]) },
  yes: { BOOL: true },
  nothing: { NULL: true },
  tags: { SS: ['a', 'b'] },
  primes: { NS: ['2', '3.0'] },
  doc: { M: { list: { L: [{ N: '1' }, { S: 'x' }] }, nest: { M: { deep: { N: '5' } } } } },
};

const VALUES: Item = {
  ':nine': { N: '9' },
  ':ten': { N: '10.0' },
  ':eleven': { N: '1.1E1' },
  ':big': { N: '9007199254740992' },
  ':hello': { S: 'hello' },
  ':he': { S: 'he' },
  ':a': { S: 'a' },
  ':x': { S: 'x' },
  ':three': { N: '3' },
  ':two': { N: '2' },
  ':five': { N: '5' },
  ':bytes': { B: new Uint8Array([1, 2]) },
  ':true': { BOOL: true },
  ':null': { NULL: true },
  ':tags': { SS: ['b', 'a'] },
  ':list': { L: [{ N: '1' }, { S: 'x' }] },
  ':N': { S: 'N' },
  ':SS': { S: 'SS' },
};

/** Gives only the values and names that an expression uses, as the service demands. */
function using(expression: string, names: Record<string, string> = { '#n': 'n', '#list': 'list' }) {
  const used = (key: string) => new RegExp(`${key}\\b`).test(expression);
  const values = Object.fromEntries(Object.entries(VALUES).filter(([key]) => used(key)));
  const aliases = Object.fromEntries(Object.entries(names).filter(([key]) => used(key)));
  return {
    ConditionExpression: expression,
    ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: values } : {}),
    ...(Object.keys(aliases).length > 0 ? { ExpressionAttributeNames: aliases } : {}),
  };
}

describe('a condition', () => {
  it.each([
    ['n = :ten', true],
    ['#n = :ten', true],
    [':ten = n', true],
    ['n <> :ten', false],
    ['n > :nine AND n < :eleven', true],
    ['n >= :ten and n <= :ten', true],
    ['n < :ten', false],
    ['big > :big', true],
    ['n = :hello', false],
    ['n <> :hello', true],
    ['n < :hello', false],
    ['absent = :ten', false],
    ['absent <> :ten', true],
    ['absent < :ten', false],
    ['NOT absent = :ten', true],
    ['s BETWEEN :he AND :hello', true],
    ['n BETWEEN :nine AND :ten', true],
    ['n BETWEEN :ten AND :eleven', true],
    ['n IN (:nine, :ten)', true],
    ['n IN (:nine)', false],
    ['absent IN (:nine)', false],
    ['n = :nine OR n = :ten AND s = :hello', true],
    ['(n = :nine OR n = :ten) AND s = :he', false],
    ['NOT n = :nine', true],
    ['NOT (n = :nine OR s = :hello)', false],
    ['attribute_exists(n) AND attribute_not_exists(absent)', true],
    ['attribute_exists(doc.nest.deep)', true],
    ['attribute_not_exists(doc.nest.shallow)', true],
    ['attribute_not_exists(n.deep)', true],
    ['attribute_exists(nothing)', true],
    ['attribute_type(n, :N)', true],
    ['attribute_type(tags, :SS)', true],
    ['attribute_type(s, :N)', false],
    ['begins_with(s, :he)', true],
    ['begins_with(s, :a)', false],
    ['begins_with(b, :bytes)', true],
    ['begins_with(n, :he)', false],
    ['begins_with(doc, s)', false],
    ['contains(s, :he)', true],
    ['contains(tags, :a)', true],
    ['contains(primes, :three)', true],
    ['contains(tags, :three)', false],
    ['contains(doc.#list, :x)', true],
    ['size(s) = :five', true],
    ['size(doc.#list) = :two', true],
    ['size(tags) < :three', true],
    ['size(b) = :three', true],
    ['size(n) = :two', false],
    ['size(absent) = :two', false],
    ['doc.#list[1] = :x', true],
    ['doc.#list[9] = :x', false],
    ['doc.nest.deep = :five', true],
    ['yes = :true', true],
    ['nothing = :null', true],
    ['tags = :tags', true],
    ['doc.#list = :list', true],
  ])('%s is %s', async (expression, expected) => {
    const { put, update } = openDatabase();
    await put(ITEM);
    const outcome = update(using(expression));
    if (expected) await expect(outcome).resolves.toBeDefined();
    else await expect(outcome).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  });

  it.each([
    ['', 'The expression can not be empty;'],
    ['n = ', 'Syntax error; token: "<EOF>", near: "= "'],
    ['n == :ten', 'Syntax error; token: "=", near: "== :ten"'],
    ['n = :ten)', 'Syntax error; token: ")"'],
    ['n ? :ten', 'Syntax error; token: "?"'],
    ['n', 'Syntax error; token: "<EOF>"'],
    ['((n = :ten))', 'The expression has redundant parentheses;'],
    ['status = :ten', 'Attribute name is a reserved keyword; reserved keyword: status'],
    ['doc.list[0] = :ten', 'Attribute name is a reserved keyword; reserved keyword: list'],
    ['exists(n)', 'Invalid function name; function: exists'],
    ['begins_with(s)', 'Incorrect number of operands for operator or function; operator or function: begins_with'],
    ['begins_with(s, size(n))', 'operator or function: begins_with, operand type: N'],
    ['begins_with(s, :ten)', 'operator or function: begins_with, operand type: N'],
    ['attribute_exists(:ten)', 'Operator or function requires a document path'],
    ['attribute_type(n, :hello)', 'Invalid attribute type name found; type: hello'],
    ['attribute_exists(n) = :true', 'The function is not allowed to be used this way in an expression'],
    ['size(n)', 'The function is not allowed to be used this way in an expression; function: size'],
    ['n = #n', 'The first operand must be distinct from the remaining operands'],
    ['n BETWEEN :ten AND :nine', 'requires upper bound to be greater than or equal to lower bound'],
    ['n BETWEEN :ten AND :hello', 'requires same data type for lower and upper bounds'],
    ['n = :undefined', 'An expression attribute value used in expression is not defined; attribute value: :undefined'],
    ['#undefined = :ten', 'attribute name used in the document path is not defined; attribute name: #undefined'],
  ])('%j is refused: %s', async (expression, message) => {
    const { put, update } = openDatabase();
    await put(ITEM);
    const refused = update(using(expression));
    await expect(refused).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(refused).rejects.toThrow(/^Invalid ConditionExpression: /);
    await expect(refused).rejects.toThrow(message);
  });

  it('that fails shows the item only to those who ask', async () => {
    const { put, client, get } = openDatabase();
    await put(ITEM);
    const request = { TableName: TABLE, ConditionExpression: 'attribute_not_exists(pk)' };
    const show = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
    const failed = { name: 'ConditionalCheckFailedException', message: 'The conditional request failed' };
    const blind = client.send(new PutItemCommand({ ...request, Item: KEY }));
    await expect(blind).rejects.toMatchObject({ ...failed, $metadata: { httpStatusCode: 400 } });
    await expect(blind).rejects.toHaveProperty('Item', undefined);
    await expect(client.send(new PutItemCommand({ ...request, Item: KEY, ...show }))).rejects.toMatchObject({
      ...failed,
      Item: { n: { N: '10' } },
    });
    await expect(client.send(new DeleteItemCommand({ ...request, Key: KEY, ...show }))).rejects.toMatchObject(failed);
    expect(await get()).toMatchObject({ n: { N: '10' } });
  });

  it('lets exactly as many conditional increments pass as its limit allows, whatever the interleaving', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 40 }), async (limit, callers) => {
        const { update, get } = openDatabase();
        const take = () =>
          update({
            UpdateExpression: 'SET taken = if_not_exists(taken, :zero) + :one',
            ConditionExpression: 'attribute_not_exists(taken) OR taken < :limit',
            ExpressionAttributeValues: { ':zero': { N: '0' }, ':one': { N: '1' }, ':limit': { N: String(limit) } },
          }).then(
            () => 1,
            () => 0,
          );
        const passed = (await Promise.all(Array.from({ length: callers }, take))).filter(Boolean).length;
        // The first caller finds no counter yet.
        expect(passed).toBe(Math.min(callers, Math.max(1, limit)));
        expect((await get())?.taken?.N).toBe(callers === 0 ? undefined : String(passed));
      }),
      { numRuns: 50 },
    );
  });
});
