import { expect, test } from 'vitest';
import type { Json } from '../../lab/kernel/json.ts';
import { isTooLarge } from '../../lambda/core/rerun/payload-size.ts';
import type { RerunInput } from '../../lambda/core/rerun/rerun-input.ts';
import { rerunOf } from '../support/records.ts';
import { attacked } from './attack.fixture.ts';

const honest = rerunOf();
/** Two bytes a letter: what counts is bytes. */
const withTag = (letters: number): RerunInput => ({
  ...honest,
  request: { ...honest.request, tags: [{ key: 'k', value: 'é'.repeat(letters) }] },
});

/** The most letters that pass the intake. */
function mostLetters(): number {
  let [fits, tooMany] = [0, 262_144];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (isTooLarge(withTag(middle))) tooMany = middle;
    else fits = middle;
  }
  return fits;
}

test('the largest input that passes the intake is carried to its end, and not much smaller than the limit', async () => {
  const most = mostLetters();
  const { endOf, launched } = await attacked(({ start }) => start('largest', withTag(most) as unknown as Json));
  expect(endOf('largest')).toBe('started');
  expect(launched).toHaveLength(honest.request.count ?? 1);
  expect(2 * most).toBeGreaterThan(245_000);
});

test('an input that only just is one of Step Functions outgrows its workflow: the intake has to refuse it', async () => {
  const room = 262_144 - Buffer.byteLength(JSON.stringify(withTag(0)));
  const input = withTag(Math.floor(room / 2));
  expect(isTooLarge(input)).toBe(true);
  const { endOf, launched } = await attacked(({ start }) => start('outgrown', input as unknown as Json));
  expect(endOf('outgrown')).not.toBe('started');
  expect(launched).toEqual([]);
});
