import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { report } from '../../lab/report/report.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';

const DIRECTORY = new URL('../../lab/scenarios/', import.meta.url);
/** The storm is a test of its own; in the small account of the live lab nothing is lost until somebody loses it. */
const small = readdirSync(DIRECTORY).filter((name) => !['storm.json', 'live.json'].includes(name));

test.each(small)('%s: everything that throttling took comes back, once', async (name) => {
  const scenario = readScenario(readFileSync(new URL(name, DIRECTORY), 'utf8'), name);
  const { report: figures, violations } = await report(scenario);
  expect(violations).toEqual([]);
  expect(figures.calls.owed).toBeGreaterThan(0);
  expect(figures.reruns.gaveUp).toEqual({});
});
