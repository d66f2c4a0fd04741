/**
 * What has to hold before a version is tagged: `npm run release:check`. A clean clone is packed twice, the tarball is installed with
 * npm into an empty app, and the app is synthesized. Needs the registry; says what it found, and ends with 1 at the first thing wrong.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HANDLERS } from '../lambda/core/contract.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'release-'));

/** Runs a command; what it prints on stdout. */
function run(cwd: string, command: string, ...parameters: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, parameters, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) fail(`${command} ${parameters.join(' ')}: exit ${status}\n${stdout}${stderr}`);
  return stdout;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

const kilobytes = (path: string) => `${Math.round(statSync(path).size / 1000)} kB`;

function checkTexts(): void {
  if (!readFileSync(join(root, 'CHANGELOG.md'), 'utf8').includes(`## [${version}]`)) {
    fail(`CHANGELOG.md: found no section of ${version}, expected "## [${version}] - DATE", with its upgrade notes`);
  }
  if (!existsSync(join(root, 'test/fixtures/released', version))) {
    fail(`test/fixtures/released/${version}: found none, expected a golden file for each format (CONTRIBUTING.md)`);
  }
  console.log(`${version}: has its section of the changelog and its golden files`);
}

function pack(clone: string, name: string): string {
  const destination = join(folder, name);
  mkdirSync(destination);
  run(clone, 'npm', 'pack', '--silent', '--pack-destination', destination);
  const [file = ''] = readdirSync(destination);
  return join(destination, file);
}

function checkPackage(): void {
  const clone = join(folder, 'clone');
  run(root, 'git', 'clone', '--quiet', root, clone);
  run(clone, 'npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error');
  const [first, second] = [pack(clone, 'first'), pack(clone, 'second')];
  const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
  if (hashOf(first) !== hashOf(second)) fail('two builds of one commit: found two hashes, expected one');
  console.log(`two builds: one hash, ${hashOf(first)}`);
  console.log(`tarball: ${kilobytes(first)}`);
  for (const handler of HANDLERS) {
    console.log(`${handler}: ${kilobytes(join(clone, 'dist/handlers', handler, 'index.mjs'))}`);
  }
  // The build ends here where the licence of something bundled does not let it be passed on.
  const licences = readFileSync(join(clone, 'dist/handlers/LICENSES.txt'), 'utf8');
  console.log(
    `licences: ${licences.match(/^\S+ \S+ \(\S+\)$/gm)?.length} packages are bundled, each with one that allows it`,
  );
  checkApp(clone, first);
  checkAdvisories(clone);
}

function checkApp(clone: string, tarball: string): void {
  const app = join(folder, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{ "type": "module", "private": true }');
  run(app, 'npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', tarball);
  const example = readFileSync(join(clone, 'examples/construct.ts'), 'utf8');
  writeFileSync(join(app, 'app.ts'), example.replace('../lib/index.ts', 'ecs-throttle-remediation'));
  writeFileSync(join(app, 'synth.mjs'), "process.env.CDK_OUTDIR = 'cdk.out'; (await import('./app.ts')).app.synth();");
  run(app, process.execPath, 'synth.mjs');
  const { Resources } = JSON.parse(readFileSync(join(app, 'cdk.out/Batch.template.json'), 'utf8'));
  console.log(`an empty app: installed with npm, and synthesized ${Object.keys(Resources).length} resources`);
}

/** Known holes of anything that is installed, bundled packages among it. Some registries do not answer. */
function checkAdvisories(clone: string): void {
  const { status, stdout } = spawnSync('npm', ['audit', '--json'], { cwd: clone, encoding: 'utf8' });
  const { vulnerabilities, metadata } = JSON.parse(stdout || '{}');
  if (!metadata) {
    console.log('advisories: NOT CHECKED, the registry does not answer npm audit');
    return;
  }
  if (status !== 0)
    fail(`advisories: found ${Object.keys(vulnerabilities).join(', ')}, expected none; npm audit says more`);
  console.log('advisories: none');
}

checkTexts();
checkPackage();
rmSync(folder, { recursive: true, force: true });
