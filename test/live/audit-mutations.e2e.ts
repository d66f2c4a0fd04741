import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** In copies of the project, each without one rule: what the audit says has to be what the lab saw. */
test.concurrent.each(['twice', 'lost'])(
  'the audit finds each call of a stack that is made to fail: %s',
  async (mutation) => {
    const inputs = ['scripts/audit-scenarios.ts', '--mutation', mutation, 'lab/scenarios/caller-retries.json'];
    const child = spawn(process.execPath, inputs, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    const [stdout, [status]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    expect(stdout).toMatch(/^equal .* exit 1 /m);
    expect(stdout).toMatch(mutation === 'twice' ? /"ranTwice":\d/ : /"lost":[1-9]/);
    expect(status).toBe(0);
  },
);
