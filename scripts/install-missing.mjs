// Runs before every npm script, on whatever Node.js is there: installs the pinned packages (and with them the Node.js
// that everything else runs on) when they are missing or older than the lock file. Says so on stderr, as stdout belongs
// to the script that follows. `npm ci` deletes node_modules first, where the Node.js may lie that this script and npm run
// on: they go on all the same, except on Windows, which keeps a running program. There it takes an `npm ci` by hand.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const changedAt = (file) => statSync(`${root}/${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (changedAt('node_modules/.package-lock.json') < changedAt('package-lock.json')) {
  console.error('Installing packages (once, about half a minute) ...');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error('npm ci failed; expected it to install what package-lock.json lists. Try it by hand to see more.');
    process.exit(status ?? 1);
  }
}
