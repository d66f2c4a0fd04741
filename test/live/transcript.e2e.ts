import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { CLIENTS } from '../clients/clients.ts';
import { clientEnvironment, startLive } from './live-lab.fixture.ts';
import { pattern, Shell, stepsOf } from './transcript.ts';

/** The session of docs/live-lab.md, with the real AWS CLI. */

const steps = stepsOf(readFileSync(new URL('../../docs/live-lab.md', import.meta.url), 'utf8'));

test('a page’s commands are read with what they print', () => {
  const page =
    'text\n```console\n$ one\nfirst\nsecond\n$ two\n```\n```sh\nnot this\n```\n```console\n$ three\n…\n```\n';
  expect(stepsOf(page)).toEqual([
    { command: 'one', expected: 'first\nsecond' },
    { command: 'two', expected: '' },
    { command: 'three', expected: '…' },
  ]);
  expect('a\nb (c)').toMatch(pattern('a…(c)'));
  expect('a\nb').not.toMatch(pattern('a'));
});

const missing = CLIENTS.find(({ name }) => name === 'shell')?.missing;
if (missing !== undefined) console.error(`SKIPPED: the session of docs/live-lab.md, as ${missing}`);

test.skipIf(missing !== undefined)('the session of docs/live-lab.md goes as the page says', async () => {
  const lab = await startLive();
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const shell = new Shell({ cwd, env: { ...clientEnvironment(), AWS_ENDPOINT_URL: lab.url } });
  try {
    expect(steps.length).toBeGreaterThan(15);
    for (const { command, expected } of steps) expect(await shell.run(command), command).toMatch(pattern(expected));
  } finally {
    shell.end();
    await lab.end();
  }
});
