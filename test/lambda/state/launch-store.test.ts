import { describe, expect, test } from 'vitest';
import type { LaunchRecord } from '../../../lambda/core/rerun/launch-record.ts';
import type { Launch } from '../../../lambda/core/verdict/verdict.ts';
import { makeLaunchStore } from '../../../lambda/state/launch-store.ts';
import { awsError, dependenciesWith, failing } from '../../support/dependencies.ts';
import { CRON_ROLE, NOW_MS, OPS_USER } from '../../support/records.ts';
import { TABLES } from '../../support/table.ts';

const RECORD: LaunchRecord = { caller: CRON_ROLE, rootCallId: 'root', generation: 0, request: { taskDefinition: 'x' } };
const DAYS = 86_400;

describe('launch records', () => {
  test('are read as they were last written, not as some copy has them', async () => {
    const { dependencies, sent } = dependenciesWith();
    await makeLaunchStore(dependencies).get('a');
    expect(sent).toMatchObject([{ name: 'GetItemCommand', input: { ConsistentRead: true } }]);
  });

  test('that could not be kept are an error', async () => {
    const { dependencies } = dependenciesWith({ dynamoDb: failing([awsError('AccessDeniedException')]) });
    await expect(makeLaunchStore(dependencies).put([{ taskArn: 'a', atMs: 1000, record: RECORD }])).rejects.toThrow();
  });
});

describe.each(TABLES)('in %s', (_, openTable) => {
  function openStore() {
    const table = openTable();
    return { ...table, store: makeLaunchStore(table.open().dependencies) };
  }

  describe('launch records', () => {
    test('are kept for each task, for three days', async () => {
      const { store, items } = openStore();
      await store.put([
        { taskArn: 'a', atMs: 1000, record: RECORD },
        { taskArn: 'b', atMs: 1000, record: RECORD },
      ]);
      const known = { atMs: 1000, record: RECORD };
      expect([await store.get('a'), await store.get('b'), await store.get('c')]).toEqual([known, known, undefined]);
      expect(await items()).toMatchObject([
        { id: { S: 'launch#a' }, expiresAt: { N: String(NOW_MS / 1000 + 3 * DAYS) } },
        { id: { S: 'launch#b' } },
      ]);
    });

    const first = { taskArn: 'a', atMs: 1000, record: RECORD };
    const repeated = { taskArn: 'a', atMs: 2000, record: { ...RECORD, caller: OPS_USER } };
    const stranger = { ...first, record: { ...RECORD, caller: 'stranger' } };
    const watched = { ...first, record: { ...RECORD, isWatched: true } };
    const ours = { taskArn: 'a', atMs: 0, record: { ...RECORD, generation: 2 } };

    test.each<[string, Launch[], LaunchRecord]>([
      ['before that of whoever repeated it', [first, repeated], RECORD],
      ['after that of whoever repeated it, as in the history', [repeated, first], RECORD],
      ['for a second time', [first, { ...repeated, atMs: 1000 }], RECORD],
      ['after that of a stranger who was first', [{ ...stranger, atMs: 0 }, first], RECORD],
      ['before it', [first, { ...stranger, atMs: 0 }], RECORD],
      ['after that of a stranger of the same second', [stranger, first], RECORD],
      ['after that of a service of the same second', [watched, first], RECORD],
      ['alone, of two strangers', [{ ...stranger, atMs: 2000 }, stranger], stranger.record],
      ['alone, of two strangers, in the other order', [stranger, { ...stranger, atMs: 2000 }], stranger.record],
      ['and then ours, which holds more than CloudTrail’s', [first, ours], ours.record],
      ['after ours', [ours, first], ours.record],
    ])(
      'are those of the oldest call of a listed caller that names the task: its record comes %s',
      async (_, launches, kept) => {
        const { store } = openStore();
        for (const launch of launches) await store.put([launch]);
        expect((await store.get('a'))?.record).toEqual(kept);
      },
    );

    test.each(['{', 'null', '{"caller":7}'])('that nobody can read (%s) count as missing', async (text) => {
      const { store, put } = openStore();
      await put({ id: { S: 'launch#a' }, record: { S: text } });
      expect(await store.get('a')).toBeUndefined();
    });
  });

  describe('accepted calls', () => {
    test('are kept with their tasks and time; the latest stays, in whatever order they come', async () => {
      const { store } = openStore();
      expect(await store.getAccepted('call')).toBeUndefined();
      await store.putAccepted('call', { atMs: 1000, taskArns: ['a'], digest: 'digest' });
      await store.putAccepted('call', { atMs: 3000, taskArns: ['b'], digest: 'digest' });
      await store.putAccepted('call', { atMs: 2000, taskArns: ['c'], digest: 'digest' });
      expect(await store.getAccepted('call')).toEqual({ atMs: 3000, taskArns: ['b'], digest: 'digest' });
    });

    test('are kept with their latest time, also where many are told of at once', async () => {
      const { open } = openTable();
      const stores = Array.from({ length: 8 }, () => makeLaunchStore(open().dependencies));
      await Promise.all(
        stores.map((store, n) =>
          store.putAccepted('call', { atMs: 1000 + ((n * 3) % 8), taskArns: [String(n)], digest: 'digest' }),
        ),
      );
      expect(await stores[0]?.getAccepted('call')).toEqual({ atMs: 1007, taskArns: ['5'], digest: 'digest' });
    });

    test('of one instant stay as the first that was kept', async () => {
      const { store } = openStore();
      await store.putAccepted('call', { atMs: 1000, taskArns: ['a'], digest: 'digest' });
      await store.putAccepted('call', { atMs: 1000, taskArns: [], digest: 'digest' });
      expect(await store.getAccepted('call')).toEqual({ atMs: 1000, taskArns: ['a'], digest: 'digest' });
    });

    test.each(['{', '["a"]', '{"taskArns":["a"]}'])('that nobody can read (%s) count as missing', async (text) => {
      const { store, put } = openStore();
      await put({ id: { S: 'accepted#call' }, record: { S: text } });
      expect(await store.getAccepted('call')).toBeUndefined();
    });

    test('and launch records never meet', async () => {
      const { store } = openStore();
      await store.putAccepted('a', { atMs: 1, taskArns: [], digest: 'digest' });
      expect(await store.get('a')).toBeUndefined();
      expect(await store.getAccepted('a')).toEqual({ atMs: 1, taskArns: [], digest: 'digest' });
    });
  });

  describe('what people were told of', () => {
    test('is kept by the event, for as long as records are', async () => {
      const { store, items } = openStore();
      expect(await store.wasNotified('event')).toBe(false);
      await store.putNotified('event');
      await store.putNotified('event');
      expect([await store.wasNotified('event'), await store.wasNotified('other')]).toEqual([true, false]);
      expect(await items()).toMatchObject([
        { id: { S: 'notified#event' }, expiresAt: { N: String(NOW_MS / 1000 + 3 * DAYS) } },
      ]);
    });
  });
});
