import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { makeSweepLease } from '../../../lambda/state/sweep-lease.ts';
import { ANSWERED, awsError, dependenciesWith, failing } from '../../support/dependencies.ts';
import { NOW_MS } from '../../support/records.ts';
import { TABLES } from '../../support/table.ts';

const MINUTE = 60_000;
/** Five minutes between two passes, and what a pass may take. */
const LEASE_MS = 20 * MINUTE;
const SIGNAL = NOW_MS - 1000;
const SINCE = NOW_MS - 15 * MINUTE;

const conditional = () => new ConditionalCheckFailedException(ANSWERED);

describe('the lease of a cluster', () => {
  test('that is given back at the very moment of a signal is taken by the signal’s own sweep', async () => {
    const { dependencies, sent } = dependenciesWith({
      // Held when asked for, gone when the signal was to be left, as a pass at it shows, then free.
      dynamoDb: failing([conditional(), conditional()], { Attributes: { sinceMs: { N: '7' } } }),
    });
    expect(await makeSweepLease(dependencies).take('batch', 'second', 9, SIGNAL)).toEqual({ sinceMs: 7 });
    expect(sent.map(({ name }) => name)).toEqual([
      'UpdateItemCommand',
      'UpdateItemCommand',
      'BatchGetItemCommand',
      'UpdateItemCommand',
      'UpdateItemCommand',
    ]);
  });

  test('is not taken by anybody where the table refuses', async () => {
    const { dependencies } = dependenciesWith({ dynamoDb: failing([awsError('AccessDeniedException')]) });
    await expect(makeSweepLease(dependencies).take('batch', 'first', SINCE, SIGNAL)).rejects.toThrow();
  });
});

describe.each(TABLES)('the lease of a cluster, in %s', (_, openTable) => {
  /** Sweeps over one table, each with a clock of its own. */
  function openSweeps() {
    const table = openTable();
    const sweep = (holder: string) => {
      const { dependencies, at } = table.open();
      const lease = makeSweepLease(dependencies);
      return {
        at,
        take: (sinceMs = SINCE, signalAtMs = SIGNAL, cluster = 'batch') =>
          lease.take(cluster, holder, sinceMs, signalAtMs),
        renew: () => lease.renew('batch', holder),
        release: (signalAtMs = SIGNAL) => lease.release('batch', holder, signalAtMs),
      };
    };
    return { ...table, sweep, first: sweep('first'), second: sweep('second') };
  }

  test('is for one sweep; another leaves its signal with that one', async () => {
    const { first, second } = openSweeps();
    expect(await first.take()).toEqual({ sinceMs: SINCE });
    expect(await second.take(SINCE, SIGNAL + 5000)).toBe('left');
    expect(await first.renew()).toEqual({ signalAtMs: SIGNAL + 5000 });
    expect(await second.renew()).toBeUndefined();
  });

  test('that nobody can read is taken afresh', async () => {
    const { first, second, put } = openSweeps();
    await first.take();
    const garbage = { holder: { S: 'x' }, leaseUntilMs: { S: 'x' }, sinceMs: { S: 'x' }, signalAtMs: { S: 'x' } };
    await put({ id: { S: 'sweep#batch' }, ...garbage });
    expect(await second.take()).toEqual({ sinceMs: SINCE });
    expect(await second.renew()).toEqual({ signalAtMs: SIGNAL });
  });

  test('of one cluster leaves the others free', async () => {
    const { first, second } = openSweeps();
    await first.take();
    expect(await second.take(SINCE, SIGNAL, 'other')).toEqual({ sinceMs: SINCE });
  });

  test('is for one of two that ask at once', async () => {
    const { first, second } = openSweeps();
    const taken = await Promise.all([first.take(), second.take()]);
    expect(taken.filter((answer) => answer === 'left')).toHaveLength(1);
  });

  test('that has expired is for one of many that ask at once, and has the latest signal of them all', async () => {
    const { first, sweep } = openSweeps();
    await first.take();
    const others = Array.from({ length: 8 }, (_, n) => sweep(`other-${n}`));
    for (const { at } of others) at(NOW_MS + LEASE_MS + 1);
    const taken = await Promise.all(others.map(({ take }, n) => take(NOW_MS, NOW_MS + n)));
    expect(taken.filter((answer) => answer !== 'left')).toEqual([{ sinceMs: SINCE }]);
    const renewed = await Promise.all(others.map(({ renew }) => renew()));
    expect(renewed.filter((answer) => answer !== undefined)).toEqual([{ signalAtMs: NOW_MS + 7 }]);
  });

  test.each([0, 1, 2, 3])(
    'that is given back after %i renewals, while another sweep signals, is kept or passes to that one with its signal',
    async (renewals) => {
      const { first, second } = openSweeps();
      await first.take();
      const giveBack = async () => {
        for (let n = 0; n < renewals; n++) await first.renew();
        return first.release();
      };
      const [isReleased, taken] = await Promise.all([giveBack(), second.take(SINCE, SIGNAL + 1)]);
      expect(taken).toEqual(isReleased ? { sinceMs: SINCE } : 'left');
      expect(await (isReleased ? second : first).renew()).toEqual({ signalAtMs: SIGNAL + 1 });
    },
  );

  test('is taken again by whoever has it, whose answer was lost', async () => {
    const { first } = openSweeps();
    await first.take();
    expect(await first.take()).toEqual({ sinceMs: SINCE });
  });

  test('expires, and whoever takes it then looks as far back as the sweep that died', async () => {
    const { first, second } = openSweeps();
    await first.take();
    second.at(NOW_MS + LEASE_MS);
    expect(await second.take(NOW_MS, NOW_MS)).toBe('left');
    second.at(NOW_MS + LEASE_MS + 1);
    expect(await second.take(NOW_MS, NOW_MS)).toEqual({ sinceMs: SINCE });
    expect(await first.renew()).toBeUndefined();
    expect(await first.release()).toBe(false);
  });

  test('expires later for each renewal', async () => {
    const { first, second } = openSweeps();
    await first.take();
    first.at(NOW_MS + LEASE_MS - 1);
    await first.renew();
    second.at(NOW_MS + 2 * LEASE_MS - 1);
    expect(await second.take()).toBe('left');
  });

  test('looks back further where whoever takes it asks for more', async () => {
    const { first, second } = openSweeps();
    await first.take();
    second.at(NOW_MS + LEASE_MS + 1);
    expect(await second.take(SINCE - MINUTE)).toEqual({ sinceMs: SINCE - MINUTE });
  });

  test('is given back, and free for the next', async () => {
    const { first, second, items } = openSweeps();
    await first.take();
    expect(await first.release()).toBe(true);
    expect(await items()).toEqual([]);
    expect(await second.take(NOW_MS, NOW_MS)).toEqual({ sinceMs: NOW_MS });
  });

  test('is not given back where a signal was left meanwhile: the sweep has to go on', async () => {
    const { first, second } = openSweeps();
    await first.take();
    const renewed = await first.renew();
    await second.take(SINCE, SIGNAL + 1);
    expect(await first.release(renewed?.signalAtMs)).toBe(false);
    expect(await first.renew()).toEqual({ signalAtMs: SIGNAL + 1 });
    expect(await first.release(SIGNAL + 1)).toBe(true);
  });

  test('keeps the latest signal, whatever is left after it', async () => {
    const { first, second } = openSweeps();
    await first.take();
    await second.take(SINCE, SIGNAL + 5000);
    await second.take(SINCE, 0);
    expect(await first.renew()).toEqual({ signalAtMs: SIGNAL + 5000 });
  });
});
