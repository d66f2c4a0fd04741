import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readScenario } from '../../lab/scenario/scenario.ts';
import { ops } from '../support/ops.ts';
import { playedRecords } from '../support/played-records.ts';

test('a page of a storm that is played again shows it as it was and as it would have been', async () => {
  const file = new URL('../../lab/scenarios/handed-over.json', import.meta.url);
  const { files } = await playedRecords(readScenario(readFileSync(file, 'utf8'), 'handed-over.json'));
  const directory = mkdtempSync(join(tmpdir(), 'replayed-'));
  const page = join(directory, 'page.html');
  const { exitCode } = await ops(
    ['probe', '--records', 'records', '--rewind', join(directory, 'storm.json'), '--html', page],
    files,
  );
  const shown = readFileSync(page, 'utf8');
  rmSync(directory, { recursive: true });
  expect(exitCode).toBe(0);
  const [, throttled, back] = /: (\d+) were throttled, (\d+) come back/.exec(shown) ?? [];
  expect(Number(throttled)).toBeGreaterThan(200);
  // The others' own retries got through.
  expect(Number(back)).toBeGreaterThan(150);
  expect(Number(back)).toBeLessThanOrEqual(Number(throttled));
});
