import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scenarioJsonSchema } from '../../../lab/scenario/scenario.ts';

test('docs/scenario.schema.json says what the lab accepts', () => {
  const written = JSON.parse(readFileSync(new URL('../../../docs/scenario.schema.json', import.meta.url), 'utf8'));
  expect(written, 'docs/scenario.schema.json is stale; run: npx node scripts/write-scenario-schema.ts').toEqual(
    scenarioJsonSchema(),
  );
});
