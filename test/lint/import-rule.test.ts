import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const FORBIDDEN_IMPORTS = [
  ['lambda/core', '@aws-sdk/client-ecs'],
  ['lambda/core', 'aws-cdk-lib/aws-sqs'],
  ['lambda/core', '@aws-lambda-powertools/logger'],
  ['lambda/core', '../retrying.ts'],
  ['lambda/core', 'node:fs'],
  ['lambda', '../lib/config.ts'],
  ['lambda', '../local/world.ts'],
  ['lambda', 'aws-cdk-lib'],
  ['lib', '../lambda/intake.ts'],
  ['lib', '../local/world.ts'],
  ['lib', '../bin/app.ts'],
  ['bin', '../lambda/core/arn.ts'],
  ['bin', '../local/world.ts'],
  ['examples', '../lambda/core/arn.ts'],
] as const;

const ALLOWED_IMPORTS = [
  ['lambda/core', './arn.ts'],
  ['lambda/core', 'node:crypto'],
  ['lambda', './core/arn.ts'],
  ['lambda', '@aws-sdk/client-ecs'],
  ['lib', '../lambda/core/settings.ts'],
  ['bin', '../lib/config.ts'],
  ['examples', '../lib/index.ts'],
  ['local', '../lambda/intake.ts'],
] as const;

const IMPURE = ['Date.now()', 'new Date()', 'Math.random()', 'process.env.HOME', 'console.log(1)'] as const;

/** A tree of examples under the project's own linter configuration, linted in one go. */
const root = mkdtempSync(join(tmpdir(), 'lint-'));
const complaints = new Set<string>();

function example(folder: string, content: string): string {
  return `${folder}/example-${Buffer.from(content).toString('hex')}.ts`;
}
const importing = (module: string) => `import { it } from '${module}';\nexport const used = it;\n`;
const calling = (expression: string) => `export const used = () => ${expression};\n`;

beforeAll(() => {
  cpSync('biome.json', join(root, 'biome.json'));
  cpSync('scripts', join(root, 'scripts'), { recursive: true });
  const write = (folder: string, content: string) => {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, example(folder, content)), content);
  };
  for (const [folder, module] of [...FORBIDDEN_IMPORTS, ...ALLOWED_IMPORTS]) write(folder, importing(module));
  for (const expression of IMPURE) write('lambda/core', calling(expression));
  const { stdout } = spawnSync('biome', ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none'], {
    cwd: root,
    encoding: 'utf8',
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { severity: string; location: { path: string } }[] };
  for (const { severity, location } of diagnostics) if (severity === 'error') complaints.add(location.path);
});
afterAll(() => rmSync(root, { recursive: true }));

describe('the import rule: core <- lambda <- lib <- bin, core <- lib', () => {
  it.each(FORBIDDEN_IMPORTS)('%s may not import %s', (folder, module) => {
    expect(complaints).toContain(example(folder, importing(module)));
  });
  it.each(ALLOWED_IMPORTS)('%s may import %s', (folder, module) => {
    expect(complaints).not.toContain(example(folder, importing(module)));
  });
  it.each(IMPURE)('lambda/core may not use %s', (expression) => {
    expect(complaints).toContain(example('lambda/core', calling(expression)));
  });
});
