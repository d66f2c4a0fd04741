import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationError } from '../lib/config/read-config.ts';
import { report } from './report/report.ts';
import { BadScenarioError, readScenario } from './scenario/scenario.ts';

const USAGE = 'usage: npm run --silent lab -- SCENARIO.json [--json]';

/** Plays one scenario. Exit code: 0 = invariants held, 1 = violated, 2 = bad scenario. */
async function main(args: readonly string[]): Promise<number> {
  const files = args.filter((arg) => !arg.startsWith('--'));
  const unknown = args.find((arg) => arg.startsWith('--') && arg !== '--json');
  const [file] = files;
  if (unknown !== undefined || file === undefined || files.length > 1) {
    console.error(`found ${unknown ?? `${files.length} scenarios`}, expected one scenario file\n${USAGE}`);
    return 2;
  }
  try {
    const path = resolve(process.env.INIT_CWD ?? '.', file);
    const scenario = readScenario(readFileSync(path, 'utf8'), file);
    const { report: figures, violations } = await report(scenario, { onTick: progress() });
    console.log(JSON.stringify(figures, null, args.includes('--json') ? undefined : 2));
    for (const violation of violations) console.error(`violated: ${violation}`);
    return violations.length > 0 ? 1 : 0;
  } catch (error) {
    if (error instanceof BadScenarioError || error instanceof ConfigurationError || isNoFile(error)) {
      console.error((error as Error).message);
      return 2;
    }
    throw error;
  }
}

/** One line on stderr for each ten seconds of work. */
function progress() {
  let last = performance.now();
  return ({ clock, records }: Parameters<NonNullable<NonNullable<Parameters<typeof report>[1]>['onTick']>>[0]) => {
    if (performance.now() - last < 10_000) return;
    last = performance.now();
    console.error(`${clock.elapsedSeconds().toFixed(0)} s virtual: ${records.started.started} re-run`);
  };
}

const isNoFile = (error: unknown) => ['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

process.exitCode = await main(process.argv.slice(2));
