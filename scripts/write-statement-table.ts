/** Writes the table of policy statements in docs/security.md anew: npx node scripts/write-statement-table.ts */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withStatementTable } from '../test/support/statement-table.ts';

const path = fileURLToPath(new URL('../docs/security.md', import.meta.url));
writeFileSync(path, withStatementTable(readFileSync(path, 'utf8')));
execFileSync('npx', ['biome', 'format', '--write', path], { stdio: 'inherit' });
