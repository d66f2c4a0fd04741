import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import * as javascript from '../../clients/javascript/run-task-or-hand-over.js';
import { CAPACITY_TEXTS, ERROR_NAMES, SHARED_ERROR_NAMES, WRAPPED_EXAMPLES } from '../../lambda/core/events/texts.ts';
import { classifyError, isPassingFailure } from '../../lambda/core/events/throttle.ts';
import { isLasting } from '../../lambda/core/identity.ts';
import { CLIENTS, PYTHON } from './clients.ts';

/** The clients are files of their own, with a copy of the product's table: they agree with it on all that RunTask may answer. */

const ROOM_TEXTS = [
  'Capacity is unavailable at this time. Please try again later or in a different availability zone',
  "You've reached the limit on the number of vCPUs you can run concurrently",
  'You’ve reached the limit on the number of tasks you can run concurrently',
  'Tasks provisioning capacity limit exceeded.',
  'RESOURCE:MEMORY',
  'RESOURCE:ENI',
  'AGENT',
];
const OTHER_TEXTS = [
  'ATTRIBUTE',
  'LOCATION',
  'MISSING',
  'INACTIVE',
  'AGENT-less',
  'TaskDefinition not found.',
  'The resource RESOURCE:MEMORY is none',
  'subnet [Rate exceeded (ErrorCode: Throttling)] is no subnet',
  'Error retrieving subnet information for [subnet-0aaa]: no such subnet (ErrorCode: InvalidSubnetID.NotFound)',
];
const THROTTLE_TEXTS = [
  ...WRAPPED_EXAMPLES.map((text) =>
    text.replace('{subnets}', 'subnet-0aaa,subnet-0bbb').replace('{securityGroups}', 'sg-0'),
  ),
  'com.amazonaws.services.ec2.model.AmazonEC2Exception: Request limit exceeded.',
  'Rate exceeded',
];

interface ErrorRow {
  readonly code: string;
  readonly message: string;
  readonly status?: number;
}
const ERRORS: readonly ErrorRow[] = [
  ...ERROR_NAMES.map(({ pattern: code }) => ({ code, message: 'of any text' })),
  ...[...SHARED_ERROR_NAMES, 'AccessDeniedException'].flatMap((code) =>
    [...THROTTLE_TEXTS, ...ROOM_TEXTS, ...OTHER_TEXTS].map((message) => ({ code, message })),
  ),
  ...[400, 403, 429, 500, 502, 503].map((status) => ({ code: String(status), message: 'Unknown', status })),
];
const FAILURES = [...ROOM_TEXTS, ...OTHER_TEXTS, ''];

const JOBS = [
  { key: 'nightly', request: { taskDefinition: 'report:3' } },
  { key: 'nightly', request: { taskDefinition: 'report', cluster: 'default' } },
  { key: 'nightly', request: { taskDefinition: 'invoice', cluster: 'default' } },
  { key: 'nightly', request: { taskDefinition: 'report', cluster: 'batch' } },
  {
    key: 'nightly',
    request: {
      cluster: 'arn:aws:ecs:us-east-1:111122223333:cluster/batch',
      taskDefinition: 'arn:aws:ecs:us-east-1:111122223333:task-definition/report:4',
    },
  },
  { key: 'étape "1"\n$(x) ’', request: { taskDefinition: 'report' } },
];

const expected = {
  errors: ERRORS.map((error) => classifyError(error) !== 'none'),
  failures: FAILURES.map(isPassingFailure),
  tokens: JOBS.map(({ key, request }) => javascript.clientTokenOf(key, request)),
};

test('the texts here stand for every row of the table', () => {
  for (const { pattern } of CAPACITY_TEXTS)
    expect(ROOM_TEXTS.some((text) => new RegExp(`^${pattern}`).test(text))).toBe(true);
  expect(new Set(expected.errors)).toEqual(new Set([true, false]));
});

test('a job’s token is the same for ever, and for every revision; another cluster or family is another job', () => {
  const [first, ...others] = expected.tokens;
  expect(first).toBe('once-2acef0915c07e570181f850e21d6a7b08cf7dbf496edc68c');
  expect(others.map((token) => expected.tokens.indexOf(token))).toEqual([0, 2, 3, 3, 5]);
  for (const token of expected.tokens) {
    expect(isLasting(token)).toBe(true);
    // ECS takes no longer one, and no other characters.
    expect(token).toMatch(/^[\x21-\x7e]{32,64}$/);
  }
});

test('the JavaScript client agrees with the table', () => {
  expect(ERRORS.map((error) => javascript.mayPass({ status: undefined, ...error }))).toEqual(expected.errors);
  expect(FAILURES.map((reason) => javascript.isPassingFailure(reason))).toEqual(expected.failures);
});

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
