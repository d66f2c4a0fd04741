import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { completionsFor } from '../../ops/app.ts';
import { neverAsked, ops } from '../support/ops.ts';

const PROGRAM = fileURLToPath(new URL('../../ops/ops.ts', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));

describe('ops', () => {
  test.each([
    ['no command', [], 'USAGE'],
    ['an unknown command', ['explian'], 'No command registered for `explian`, did you mean `explain`?'],
    ['an unknown flag', ['explain', '--jsno', '.'], 'No flag registered for --jsno, did you mean --json?'],
    ['no file', ['explain'], 'Expected at least 1 argument(s) for FILE but found none'],
    ['a file that is not there', ['explain', 'none.json'], 'none.json: found nothing, expected a file or folder'],
  ])('exits 2 and says what was found and expected: %s', async (_, inputs, message) => {
    const { exitCode, stdout, stderr } = await ops(inputs);
    expect(exitCode).toBe(2);
    expect(stdout + stderr).toContain(message);
  });

  test('has help, and completes its commands and flags', async () => {
    expect(await ops(['--help'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('explain') });
    expect(await ops(['explain', '--help'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('--config'),
    });
    const context = {
      process,
      cwd: '.',
      terminal: { columns: 80, hasColour: false, showsProgress: false },
      clients: async () => neverAsked,
      confirm: undefined,
      sleep: async () => {},
    };
    const words = async (...inputs: string[]) =>
      (await completionsFor(inputs, context)).map(({ completion }) => completion);
    expect(await words('ex')).toEqual(['explain']);
    expect(await words('explain', '--')).toEqual(expect.arrayContaining(['--config', '--json']));
    const { stdout } = await ops(['completion']);
    expect(spawnSync('bash', ['-n'], { input: stdout, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  test('is a program: paths are relative to where it was called, and nothing but the result is on stdout', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, 'explain', '--json', 'reported'], {
      encoding: 'utf8',
      env: { ...process.env, INIT_CWD: FIXTURES },
    });
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).file)).toContain('reported/pipes-throttled.json');
    expect(stderr).toMatch(/^reported\/texts\.jsonl: skipped \d+ of no known kind/);
    expect(status).toBe(1);
  });
});
