/** `npm run bench`: this project beside other ways to bring throttled calls back, in the same storms. */
import { CASES } from './bench/cases.ts';
import { CONTENDERS } from './bench/contenders.ts';
import { writePages } from './bench/page.ts';
import { measureAll } from './bench/pool.ts';
import { summarize } from './bench/summary.ts';
import { caseTables, caseTitle, type Row } from './bench/tables.ts';
import { readOptions } from './command-line.ts';
import { duration, plural } from './report/format.ts';

const USAGE = 'usage: npm run bench -- [--seeds COUNT] [--write]';

const DEFAULT_SEEDS = '3';

const read = readOptions({
  options: { seeds: { type: 'string', default: DEFAULT_SEEDS }, write: { type: 'boolean', default: false } },
});
if ('problem' in read) {
  console.error(`${read.problem}\n${USAGE}`);
  process.exit(2);
}
const { values } = read;
const seeds = Number(values.seeds);
if (!Number.isInteger(seeds) || seeds < 1) {
  console.error(`--seeds: found ${values.seeds}, expected a whole number from 1\n${USAGE}`);
  process.exit(2);
}

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
const facts = `Medians of ${plural(seeds, 'seed')}: \`${command}\`, ${duration(performance.now() / 1000)} on two cores.`;
console.log(`${caseTables(CASES, rows)}\n\n${facts}`);
if (values.write) writePages(rows, facts);
