/**
 * Keeps the workflows of the version in package.json, as executions that a later version meets began with them:
 * npx node scripts/write-released-workflows.ts. A release does so once; of a released version they are never written again.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Template } from '../lab/stack/synthesize.ts';
import { workflowsOf } from '../test/support/released.ts';
import { Synthesized } from '../test/support/stacks.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const path = fileURLToPath(new URL(`../test/fixtures/released/${version}/workflows.json`, import.meta.url));
writeFileSync(path, JSON.stringify(workflowsOf(new Synthesized({ cloudTrail: 'none' }).template.toJSON() as Template)));
execFileSync('npx', ['biome', 'format', '--write', path], { stdio: 'inherit' });
