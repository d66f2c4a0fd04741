import { describe, expect, test } from 'vitest';
import { makeOccasions } from '../../../lambda/state/occasions.ts';
import { NOW_MS } from '../../support/records.ts';
import { TABLES } from '../../support/table.ts';

describe.each(TABLES)('the calls under one id, in %s,', (_, openTable) => {
  test('are told apart alike by everybody, and kept once each, however often somebody asks', async () => {
    const table = openTable();
    const occasionOf = (atMs: number) => makeOccasions(table.open().dependencies)('call', atMs);
    const day = 86_400_000;
    const asked = [NOW_MS, NOW_MS, NOW_MS, NOW_MS + day, NOW_MS + day];
    const occasions: number[] = [];
    for (const atMs of asked) occasions.push(await occasionOf(atMs));
    expect(occasions).toEqual(asked);
    const [item] = (await table.items()) as unknown as { readonly calls: { readonly L: readonly unknown[] } }[];
    expect(item?.calls.L).toHaveLength(2);
  });
});
