import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MUTATIONS } from '../../scripts/mutation-list.ts';

test.each(MUTATIONS)('`npm run mutations` finds what says that %s once in %s', (_, file, text) => {
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  expect(source.split(text).length - 1, `change scripts/mutation-list.ts along with ${file}: ${text}`).toBe(1);
});

test('each mutation changes something', () => {
  expect(MUTATIONS.filter(([, , text, replacement]) => text === replacement)).toEqual([]);
});
