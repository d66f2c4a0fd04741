import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { report } from '../../lab/report/report.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';

const DIRECTORY = new URL('../../lab/scenarios/', import.meta.url);
const small = readdirSync(DIRECTORY).filter((name) => name !== 'storm.json');

test.each(small)('%s: everything that throttling took comes back, once', async (name) => {
  const scenario = readScenario(readFileSync(new URL(name, DIRECTORY), 'utf8'), name);
  const { report: figures, violations } = await report(scenario);
  expect(violations).toEqual([]);
  expect(figures.calls.owed).toBeGreaterThan(0);
  expect(figures.reruns.gaveUp).toEqual({});
});
