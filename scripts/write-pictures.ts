/** Draws the pictures of the docs anew, from the template: npx node scripts/write-pictures.ts */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pictures } from './pictures.ts';

const folder = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [name, svg] of Object.entries(await pictures())) writeFileSync(`${folder}${name}`, svg);
