import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLE = 'examples/construct.ts';

function run(cwd: string, command: string, ...parameters: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, parameters, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')}: exit ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** The one template that an app leaves in a folder. */
const templateIn = (folder: string) => JSON.parse(readFileSync(join(folder, 'Batch.template.json'), 'utf8'));

/**
 * An app of somebody else's, with what the tarball holds and the packages that it names, and nothing else: no compiler, no
 * bundler, no sources. The packages are linked, since a test downloads nothing.
 */
describe('the package in an app of its own', () => {
  const app = mkdtempSync(join(tmpdir(), 'package-'));
  const installed = join(app, 'node_modules', 'ecs-throttle-remediation');

  beforeAll(() => {
    const tarball = run(ROOT, 'npm', 'pack', '--silent', '--pack-destination', app).trim().split('\n').at(-1) ?? '';
    mkdirSync(installed, { recursive: true });
    run(app, 'tar', '-xzf', tarball, '-C', installed, '--strip-components=1');
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
      const link = join(app, 'node_modules', name);
      mkdirSync(join(link, '..'), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules', name), link, 'junction');
    }
    writeFileSync(join(app, 'package.json'), '{ "type": "module" }');
    const source = readFileSync(join(ROOT, EXAMPLE), 'utf8').replace('../lib/index.ts', 'ecs-throttle-remediation');
    writeFileSync(join(app, 'app.ts'), `${source}\napp.synth();\n`);
  }, 60_000);
  afterAll(() => rmSync(app, { recursive: true, force: true }));

  const synth = (file: string, outdir: string) => {
    writeFileSync(
      join(app, 'run.mjs'),
      `process.env.CDK_OUTDIR = ${JSON.stringify(outdir)}; await import('./${file}');`,
    );
    run(app, process.execPath, 'run.mjs');
    return templateIn(outdir);
  };

  test('synthesizes what the clone synthesizes, down to the hash of each function’s code', () => {
    const ours = join(app, 'clone.out');
    writeFileSync(
      join(app, 'clone.mjs'),
      `const { app } = await import(${JSON.stringify(join(ROOT, EXAMPLE))}); app.synth();`,
    );
    const { status, stderr } = spawnSync(process.execPath, ['clone.mjs'], {
      cwd: app,
      env: { ...process.env, CDK_OUTDIR: ours },
    });
    expect(`${status} ${stderr}`).toMatch(/^0/);
    const template = synth('app.ts', join(app, 'package.out'));
    expect(template).toEqual(templateIn(ours));
    expect(Object.keys(template.Resources).length).toBeGreaterThan(100);
  }, 60_000);

  test('can be required by a CommonJS app', () => {
    const script =
      "const { EcsThrottleRemediation } = require('ecs-throttle-remediation'); console.log(typeof EcsThrottleRemediation);";
    writeFileSync(join(app, 'app.cjs'), script);
    expect(run(app, process.execPath, 'app.cjs')).toBe('function\n');
  });

  test('has types that an app is checked against', () => {
    writeFileSync(
      join(app, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'nodenext',
          target: 'es2022',
          strict: true,
          skipLibCheck: true,
          noEmit: true,
          types: [],
        },
        files: ['app.ts', 'wrong.ts'],
      }),
    );
    writeFileSync(
      join(app, 'wrong.ts'),
      "import type { EcsThrottleRemediationProps } from 'ecs-throttle-remediation';\nexport const props: EcsThrottleRemediationProps = { mode: 'repeat' };\n",
    );
    const { stdout } = spawnSync('npx', ['tsc', '--project', join(app, 'tsconfig.json')], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const errors = stdout.split('\n').filter((line) => line.includes('error TS'));
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect(error).toContain('wrong.ts');
  }, 60_000);

  test('brings the client for callers, and the licences of what is bundled', async () => {
    const client =
      "import * as client from 'ecs-throttle-remediation/clients/javascript'; console.log(Object.keys(client).join());";
    writeFileSync(join(app, 'client.mjs'), client);
    expect(run(app, process.execPath, 'client.mjs')).toMatch(/runTaskOrHandOver/);
    expect(readFileSync(join(installed, 'dist/handlers/LICENSES.txt'), 'utf8')).toMatch(
      /@aws-sdk\/client-ecs .*Apache-2\.0/,
    );
  });

  test('holds no sources, no tests and no settings of anybody', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /(^|\/)(test|lab|ops|cdk\.json|settings\.json)(\/|$)/.test(file))).toEqual([]);
    expect(files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
  });
});
