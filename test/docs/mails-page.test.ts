import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withParts } from '../support/generated-parts.ts';
import { mails } from '../support/mails-page.ts';

test('docs/mails.md shows what people get: npx node scripts/write-mails-page.ts', async () => {
  const page = readFileSync(new URL('../../docs/mails.md', import.meta.url), 'utf8');
  expect(page).toBe(withParts(page, await mails(), 'docs/mails.md'));
  expect(page).not.toMatch(/\{\w+\}/);
  for (const said of [
    '/v2/executions/details/',
    'redrive-execution',
    'CloudTrail event: ',
    '(this stack)',
    'The last was counted at',
  ]) {
    expect(page).toContain(said);
  }
});
