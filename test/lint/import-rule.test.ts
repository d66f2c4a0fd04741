import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** A row for each wall, seen from each depth of folders that it has to hold at. */
const FORBIDDEN_IMPORTS = [
  ['lambda/core', '@aws-sdk/client-ecs'],
  ['lambda/core', 'aws-cdk-lib/aws-sqs'],
  ['lambda/core', '@aws-lambda-powertools/logger'],
  ['lambda/core', '../runtime/sdk-retry.ts'],
  ['lambda/core', 'node:fs'],
  ['lambda/core/events', '@aws-sdk/client-ecs'],
  ['lambda/core/events', 'aws-cdk-lib'],
  ['lambda/core/events', '../../runtime/ports.ts'],
  ['lambda/core/events', '../../intake.ts'],
  ['lambda/core/events', 'node:fs'],
  ['lambda', '../lib/config/schema.ts'],
  ['lambda', '../lab/world/world.ts'],
  ['lambda', 'aws-cdk-lib'],
  ['lambda/runtime', '../state/versioned-item.ts'],
  ['lambda/runtime', '../sources/event-history.ts'],
  ['lambda/runtime', '../steps/attempt.ts'],
  ['lambda/runtime', '../intake.ts'],
  ['lambda/runtime', '../../lab/world/world.ts'],
  ['lambda/state', '../sources/event-history.ts'],
  ['lambda/state', '../steps/attempt.ts'],
  ['lambda/state', '../intake.ts'],
  ['lambda/state', '../../lib/index.ts'],
  ['lambda/sources', '../steps/attempt.ts'],
  ['lambda/sources', '../intake.ts'],
  ['lambda/sources', 'constructs'],
  ['lambda/steps', '../intake.ts'],
  ['lambda/steps', '../../lib/index.ts'],
  ['lambda/steps', 'aws-cdk-lib'],
  ['lib', '../lambda/intake.ts'],
  ['lib', '../lambda/steps/attempt.ts'],
  ['lib', '../lab/world/world.ts'],
  ['lib', '../bin/app.ts'],
  ['lib/remediation', '../../lambda/intake.ts'],
  ['lib/remediation', '../../lambda/runtime/ports.ts'],
  ['lib/remediation', '../../lab/world/world.ts'],
  ['lib/config', 'aws-cdk-lib'],
  ['lib/config', '../foundation/queues.ts'],
  ['lib/config', '../../lambda/state/items.ts'],
  ['lib/foundation', '../remediation/intake.ts'],
  ['lib/foundation', '../index.ts'],
  ['lib/foundation', '../../lambda/steps/attempt.ts'],
  ['bin', '../lambda/core/arn.ts'],
  ['bin', '../lab/world/world.ts'],
  ['examples', '../lambda/core/arn.ts'],
  ['clients/javascript', '../../lambda/core/events/texts.ts'],
  ['clients/javascript', '../../lib/index.ts'],
  ['clients/javascript', '../../lab/world/world.ts'],
  ['clients/javascript', '../python/example.ts'],
  ['ops', '../lambda/intake.ts'],
  ['ops', '../lib/index.ts'],
  ['ops/explain', '../../lambda/steps/apply-verdict.ts'],
  ['ops/explain', '../../lambda/state/items.ts'],
  ['ops/explain', '../../lib/remediation/intake.ts'],
  ['ops/explain', '../../lab/world/world.ts'],
  ['ops/html', '../../lab/html/page.ts'],
  ['ops/explain', 'aws-cdk-lib'],
  ['lambda', '../ops/app.ts'],
  ['lambda/steps', '../../ops/app.ts'],
  ['lib', '../ops/app.ts'],
  ['lib/config', '../../ops/app.ts'],
  ['bin', '../ops/app.ts'],
] as const;

const ALLOWED_IMPORTS = [
  ['lambda/core', './arn.ts'],
  ['lambda/core', 'node:crypto'],
  ['lambda/core/events', '../arn.ts'],
  ['lambda/core/events', '../rerun/outcome.ts'],
  ['lambda', './core/arn.ts'],
  ['lambda', './steps/attempt.ts'],
  ['lambda', '@aws-sdk/client-ecs'],
  ['lambda/steps', '../state/launch-store.ts'],
  ['lambda/sources', '../state/versioned-item.ts'],
  ['lambda/state', '../runtime/ports.ts'],
  ['lambda/runtime', '../core/contract.ts'],
  ['lib', '../lambda/core/settings.ts'],
  ['lib/remediation', '../../lambda/core/rate/rate.ts'],
  ['lib/remediation', '../foundation/queues.ts'],
  ['lib/foundation', '../config/schema.ts'],
  ['lib/foundation', '../../lambda/core/contract.ts'],
  ['lib/config', '../../lambda/core/opt-in/opt-in.ts'],
  ['bin', '../lib/config/schema.ts'],
  ['examples', '../lib/index.ts'],
  ['clients/javascript', '@aws-sdk/client-ecs'],
  ['clients/javascript', 'node:crypto'],
  ['clients/javascript', './example.ts'],
  ['lab/world', '../../lambda/intake.ts'],
  ['ops/explain', '../../lambda/core/verdict/decide.ts'],
  ['ops/explain', '../../lib/config/read-config.ts'],
  ['ops/html', '../../lab/html/markup.ts'],
  ['ops/explain', '../records/read-records.ts'],
] as const;

const PURE_FOLDERS = ['lambda/core', 'lambda/core/events'] as const;
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
  for (const folder of PURE_FOLDERS) for (const expression of IMPURE) write(folder, calling(expression));
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
  describe.each(PURE_FOLDERS)('%s', (folder) => {
    it.each(IMPURE)('may not use %s', (expression) => {
      expect(complaints).toContain(example(folder, calling(expression)));
    });
  });
});
