/**
 * Builds what the package holds beside its sources' texts into `dist`: `npm pack` runs it. Compiled modules with types and source
 * maps, and the handlers bundled, so that who installs it needs no compiler and no bundler.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HANDLERS } from '../lambda/core/contract.ts';
import { buildHandler } from '../lib/foundation/bundle.ts';
import { RUNBOOK } from '../lib/foundation/runbook.ts';
import { bundledPackages, licenceText } from './bundled-licences.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = `${root}dist`;

rmSync(dist, { recursive: true, force: true });
const { status } = spawnSync('npx', ['tsc', '--project', 'tsconfig.package.json'], {
  cwd: root,
  // npm pack prints the tarball's name, alone, on stdout.
  stdio: ['ignore', 2, 2],
  shell: process.platform === 'win32',
});
if (status !== 0) process.exit(status ?? 1);

// Alarms and the dashboard hold its first steps.
cpSync(`${root}${RUNBOOK}`, `${dist}/${RUNBOOK}`);

const inputs = HANDLERS.flatMap((handler) => {
  const folder = `${dist}/handlers/${handler}`;
  mkdirSync(folder, { recursive: true });
  return buildHandler(handler, folder).inputs;
});
writeFileSync(`${dist}/handlers/LICENSES.txt`, licenceText(root, bundledPackages(inputs)));
