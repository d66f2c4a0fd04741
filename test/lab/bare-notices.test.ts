import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { CRON_ROLE } from '../support/records.ts';
import { attacked, attackText, type Mode } from './attack.fixture.ts';

const ATTEMPTS = 7;
const published = async (mode: Mode, changes: readonly JsonObject[]) => {
  const { world } = await attacked(
    ({ put }) => {
      changes.forEach((detail, n) => {
        put(attackText(`bare-${n}`, { detail }));
      });
    },
    { mode },
  );
  return world.sns.published;
};
const BARE = { requestParameters: null };

describe('rejected attempts whose records hold no request', () => {
  test('are one message after the hour, with their number and what would bring such calls back', async () => {
    const [notice, ...others] = await published('rerun', Array(ATTEMPTS).fill(BARE));
    expect(others).toEqual([]);
    expect(notice?.subject).toBe('Throttled ECS RunTask calls were not re-run: bareRecord');
    expect(notice?.message).toMatch(
      new RegExp(
        `^In the hour until 20\\S+Z there were ${ATTEMPTS} rejected attempts; 3 to 5 make one call\\. The last was counted at 20\\S+Z\\.\\n`,
      ),
    );
    expect(notice?.message).toContain(`"callers": [{ "arn": "${CRON_ROLE}", "handsOver": true }]`);
  });

  test('are told of where there is but one', async () => {
    const [notice, ...others] = await published('rerun', [BARE]);
    expect(others).toEqual([]);
    expect(notice?.message).toContain(' 1 rejected attempts; ');
  });

  test('are counted in what an observing stack says of the hour', async () => {
    const messages = (await published('observe', [BARE, BARE, {}])).map(({ message }) => message);
    const summary = messages.filter((message) => message.includes('held nothing of it'));
    expect(summary).toHaveLength(2);
    expect(summary.join()).toContain('The records of 0 held the request');
    expect(summary.join()).toContain('; 2 held nothing of it. 0 of the calls would have been re-run.');
    expect(summary.join()).toContain('; 0 held nothing of it. 1 of the calls would have been re-run.');
  });
});
