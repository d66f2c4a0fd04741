import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** The command, as people run it. */

const SERVE = fileURLToPath(new URL('../../lab/serve.ts', import.meta.url));

const start = (...options: string[]) =>
  spawn(process.execPath, [SERVE, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });

const firstLine = (child: ChildProcess) =>
  new Promise<string>((resolve) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once('line', resolve);
  });

const ended = (child: ChildProcess) => new Promise((resolve) => child.once('exit', resolve));

test('says its address first, serves until Ctrl-C, and ends by itself when its time is over', async () => {
  const [untilInterrupted, forASecond] = [start('--for', '10m'), start('--for', '1s')];
  // Heard from the beginning: the shorter one may be over before the other has answered.
  const over = Promise.all([ended(untilInterrupted), ended(forASecond)]);
  const line = await firstLine(untilInterrupted);
  expect(line).toMatch(/^AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:\d+$/);
  const url = line.replace('AWS_ENDPOINT_URL=', '');
  const page = await fetch(url);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page.text()).toContain('The live lab');
  expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
  // A signature is what tells the lab who asks, and of which service.
  const unsigned = await fetch(url, { method: 'POST', body: 'Action=GetCallerIdentity' });
  expect([unsigned.status, await unsigned.text()]).toEqual([
    403,
    expect.stringContaining('MissingAuthenticationToken'),
  ]);
  untilInterrupted.kill('SIGINT');
  expect(await over).toEqual([0, 0]);
});

test.each([
  ['--port', 'many', '--port: found many, expected a port'],
  ['--speed', '0', '--speed: found 0, expected a number above 0'],
  ['--for', 'ever', '--for: found ever, expected a time like 90s'],
  ['--fast', '', "Unknown option '--fast'"],
  ['nowhere.json', '', 'no such file'],
])('refuses %s %s with what was expected', (option, value, message) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [SERVE, option, ...(value ? [value] : [])], {
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
});
