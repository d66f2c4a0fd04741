import { describe, expect, test } from 'vitest';
import { makeItemReader } from '../../../lambda/state/item-reader.ts';
import { dependenciesWith, type Sent } from '../../support/dependencies.ts';
import { foundItems } from '../../support/found-items.ts';
import { TABLES } from '../../support/table.ts';

const item = (id: string) => ({ id: { S: id } });
const idsIn = ({ input }: Sent): string[] =>
  input.RequestItems.state.Keys.map(({ id }: ReturnType<typeof item>) => id.S);

describe('items that are asked for at once', () => {
  test('are read in one request, as they were last written, each once', async () => {
    const { dependencies, sent } = dependenciesWith({ dynamoDb: (read) => foundItems(read, item('b'), item('a')) });
    const readItem = makeItemReader(dependencies);
    expect(await Promise.all(['a', 'c', 'b', 'a'].map(readItem))).toEqual([item('a'), undefined, item('b'), item('a')]);
    expect(sent).toMatchObject([
      { name: 'BatchGetItemCommand', input: { RequestItems: { state: { ConsistentRead: true } } } },
    ]);
    expect(sent.map(idsIn)).toEqual([['a', 'c', 'b']]);
  });

  test('come in more requests where there are more than a request may ask for', async () => {
    const { dependencies, sent } = dependenciesWith();
    await Promise.all(Array.from({ length: 201 }, (_, n) => `item-${n}`).map(makeItemReader(dependencies)));
    expect(sent.map((each) => idsIn(each).length)).toEqual([100, 100, 1]);
  });

  test('are asked for again, later, where DynamoDB read a part of them', async () => {
    const { dependencies, sent, sleeps } = dependenciesWith({
      dynamoDb: (read) => {
        const [first = '', ...rest] = idsIn(read);
        return {
          ...foundItems(read, item(first)),
          UnprocessedKeys: rest.length > 0 ? { state: { Keys: rest.map(item) } } : {},
        };
      },
    });
    expect(await Promise.all(['a', 'b', 'c'].map(makeItemReader(dependencies)))).toEqual(['a', 'b', 'c'].map(item));
    expect(sent.map(idsIn)).toEqual([['a', 'b', 'c'], ['b', 'c'], ['c']]);
    expect(sleeps).toHaveLength(2);
  });

  test('fail all, by an error that passes, where a part of them is never read', async () => {
    const { dependencies } = dependenciesWith({
      dynamoDb: (read) => ({ Responses: {}, UnprocessedKeys: { state: { Keys: idsIn(read).map(item) } } }),
    });
    const readItem = makeItemReader(dependencies);
    const read = await Promise.allSettled(['a', 'b'].map(readItem));
    const reason = expect.objectContaining({ name: 'NotProcessedError' });
    expect(read).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
  });
});

test.each(TABLES)('an item is read anew each time, in %s', async (_, openTable) => {
  const { open, put, remove } = openTable();
  const readItem = makeItemReader(open().dependencies);
  expect(await readItem('a')).toBeUndefined();
  await put({ ...item('a'), n: { N: '1' } });
  expect(await readItem('a')).toEqual({ ...item('a'), n: { N: '1' } });
  await remove('a');
  expect(await readItem('a')).toBeUndefined();
});
