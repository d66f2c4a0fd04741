/** Plays a small storm and writes the mails in docs/mails.md anew: npx node scripts/write-mails-page.ts */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withParts } from '../test/support/generated-parts.ts';
import { mails } from '../test/support/mails-page.ts';

const path = fileURLToPath(new URL('../docs/mails.md', import.meta.url));
writeFileSync(path, withParts(readFileSync(path, 'utf8'), await mails(), 'docs/mails.md'));
