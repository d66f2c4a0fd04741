/** Writes the tables of docs/security.md that come from the templates anew: npx node scripts/write-statement-table.ts */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { statementTable, withTable } from '../test/support/statement-table.ts';
import { wrongHandsTable } from '../test/support/wrong-hands-table.ts';

const path = fileURLToPath(new URL('../docs/security.md', import.meta.url));
writeFileSync(path, [statementTable, wrongHandsTable].reduce(withTable, readFileSync(path, 'utf8')));
execFileSync('npx', ['biome', 'format', '--write', path], { stdio: 'inherit' });
