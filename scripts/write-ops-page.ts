/** Writes the transcripts in docs/ops.md anew: npx node scripts/write-ops-page.ts */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withParts } from '../test/support/generated-parts.ts';
import { transcripts } from '../test/support/ops-page.ts';

const path = fileURLToPath(new URL('../docs/ops.md', import.meta.url));
writeFileSync(path, withParts(readFileSync(path, 'utf8'), await transcripts(), 'docs/ops.md'));
