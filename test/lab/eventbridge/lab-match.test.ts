import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verdict } from '../../../lab/lab-match.ts';

const CLI = 'lab/lab-match.ts';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-match-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (content: string): string => {
  writeFileSync(join(folder, 'cases.jsonl'), content);
  return execFileSync(process.execPath, [CLI, 'cases.jsonl'], { env: { INIT_CWD: folder }, encoding: 'utf8' });
};

it('prints one line for each line, the file being where the user typed', () => {
  const lines = [
    '{"pattern":{"a":["x"]},"event":{"a":"x"}}',
    '',
    '{"event":{},"pattern":{"a":["x"]}}',
    '{"pattern":{},"event":{}}',
  ];
  expect(run(`${lines.join('\n')}\n\n`).split('\n')).toEqual([
    'true',
    expect.stringMatching(/^error: /),
    'false',
    'error: pattern: found {}, expected at least one field',
    '',
  ]);
});

it('reads lines that end as on Windows', () => {
  const line = '{"pattern":{"a":["x"]},"event":{"a":"x"}}';
  expect(run(`${line}\r\n${line}`)).toBe('true\ntrue\n');
});

it('prints nothing for an empty file', () => {
  expect(run('\n')).toBe('');
});

it.each([[], ['missing.jsonl']])('exits 2 without a file it can read: %j', (...args) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/CASES|missing/);
});

it.each([
  ['what is not JSON', 'nope'],
  ['what is no object', '[]'],
  ['a missing pattern', '{"event":{}}'],
  ['a missing event', '{"pattern":{"a":["x"]}}'],
  ['an event that is no object', '{"pattern":{"a":["x"]},"event":["x"]}'],
  ['a name with a line end', '{"pattern":{"a\\nb":1},"event":{}}'],
])('answers %s with one line of error', (_what, line) => {
  expect(verdict(line)).toMatch(/^error: .+$/);
});

it('answers JSON that is nested too deeply for the engine with unsupported', () => {
  const deep = `${'['.repeat(1001)}${']'.repeat(1001)}`;
  expect(verdict(`{"pattern":{"a":["x"]},"event":{"a":${deep}}}`)).toMatch(/^unsupported: /);
});
