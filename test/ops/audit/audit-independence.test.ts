import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** How JSON and ARNs are read is no decision. */
const SHARED = ['lambda/core/arn.ts', 'lambda/core/json.ts'];

test('the audit imports nothing of the decisions that it judges, by whatever way', () => {
  const seen = new Set<string>();
  const read = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, imported = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) (?!type ).*?from '(\.[^']+)';/gms,
    )) {
      read(resolve(dirname(file), imported));
    }
  };
  for (const name of ['audit', 'calls', 'evidence', 'judge', 'print', 'signs', 'command']) {
    read(resolve(ROOT, `ops/audit/${name}.ts`));
  }
  const outside = [...seen].map((file) => relative(ROOT, file)).filter((file) => !file.startsWith('ops/'));
  expect(outside.toSorted()).toEqual(SHARED);
});
