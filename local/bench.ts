/** `npm run bench`: this project beside other ways to bring throttled calls back, in the same storms. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CASES, type Case, README_CASES } from './bench/cases.ts';
import { CONTENDERS } from './bench/contenders.ts';
import { withBench } from './bench/page.ts';
import { measureAll } from './bench/pool.ts';
import { summarize } from './bench/summary.ts';
import { caseTable, caseTitle, overviewTable, type Row } from './bench/tables.ts';
import { duration } from './format.ts';

const USAGE = 'usage: npm run bench -- [--seeds COUNT] [--write]';

const DEFAULT_SEEDS = '3';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: DEFAULT_SEEDS }, write: { type: 'boolean', default: false } },
});
const seeds = Number(values.seeds);
if (!Number.isInteger(seeds) || seeds < 1) {
  console.error(`--seeds: found ${values.seeds}, expected a whole number from 1\n${USAGE}`);
  process.exit(2);
}

const BRIEFLY = 'Drain ratio / RunTask calls per re-run / points added to others’ throttling, where it is harder:';

const jobs = CASES.flatMap((storm) =>
  CONTENDERS.flatMap((contender) =>
    Array.from({ length: seeds }, (_, index) => ({ storm, contender, seed: index + 1 })),
  ),
);
let done = 0;
const figures = await measureAll(jobs, ({ storm, contender, seed }) => {
  done += 1;
  console.error(`${done}/${jobs.length}  ${caseTitle(storm)}: ${contender}, seed ${seed}`);
});
const rows: Row[] = Array.from({ length: jobs.length / seeds }, (_, index) => {
  const [job] = jobs.slice(index * seeds);
  if (!job) throw new Error('expected a job for each row');
  return { ...job, figures: summarize(figures.slice(index * seeds, (index + 1) * seeds)) };
});

const command = `npm run bench${values.seeds === DEFAULT_SEEDS ? '' : ` -- --seeds ${seeds}`}`;
const facts = `Medians of ${seeds} seeds: \`${command}\`, ${duration(performance.now() / 1000)} on two cores.`;
const tables = (cases: readonly Case[]) =>
  cases
    .map((storm) => `**${caseTitle(storm)}**\n\n${caseTable(rows.filter((row) => row.storm === storm))}`)
    .join('\n\n');
console.log(`${tables(CASES)}\n\n${facts}`);

if (values.write) {
  const write = (name: string, text: string) => {
    const url = new URL(`../${name}`, import.meta.url);
    writeFileSync(url, withBench(readFileSync(url, 'utf8'), text, name));
  };
  const { full, brief } = README_CASES;
  write('README.md', `${facts}\n\n${tables(full)}\n\n${BRIEFLY}\n\n${overviewTable(brief, rows)}`);
  write('docs/bench.md', `${facts}\n\n${tables(CASES)}`);
}
