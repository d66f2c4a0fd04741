import { expect, test } from 'vitest';
import { scheduleCorruption } from '../../../lab/faults/corruption.ts';
import { LAB_EPOCH_MS, VirtualClock } from '../../../lab/kernel/clock.ts';
import type { JsonObject } from '../../../lab/kernel/json.ts';
import { faultSchema } from '../../../lab/scenario/fault-schema.ts';
import { openDatabase, TABLE } from '../aws/dynamodb/database.ts';

/** A table with items of two kinds, which a fault spoils; `after` tells what it holds some seconds later. */
async function spoil(fault: JsonObject) {
  const clock = new VirtualClock();
  const { database } = openDatabase();
  const put = (pk: string) =>
    database.call('PutItem', { TableName: TABLE, Item: { pk: { S: pk }, state: { S: '{}' }, version: { N: '1' } } });
  for (const pk of ['rate', 'sweep#batch', 'rated']) put(pk);
  scheduleCorruption([faultSchema.parse({ kind: 'corruptItem', ...fault })], clock, database, [TABLE]);
  return {
    put,
    after: async (seconds: number) => {
      await clock.run({ until: LAB_EPOCH_MS + seconds * 1000, isWaiting: () => true });
      return Object.fromEntries(database.items(TABLE).map(({ pk, ...item }) => [Object.values(pk ?? {})[0], item]));
    },
  };
}

const whole = { state: { S: '{}' }, version: { N: '1' } };
const garbage = { state: { S: 'garbage' }, version: { S: 'garbage' } };

test('an item is deleted at its time, and no other', async () => {
  const { after } = await spoil({ item: 'rate', at: 10, to: 'deleted' });
  expect(await after(9)).toEqual({ rate: whole, 'sweep#batch': whole, rated: whole });
  expect(await after(11)).toEqual({ 'sweep#batch': whole, rated: whole });
});

test('every item of a kind becomes garbage under its own key', async () => {
  const { after } = await spoil({ item: 'sweep', at: 10, to: 'garbage' });
  expect(await after(11)).toEqual({ rate: whole, 'sweep#batch': garbage, rated: whole });
});

test('an item is spoilt again and again', async () => {
  const { put, after } = await spoil({ item: 'rate', at: 10, everySeconds: 5, to: 'deleted' });
  await after(11);
  put('rate');
  expect(await after(14)).toHaveProperty('rate');
  expect(await after(16)).not.toHaveProperty('rate');
});
