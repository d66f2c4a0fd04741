import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** In copies of the project, each without one rule: what the audit says has to be what the lab saw. */
test.each(['twice', 'lost'])('the audit finds each call of a stack that is made to fail: %s', (mutation) => {
  const inputs = ['scripts/audit-scenarios.ts', '--mutation', mutation, 'lab/scenarios/caller-retries.json'];
  const { stdout, status } = spawnSync(process.execPath, inputs, { cwd: ROOT, encoding: 'utf8' });
  expect(stdout).toMatch(/^equal .* exit 1 /m);
  expect(stdout).toMatch(mutation === 'twice' ? /"ranTwice":\d/ : /"lost":[1-9]/);
  expect(status).toBe(0);
});
