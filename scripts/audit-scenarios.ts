/**
 * Plays scenarios, audits what they leave, and compares with what the lab saw, call by call:
 * node scripts/audit-scenarios.ts [--mutation NUMBER|all|twice|lost] SCENARIO…
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MUTATIONS, type Mutation } from './mutation-list.ts';
import { NEEDED } from './mutations.mjs';

/** Beside the rules that tests hold: without these calls run twice, or are lost, in any scenario. */
const BREAKING = {
  twice: [
    'a call keeps its token over all attempts',
    'lambda/steps/attempt.ts',
    'const { request, grantedAtMs, deadlineMs } = launchable;',
    "const { grantedAtMs, deadlineMs } = launchable;\n    const request = { ...launchable.request, clientToken: 'fresh' + random() };\n    if (progress.attempts === 0) await send(request, rerun, false);",
  ],
  lost: [
    'what is to be re-run is started',
    'lambda/steps/apply-verdict.ts',
    "async function start(name: string, input: string): Promise<'started' | 'duplicate'> {",
    "async function start(name: string, input: string): Promise<'started' | 'duplicate'> {\n    if (/[0-3]$/.test(name)) return 'started';",
  ],
} as const;

const ROOT = resolve(import.meta.dirname, '..');
const { values, positionals } = parseArgs({ options: { mutation: { type: 'string' } }, allowPositionals: true });
const files = positionals.map((file) => resolve(process.env.INIT_CWD ?? '.', file));

if (values.mutation === undefined) {
  for (const file of files) await compare(file);
} else if (values.mutation === 'twice' || values.mutation === 'lost') {
  withMutation(values.mutation, BREAKING[values.mutation]);
} else {
  const all = [...MUTATIONS.entries()];
  for (const [number, mutation] of all) {
    if (values.mutation === 'all' || values.mutation === `${number}`) withMutation(number, mutation);
  }
}

async function compare(file: string): Promise<void> {
  // Not loaded where all is played in a copy, which loads its own.
  const { readScenario } = await import('../lab/scenario/scenario.ts');
  const { auditedRun } = await import('../test/support/audited-run.ts');
  const { exitCode, known, differences, invariants } = await auditedRun(readScenario(readFileSync(file, 'utf8'), file));
  const isRight = (exitCode === 1) === invariants.lost + invariants.duplicated > 0;
  const isEqual = differences.length === 0 && isRight;
  const shown = differences.slice(0, 3).map(({ call, known: knew, audited }) => `${call}: ${knew}, said ${audited}`);
  console.log(
    `${isEqual ? 'equal' : 'DIFFERS'} ${basename(file)} exit ${exitCode} ${JSON.stringify(known)} ${JSON.stringify(invariants)}`,
    differences.length > 0 ? `${differences.length} differ: ${shown.join('; ')}` : '',
  );
  if (!isEqual) process.exitCode = 1;
}

/** In a copy, as the scenarios are to be played by the code without one of its rules. */
function withMutation(number: number | string, [rule, file, text, replacement]: Mutation): void {
  const copy = mkdtempSync(join(tmpdir(), 'audit-mutation-'));
  try {
    for (const name of [...NEEDED, 'ops', 'scripts', 'docs'])
      cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const source = readFileSync(join(copy, file), 'utf8');
    if (!source.includes(text))
      throw new Error(`${file}: found nothing of "${rule}", expected it as scripts/mutation-list.ts says`);
    writeFileSync(
      join(copy, file),
      source.replace(text, () => replacement),
    );
    console.log(`${number} without "${rule}"`);
    const { status } = spawnSync(process.execPath, ['scripts/audit-scenarios.ts', ...files], {
      cwd: copy,
      stdio: 'inherit',
    });
    if (status !== 0) process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
