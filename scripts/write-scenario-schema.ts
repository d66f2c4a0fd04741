/** Writes docs/scenario.schema.json anew from the lab's own definition of a scenario: npx node scripts/write-scenario-schema.ts */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { scenarioJsonSchema } from '../lab/scenario/scenario.ts';

const path = fileURLToPath(new URL('../docs/scenario.schema.json', import.meta.url));
writeFileSync(path, JSON.stringify(scenarioJsonSchema()));
execFileSync('npx', ['biome', 'format', '--write', path], { stdio: 'inherit' });
