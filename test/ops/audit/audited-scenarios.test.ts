import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readScenario } from '../../../lab/scenario/scenario.ts';
import { auditedRun } from '../../support/audited-run.ts';

/** All scenarios, and runs without each rule of the code: node scripts/audit-scenarios.ts. */
test.each([
  ['duplicates.json', { ranOnce: 101, notOwed: 49 }],
  ['schedules.json', { ranOnce: 100 }],
])('the audit says of each call of %s what the lab saw itself', async (name, known) => {
  const file = new URL(`../../../lab/scenarios/${name}`, import.meta.url);
  const run = await auditedRun(readScenario(readFileSync(file, 'utf8'), name));
  expect(run).toMatchObject({ differences: [], exitCode: 0, known });
});
