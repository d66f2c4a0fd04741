import { describe, expect, test } from 'vitest';
import { makeTokenKey } from '../../../lambda/state/token-key.ts';
import { TABLES } from '../../support/table.ts';

describe.each(TABLES)('the key of our tokens, in %s,', (_, openTable) => {
  test('is one for all that need it first at once, and for whoever needs it later', async () => {
    const table = openTable();
    const keyOf = (random: number) => makeTokenKey({ ...table.open().dependencies, random: () => random })();
    const keys = await Promise.all([0.1, 0.2, 0.3].map(keyOf));
    expect(new Set([...keys, await keyOf(0.4)]).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  });
});
