import { describe, expect, test } from 'vitest';
import { makeRestOwners } from '../../../lambda/state/rest-owners.ts';
import { TABLES } from '../../support/table.ts';

describe.each(TABLES)('what is left of a call, in %s,', (_, openTable) => {
  test('is for the first execution that asks, and what is left of the same token another day for another', async () => {
    const restOwner = makeRestOwners(openTable().open().dependencies);
    const today = { callId: 'call', occasion: 'today' };
    expect(await restOwner(today, 'first')).toBe('first');
    expect(await restOwner(today, 'second')).toBe('first');
    expect(await restOwner(today, 'first')).toBe('first');
    expect(await restOwner({ ...today, occasion: 'tomorrow' }, 'second')).toBe('second');
    expect(await restOwner({ ...today, callId: 'another' }, 'second')).toBe('second');
  });
});
