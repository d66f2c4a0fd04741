import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { ERRORS, expected, FAILURES, JOBS } from './classification.table.ts';
import { CLIENTS, PYTHON } from './clients.ts';

/** The clients that are no JavaScript agree with the product on all that RunTask may answer: it takes some hundred processes. */

test.skipIf(PYTHON === undefined)('the Python client agrees with the table', () => {
  const driver = fileURLToPath(new URL('drivers/python-table.py', import.meta.url));
  const input = JSON.stringify({ errors: ERRORS, failures: FAILURES, jobs: JOBS });
  const { stdout, stderr } = spawnSync(String(PYTHON), ['-B', driver], { input, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual(expected);
});

const shell = CLIENTS.find(({ name }) => name === 'shell');
if (shell?.missing !== undefined) console.error(`SKIPPED: the shell client's table, as ${shell.missing}`);
if (PYTHON === undefined) console.error("SKIPPED: the Python client's table, as boto3 is not installed");

// Some hundred processes, on a machine that may be busy.
describe.skipIf(shell?.missing !== undefined)('the shell client', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'shell-client-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const seen = join(folder, 'request.json');

  /** What the client says where `aws` answers as told. */
  function run(key: string, request: object, answer: { ANSWER: string } | { ERROR: string }): string {
    const command = fileURLToPath(new URL('../../clients/shell/run-task-or-hand-over', import.meta.url));
    const stub = fileURLToPath(new URL('drivers', import.meta.url));
    const args = ['--queue-url', 'any', '--key', key, '--cli-input-json', JSON.stringify(request)];
    const env = { PATH: `${stub}:/usr/bin:/bin`, SEEN_REQUEST: seen, ...answer };
    const { stdout, status } = spawnSync(command, args, { env, encoding: 'utf8' });
    return status === 0 ? (JSON.parse(stdout) as { kind: string }).kind : `error ${status}`;
  }

  test('agrees with the table on errors', () => {
    // Each takes a tenth of a second: every name, and every text under one of the names that share them.
    const rows = ERRORS.map((error, i) => ({ ...error, passes: expected.errors[i] })).filter(
      ({ code }, i) => code === 'InvalidParameterException' || ERRORS.findIndex((error) => error.code === code) === i,
    );
    const kinds = rows.map(({ code, message }, i) => {
      const retries = i % 2 === 0 ? ' (reached max retries: 2)' : '';
      const ERROR = `An error occurred (${code}) when calling the RunTask operation${retries}: ${message}`;
      return run('k', { taskDefinition: 'report' }, { ERROR });
    });
    expect(kinds).toEqual(rows.map(({ passes }) => (passes ? 'handedOver' : 'error 254')));
  });

  test('agrees with the table on failures', () => {
    const kinds = FAILURES.map((reason) =>
      run('k', { taskDefinition: 'report' }, { ANSWER: JSON.stringify({ tasks: [], failures: [{ reason }] }) }),
    );
    expect(kinds).toEqual(expected.failures.map((passes) => (passes ? 'handedOver' : 'started')));
  });

  test('derives the same tokens', () => {
    const tokens = JOBS.map(({ key, request }) => {
      run(key, request, { ANSWER: JSON.stringify({ tasks: [{}], failures: [] }) });
      return (JSON.parse(readFileSync(seen, 'utf8')) as { clientToken: string }).clientToken;
    });
    expect(tokens).toEqual(expected.tokens);
  });
});
