import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { JsonObject } from '../kernel/json.ts';
import { readScenario } from '../scenario/scenario.ts';
import { judge } from './judge.ts';
import { scenarios } from './scenarios.ts';

/** A random scenario that did not end well, as small as it could be made. */
export interface Failure {
  readonly scenario: JsonObject;
  /** Of the campaign that found it. */
  readonly seed: number;
  readonly violations: readonly string[];
}

export interface Campaign {
  readonly runs: number;
  readonly seed: number;
}

/** How long a failing scenario is made smaller and smaller, on the wall clock. */
const SHRINK_MS = 60_000;

/** Plays `runs` random scenarios; the same seed gives the same ones. Shrinks the first that fails, and stops. */
export async function soak({ runs, seed }: Campaign): Promise<{ played: number; failure?: Failure }> {
  let violations: readonly string[] = [];
  let shrinkUntil = Number.POSITIVE_INFINITY;
  const property = fc.asyncProperty(scenarios, async (scenario) => {
    if (performance.now() > shrinkUntil) return true;
    const found = await verdictOn(scenario);
    if (found.length === 0) return true;
    // The last one that failed is the smallest.
    violations = found;
    shrinkUntil = Math.min(shrinkUntil, performance.now() + SHRINK_MS);
    return false;
  });
  const details = await fc.check(property, { numRuns: runs, seed });
  const [scenario] = details.counterexample ?? [];
  const failure = scenario && { scenario, seed, violations };
  return { played: details.numRuns, ...(failure && { failure }) };
}

/** What the lab itself cannot do is a failure like any other: it can be replayed as well. */
async function verdictOn(scenario: JsonObject): Promise<readonly string[]> {
  try {
    return await judge(readScenario(JSON.stringify(scenario), 'soak'));
  } catch (error) {
    return [`the lab failed: ${(error as Error).stack}`];
  }
}

/** Writes the scenario of a failure; returns what to tell people. */
export function keep({ scenario, seed, violations }: Failure, directory: string): string {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `soak-${seed}.json`);
  writeFileSync(file, `${JSON.stringify(scenario, null, 2)}\n`);
  return [...violations.map((violation) => `violated: ${violation}`), `replay: npm run soak -- ${file}`].join('\n');
}
