/** Writes the generated parts of docs/monitoring.md anew: npx node scripts/write-monitoring-page.ts */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withParts } from '../test/support/generated-parts.ts';
import { generatedParts } from '../test/support/monitoring-page.ts';

const path = fileURLToPath(new URL('../docs/monitoring.md', import.meta.url));
writeFileSync(path, withParts(readFileSync(path, 'utf8'), await generatedParts(), 'docs/monitoring.md'));
execFileSync('npx', ['biome', 'format', '--write', path], { stdio: 'inherit' });
