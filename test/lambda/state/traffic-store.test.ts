import { describe, expect, test } from 'vitest';
import type { Call } from '../../../lambda/core/rate/counted-call.ts';
import { makeTrafficStore } from '../../../lambda/state/traffic-store.ts';
import { EVENT_TIME_MS, NOW_MS } from '../../support/records.ts';
import { TABLES } from '../../support/table.ts';

const NOW = NOW_MS / 1000;
let records = 0;
const call = (secondsAgo: number, kind: Call['kind'] = 'accepted', tasks = 1): Call => ({
  eventId: `record-${records++}`,
  atMs: NOW_MS - secondsAgo * 1000,
  kind,
  tasks,
});

describe.each(TABLES)('in %s', (_, openTable) => {
  /** Two functions over one table: one that counts, one that reads. */
  function openStores() {
    const table = openTable();
    const store = () => {
      const world = table.open();
      return { ...world, ...makeTrafficStore(world.dependencies) };
    };
    return { ...table, store, writer: store(), other: store(), reader: store() };
  }

  describe('the calls of others', () => {
    test('count once, however often and wherever their records are delivered', async () => {
      const { writer, other, reader } = openStores();
      const once = call(5);
      await writer.count([once]);
      await writer.count([once]);
      await other.count([once]);
      expect((await reader.read()).seconds.calls).toEqual(new Map([[NOW - 5, { accepted: 1, throttled: 0 }]]));
    });

    test('count once where many functions get the same records at once, and others beside them', async () => {
      const { store, reader } = openStores();
      const [accepted, throttled] = [call(5), call(5, 'throttled', 3)];
      const functions = Array.from({ length: 8 }, store);
      await Promise.all(functions.map(({ count }) => count([accepted, throttled, call(5, 'accepted', 2)])));
      const { seconds } = await reader.read();
      expect(seconds.calls).toEqual(new Map([[NOW - 5, { accepted: 9, throttled: 1 }]]));
      expect(seconds.tasks).toEqual(new Map([[NOW - 5, { accepted: 17, throttled: 3 }]]));
    });

    test('are counted by second and kind, across minutes and functions', async () => {
      const { writer, other, reader } = openStores();
      await writer.count([call(0), call(0), call(0, 'throttled'), call(61), call(30)]);
      await other.count([call(0), call(61, 'throttled')]);
      expect((await reader.read()).seconds.calls).toEqual(
        new Map([
          [NOW, { accepted: 3, throttled: 1 }],
          [NOW - 61, { accepted: 1, throttled: 1 }],
          [NOW - 30, { accepted: 1, throttled: 0 }],
        ]),
      );
    });

    test('count by their tasks as well', async () => {
      const { writer, reader } = openStores();
      await writer.count([
        call(2, 'accepted', 4),
        call(2, 'accepted', 3),
        call(2, 'throttled', 10),
        call(9, 'accepted', 0),
      ]);
      const { calls, tasks } = (await reader.read()).seconds;
      expect(tasks).toEqual(new Map([[NOW - 2, { accepted: 7, throttled: 10 }]]));
      expect(calls.get(NOW - 2)).toEqual({ accepted: 2, throttled: 1 });
      expect(calls.get(NOW - 9)).toEqual({ accepted: 1, throttled: 0 });
    });

    test('are kept in one item for each minute, for an hour', async () => {
      const { writer, items, item } = openStores();
      await writer.count([call(0), call(1)]);
      const minute = NOW_MS / 60_000;
      // Two minutes, and a mark for each call that was counted.
      expect(await items()).toHaveLength(4);
      expect(await item(`traffic#${minute}`)).toMatchObject({
        a00: { N: '1' },
        expiresAt: { N: String(minute * 60 + 3600) },
      });
      expect(await item(`traffic#${minute - 1}`)).toMatchObject({ a59: { N: '1' } });
    });

    test('that are none write nothing', async () => {
      const { writer, items } = openStores();
      await writer.count([]);
      expect(await items()).toEqual([]);
    });

    test('are read once a second at most', async () => {
      const { writer, reader } = openStores();
      expect((await reader.read()).seconds.calls.size).toBe(0);
      await writer.count([call(1)]);
      reader.at(NOW_MS + 999);
      expect((await reader.read()).seconds.calls.size).toBe(0);
      reader.at(NOW_MS + 1000);
      expect((await reader.read()).seconds.calls.size).toBe(1);
    });
  });

  describe('the lag of records', () => {
    test('is that of the soonest and of the latest one of the last minutes, in whole seconds', async () => {
      const { writer, other, reader } = openStores();
      await writer.count([call(7), call(3)]);
      await other.count([call(5.2)]);
      expect((await reader.read()).lagSeconds).toEqual({ least: 3, most: 7 });
      await other.count([call(8.6), call(1.4)]);
      reader.at(NOW_MS + 1000);
      expect((await reader.read()).lagSeconds).toEqual({ least: 1, most: 9 });
    });

    test('is that of all, also where many functions are told of records at once', async () => {
      const { store, reader } = openStores();
      await Promise.all(Array.from({ length: 8 }, (_, n) => store().count([call(10 + n)])));
      expect((await reader.read()).lagSeconds).toEqual({ least: 10, most: 17 });
    });

    test('is forgotten when its minute is no longer looked at', async () => {
      const { writer, reader } = openStores();
      await writer.count([call(100)]);
      expect((await reader.read()).lagSeconds).toEqual({ least: 100, most: 100 });
      reader.at(NOW_MS + 240_000);
      expect((await reader.read()).lagSeconds).toEqual({ least: 0, most: 0 });
    });

    test('of records from the future is none', async () => {
      const { writer, reader } = openStores();
      await writer.count([call(-2)]);
      expect((await reader.read()).lagSeconds).toEqual({ least: 0, most: 0 });
    });

    test('is not that of a record too old to count', async () => {
      const { writer, reader, items } = openStores();
      await writer.count([call(1), { ...call(0, 'throttled'), atMs: EVENT_TIME_MS - 86_400_000 }, call(150)]);
      expect((await reader.read()).lagSeconds).toEqual({ least: 1, most: 1 });
      expect((await reader.read()).seconds.calls).toEqual(new Map([[NOW - 1, { accepted: 1, throttled: 0 }]]));
      await writer.count([call(150)]);
      // That of the call, that of its arrival, and the mark that it was counted.
      expect(await items()).toHaveLength(3);
    });
  });
});
