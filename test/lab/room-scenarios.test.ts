import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { report } from '../../lab/report/report.ts';
import { isRateCaller, readScenario } from '../../lab/scenario/scenario.ts';

const DIRECTORY = new URL('../fixtures/room/', import.meta.url);
const scenarioIn = (name: string) => readScenario(readFileSync(new URL(name, DIRECTORY), 'utf8'), name);
/** The others take minutes: `npm run lab -- test/fixtures/room/NAME.json`. */
const MOST_CALLS = 1000;
const callsIn = (name: string) =>
  scenarioIn(name).callers.reduce((sum, caller) => sum + (isRateCaller(caller) ? 0 : caller.calls), 0);
const small = readdirSync(DIRECTORY).filter((name) => callsIn(name) <= MOST_CALLS);

test.each(small)(
  '%s: what found no room comes back, once, and hardly asks in vain',
  async (name) => {
    const { report: figures, violations } = await report(scenarioIn(name));
    expect(violations).toEqual([]);
    expect(figures.calls.owed).toBeGreaterThan(100);
    // Of 189 calls, thirteen ask before it is known that a cluster is full, and eight before that a family never fits.
    expect(figures.ecs.callsPerOwed).toBeLessThan(1.25);
  },
  180_000,
);
