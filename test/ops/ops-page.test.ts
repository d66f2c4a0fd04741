import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withParts } from '../support/generated-parts.ts';
import { transcripts } from '../support/ops-page.ts';

test('docs/ops.md shows what the commands print: npx node scripts/write-ops-page.ts', async () => {
  const page = readFileSync(new URL('../../docs/ops.md', import.meta.url), 'utf8');
  expect(page).toBe(withParts(page, await transcripts(), 'docs/ops.md'));
});
