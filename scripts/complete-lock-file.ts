/**
 * Completes package-lock.json for every platform: npm run lock, after each npm install that changed it. npm leaves out the
 * optional packages that its registry does not have, and `npm ci` then refuses the lock file wherever a registry has them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type LockedPackages, type LockFile, withMissingOptionalPackages, withoutGuesses } from './lock-file.ts';

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));

function rewrite(change: (packages: LockedPackages) => LockedPackages): void {
  const lock: LockFile = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: change(lock.packages) }, null, 2)}\n`);
}

rewrite(withoutGuesses);
// The registry's word first: it has the integrity, too. Where a tarball lies is left out, as that names the registry.
const { status } = spawnSync(
  'npm',
  [
    'install',
    '--package-lock-only',
    '--omit-lockfile-registry-resolved',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ],
  { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: 'inherit', shell: process.platform === 'win32' },
);
if (status !== 0) process.exit(status ?? 1);
rewrite(withMissingOptionalPackages);
