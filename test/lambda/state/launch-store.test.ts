import { describe, expect, test } from 'vitest';
import type { LaunchRecord } from '../../../lambda/core/rerun/launch-record.ts';
import type { Launch } from '../../../lambda/core/verdict/verdict.ts';
import { makeLaunchStore } from '../../../lambda/state/launch-store.ts';
import { awsError, dependenciesWith, failing, type Sent } from '../../support/dependencies.ts';
import { CRON_ROLE, NOW_MS, OPS_USER } from '../../support/records.ts';
import { TABLES } from '../../support/table.ts';

const RECORD: LaunchRecord = { caller: CRON_ROLE, rootCallId: 'root', generation: 0, request: { taskDefinition: 'x' } };
const OURS: Launch = { taskArn: 'a', atMs: 0, record: { ...RECORD, generation: 2, isOurs: true } };
const ACCEPTED = { callId: 'call', acceptance: { atMs: 2000, taskArns: ['a'], digest: 'digest' } };
const DAYS = 86_400;

describe('launch records', () => {
  test('that could not be kept are an error', async () => {
    const denied = awsError('AccessDeniedException');
    const { dependencies } = dependenciesWith({ dynamoDb: failing([denied, denied]) });
    await expect(makeLaunchStore(dependencies).put([{ taskArn: 'a', atMs: 1000, record: RECORD }])).rejects.toThrow();
    await expect(makeLaunchStore(dependencies).putOurs([OURS], ACCEPTED)).rejects.toThrow();
  });

  test('of our own are written in one request with the acceptance; what DynamoDB left of it is written again, later', async () => {
    const { dependencies, sent, sleeps } = dependenciesWith({
      dynamoDb: ({ input }) => {
        const [, ...rest] = input.RequestItems.state;
        return { UnprocessedItems: rest.length > 0 ? { state: rest } : {} };
      },
    });
    await makeLaunchStore(dependencies).putOurs([OURS], ACCEPTED);
    const idsIn = (requests: { PutRequest: { Item: { id: { S: string } } } }[]) =>
      requests.map(({ PutRequest }) => PutRequest.Item.id.S);
    expect(sent.map(({ input }) => idsIn(input.RequestItems.state))).toEqual([
      ['launch#a', 'accepted#call'],
      ['accepted#call'],
    ]);
    expect(sleeps).toHaveLength(1);
  });

  test('of our own that could never be written whole are an error', async () => {
    const dynamoDb = ({ input }: Sent) => ({ UnprocessedItems: input.RequestItems });
    const { dependencies } = dependenciesWith({ dynamoDb });
    await expect(makeLaunchStore(dependencies).putOurs([OURS], ACCEPTED)).rejects.toThrow();
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

    test('of our own take the place of whatever is there, and come with the acceptance, for three days', async () => {
      const { store, items } = openStore();
      await store.put([stranger]);
      await store.putAccepted({ callId: 'call', acceptance: { atMs: 1000, taskArns: [], digest: 'digest' } });
      await store.putOurs([OURS, { ...OURS, taskArn: 'b' }], ACCEPTED);
      await store.put([first, stranger]);
      expect([await store.get('a'), await store.get('b')]).toEqual(Array(2).fill({ atMs: 0, record: OURS.record }));
      expect(await store.getAccepted('call')).toEqual(ACCEPTED.acceptance);
      const expiresAt = { N: String(NOW_MS / 1000 + 3 * DAYS) };
      expect(await items()).toMatchObject(
        ['accepted#call', 'launch#a', 'launch#b'].map((S) => ({ id: { S }, expiresAt })),
      );
    });

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
      await store.putAccepted({ callId: 'call', acceptance: { atMs: 1000, taskArns: ['a'], digest: 'digest' } });
      await store.putAccepted({ callId: 'call', acceptance: { atMs: 3000, taskArns: ['b'], digest: 'digest' } });
      await store.putAccepted({ callId: 'call', acceptance: { atMs: 2000, taskArns: ['c'], digest: 'digest' } });
      expect(await store.getAccepted('call')).toEqual({ atMs: 3000, taskArns: ['b'], digest: 'digest' });
    });

    test('are kept with their latest time, also where many are told of at once', async () => {
      const { open } = openTable();
      const stores = Array.from({ length: 8 }, () => makeLaunchStore(open().dependencies));
      await Promise.all(
        stores.map((store, n) =>
          store.putAccepted({
            callId: 'call',
            acceptance: { atMs: 1000 + ((n * 3) % 8), taskArns: [String(n)], digest: 'digest' },
          }),
        ),
      );
      expect(await stores[0]?.getAccepted('call')).toEqual({ atMs: 1007, taskArns: ['5'], digest: 'digest' });
    });

    test('of one instant stay as the first that was kept', async () => {
      const { store } = openStore();
      await store.putAccepted({ callId: 'call', acceptance: { atMs: 1000, taskArns: ['a'], digest: 'digest' } });
      await store.putAccepted({ callId: 'call', acceptance: { atMs: 1000, taskArns: [], digest: 'digest' } });
      expect(await store.getAccepted('call')).toEqual({ atMs: 1000, taskArns: ['a'], digest: 'digest' });
    });

    test.each(['{', '["a"]', '{"taskArns":["a"]}'])('that nobody can read (%s) count as missing', async (text) => {
      const { store, put } = openStore();
      await put({ id: { S: 'accepted#call' }, record: { S: text } });
      expect(await store.getAccepted('call')).toBeUndefined();
    });

    test('and launch records never meet', async () => {
      const { store } = openStore();
      await store.putAccepted({ callId: 'a', acceptance: { atMs: 1, taskArns: [], digest: 'digest' } });
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
