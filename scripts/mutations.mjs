// Takes away one rule after the other that keeps a call from being launched twice, or people from being told twice, each
// in a copy of its own, and fails where the fast tests do not notice.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MUTATIONS } from './mutation-list.ts';

/** What a copy needs to run in. */
export const NEEDED = [
  'lambda',
  'lib',
  'lab',
  'test',
  'bin',
  'docs',
  'cdk.json',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
];
const TESTS = ['test/lambda', 'test/model'];

const root = resolve(import.meta.dirname, '..');
/** Where one rule after the other is taken away. */
let copy;

/** The tests that fail in the copy, as `file: name`. */
function failingTests() {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const vitest = join(copy, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', ...TESTS, '--reporter=json', `--outputFile=${report}`];
  const stdio = ['ignore', 'ignore', 'pipe'];
  const { error, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8', stdio });
  if (error) throw error;
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    return testResults.flatMap(({ name, status, assertionResults }) => {
      const failed = assertionResults.filter((test) => test.status === 'failed').map(({ fullName }) => fullName);
      const file = name.slice(copy.length + 1);
      return (status === 'failed' && failed.length === 0 ? ['could not be run'] : failed).map(
        (test) => `${file}: ${test}`,
      );
    });
  } catch (cause) {
    throw new Error(`the tests left no report: ${stderr}`, { cause });
  }
}

/** Takes one rule away and says what noticed; whether anything did. */
function isNoticed([rule, file, text, replacement]) {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    source.replace(text, () => replacement),
  );
  const failing = failingTests();
  writeFileSync(path, source);
  console.log(`${failing.length > 0 ? 'noticed' : 'NOT NOTICED'}: without "${rule}" ${failing.length} tests fail`);
  for (const test of failing) console.log(`  ${test}`);
  return failing.length > 0;
}

if (import.meta.main) {
  copy = mkdtempSync(join(tmpdir(), 'mutations-'));
  try {
    for (const name of NEEDED) cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const before = failingTests();
    if (before.length > 0)
      throw new Error(`expected all tests to pass before anything is taken away, found failing:\n${before.join('\n')}`);
    const unnoticed = MUTATIONS.filter((mutation) => !isNoticed(mutation));
    process.exitCode = unnoticed.length > 0 ? 1 : 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
