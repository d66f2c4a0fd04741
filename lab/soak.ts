/** `npm run soak`: random scenarios under random faults, on all processors, until something breaks. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { readOptions } from './command-line.ts';
import { readScenario } from './scenario/scenario.ts';
import { type Campaign, type Failure, keep, type soak } from './soak/campaign.ts';
import { judge } from './soak/judge.ts';

const USAGE = 'usage: npm run soak -- [--runs N] [--seed S], or SCENARIO.json to judge one again';
const REPORTS = fileURLToPath(new URL('../lab-report/', import.meta.url));
/** Runs between two lines of progress of one processor. */
const CHUNK = 20;

/** Exit code: 0 = every invariant held in every run, 1 = violated, 2 = bad arguments. */
async function main(args: readonly string[]): Promise<number> {
  const read = readOptions({
    args: [...args],
    allowPositionals: true,
    options: { runs: { type: 'string', default: '200' }, seed: { type: 'string', default: String(Date.now() % 1e9) } },
  });
  if ('problem' in read) {
    console.error(`${read.problem}\n${USAGE}`);
    return 2;
  }
  const { values, positionals } = read;
  const [file, ...others] = positionals;
  const [runs, seed] = [Number(values.runs), Number(values.seed)];
  if (others.length > 0 || !Number.isSafeInteger(seed) || !(Number.isSafeInteger(runs) && runs > 0)) {
    console.error(`found ${args.join(' ')}, expected whole numbers, or one scenario\n${USAGE}`);
    return 2;
  }
  return file === undefined ? soakAll(runs, seed) : again(file);
}

async function again(file: string): Promise<number> {
  const violations = await judge(readScenario(readFileSync(resolve(process.env.INIT_CWD ?? '.', file), 'utf8'), file));
  for (const violation of violations) console.error(`violated: ${violation}`);
  console.log(violations.length === 0 ? 'every invariant held' : 'not every invariant held');
  return violations.length === 0 ? 0 : 1;
}

async function soakAll(runs: number, seed: number): Promise<number> {
  const begun = performance.now();
  const campaigns: Campaign[] = [];
  for (let first = 0; first < runs; first += CHUNK)
    campaigns.push({ runs: Math.min(CHUNK, runs - first), seed: seed + first });
  const failures: Failure[] = [];
  let played = 0;
  await Promise.all(
    Array.from({ length: Math.min(availableParallelism(), campaigns.length) }, async () => {
      const worker = new Worker(new URL('soak/worker.ts', import.meta.url), { stderr: true });
      for (let campaign = campaigns.shift(); campaign; campaign = campaigns.shift()) {
        worker.postMessage(campaign);
        const [done]: Awaited<ReturnType<typeof soak>>[] = await once(worker, 'message');
        if (!done) throw new Error('expected the outcome of a campaign, found none');
        played += done.played;
        if (done.failure) {
          failures.push(done.failure);
          console.log(`seed ${campaign.seed}:\n${keep(done.failure, REPORTS)}`);
        }
        const seconds = ((performance.now() - begun) / 1000).toFixed(0);
        console.log(`${played} of ${runs} runs, ${failures.length} failed, ${seconds} s, seed ${seed}`);
      }
      await worker.terminate();
    }),
  );
  return failures.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
