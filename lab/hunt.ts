/** `npm run hunt`: random storms without faults, on all processors: how near the limit their drains are, and which is worst. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { readOptions } from './command-line.ts';
import { describeStorm, stormOf } from './hunt/scenarios.ts';
import { report } from './report/report.ts';
import { readScenario } from './scenario/scenario.ts';

const USAGE = 'usage: npm run hunt -- [--runs N] [--from NUMBER]';
const REPORTS = fileURLToPath(new URL('../lab-report/', import.meta.url));
/** In a smaller drain the first seconds, which nobody can know, weigh too much. */
const LEAST_OWED = 300;

interface Found {
  readonly number: number;
  readonly owed: number;
  readonly ratio: number | null;
  readonly callsPerOwed: number | null;
  readonly points: number;
  readonly violations: readonly string[];
}

async function play(number: number): Promise<Found> {
  const { report: figures, violations } = await report(readScenario(JSON.stringify(stormOf(number)), `hunt ${number}`));
  const { calls, drain, ecs, others } = figures;
  const points = (others.throttledShare - others.throttledShareWithout) * 100;
  return { number, owed: calls.owed, ratio: drain.ratio, callsPerOwed: ecs.callsPerOwed, points, violations };
}

const line = ({ number, owed, ratio, callsPerOwed, points, violations }: Found) =>
  `${number}: ${owed} owed, ratio ${ratio?.toFixed(2) ?? '-'}, ${callsPerOwed?.toFixed(3) ?? '-'} calls per owed, ${points.toFixed(1)} points` +
  `${violations.length > 0 ? `, VIOLATED ${violations.join('; ')}` : ''} | ${describeStorm(stormOf(number))}`;

/** Exit code: 0 = no invariant was violated, 1 = one was, 2 = bad arguments. */
async function main(): Promise<number> {
  const read = readOptions({
    options: { runs: { type: 'string', default: '200' }, from: { type: 'string', default: '1' } },
  });
  if ('problem' in read) {
    console.error(`${read.problem}\n${USAGE}`);
    return 2;
  }
  const { values } = read;
  const [runs, from] = [Number(values.runs), Number(values.from)];
  if (!(Number.isSafeInteger(runs) && runs > 0) || !Number.isSafeInteger(from)) {
    console.error(`found ${JSON.stringify(values)}, expected whole numbers\n${USAGE}`);
    return 2;
  }
  const found = await playAll(Array.from({ length: runs }, (_, index) => from + index));
  const telling = found.filter(({ owed }) => owed >= LEAST_OWED);
  console.log(`\n${telling.length} of ${found.length} storms had ${LEAST_OWED} owed calls or more.`);
  conclude('ratio', telling, ({ ratio }) => ratio ?? Number.POSITIVE_INFINITY);
  conclude('points', telling, ({ points }) => points);
  conclude('calls per owed', telling, ({ callsPerOwed }) => callsPerOwed ?? Number.POSITIVE_INFINITY);
  return found.some(({ violations }) => violations.length > 0) ? 1 : 0;
}

/** One line as each ends. */
async function playAll(numbers: number[]): Promise<readonly Found[]> {
  const all: Found[] = [];
  await Promise.all(
    Array.from({ length: Math.min(availableParallelism(), numbers.length) }, async () => {
      const worker = new Worker(new URL(import.meta.url), { stderr: true });
      for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
        worker.postMessage(number);
        const [found]: Found[] = await once(worker, 'message');
        if (!found) throw new Error(`expected the figures of storm ${number}, found none`);
        all.push(found);
        console.log(line(found));
      }
      await worker.terminate();
    }),
  );
  return all;
}

/** The median and the worst of a figure; the worst is kept as a scenario that can be played again. */
function conclude(name: string, found: readonly Found[], figure: (found: Found) => number): void {
  const sorted = found.toSorted((a, b) => figure(a) - figure(b));
  const median = sorted[Math.floor(sorted.length / 2)];
  const worst = sorted.at(-1);
  if (!median || !worst) return;
  mkdirSync(REPORTS, { recursive: true });
  const file = `${REPORTS}hunt-${worst.number}.json`;
  writeFileSync(file, `${JSON.stringify(stormOf(worst.number), null, 2)}\n`);
  console.log(
    `${name}: median ${figure(median).toFixed(3)}, worst ${figure(worst).toFixed(3)} (storm ${worst.number}: ${file})`,
  );
}

if (isMainThread) process.exitCode = await main();
else parentPort?.on('message', async (number: number) => parentPort?.postMessage(await play(number)));
