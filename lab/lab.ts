import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { ConfigurationError } from '../lib/config/read-config.ts';
import { readOptions } from './command-line.ts';
import { renderPage } from './html/page.ts';
import { RecordFiles } from './report/record-files.ts';
import { report } from './report/report.ts';
import { liveProgress } from './report/start-progress.ts';
import { summary } from './report/start-summary.ts';
import { StoryRecorder } from './report/story.ts';
import { finiteCalls } from './run/run.ts';
import { BadScenarioError, readScenario } from './scenario/scenario.ts';
import { tee } from './world/observers.ts';

const USAGE = 'usage: npm run --silent lab -- SCENARIO.json [--json] [--html FILE] [--records DIRECTORY]';

/** So many calls leave pages of the heap half empty, which V8 then moves together: a tenth more time, a quarter less memory. */
const LARGE = 50_000;
/** Not on the command line, where it makes the young generation tiny as well. */
const COMPACTING = '--optimize-for-size';

interface Command {
  readonly file: string;
  readonly json: boolean;
  /** Where to write the page of the run, and its records. */
  readonly html: string | undefined;
  readonly records: string | undefined;
}

/** Plays one scenario. Exit code: 0 = invariants held, 1 = violated, 2 = bad scenario. */
async function main(args: readonly string[]): Promise<number> {
  const command = readCommand(args);
  if ('problem' in command) {
    console.error(`${command.problem}\n${USAGE}`);
    return 2;
  }
  try {
    return await playScenario(command);
  } catch (error) {
    if (error instanceof BadScenarioError || error instanceof ConfigurationError || isNoFile(error)) {
      console.error((error as Error).message);
      return 2;
    }
    throw error;
  }
}

function readCommand(args: readonly string[]): Command | { readonly problem: string } {
  const read = readOptions({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      html: { type: 'string' },
      records: { type: 'string' },
    },
  });
  if ('problem' in read) return read;
  const { values, positionals } = read;
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    return { problem: `found ${positionals.length} scenarios, expected one scenario file` };
  return { file, json: values.json, html: values.html, records: values.records };
}

async function playScenario({ file, json, html, records }: Command): Promise<number> {
  const scenario = readScenario(readFileSync(fromWhereTyped(file), 'utf8'), file);
  if (finiteCalls(scenario) >= LARGE) setFlagsFromString(COMPACTING);
  const recorder = new StoryRecorder();
  const files = records === undefined ? undefined : new RecordFiles(fromWhereTyped(records));
  // The summary needs no execution one by one.
  const listens = html !== undefined;
  const progress = liveProgress(process.stderr);
  const result = await report(scenario, {
    onTick: progress.onTick,
    observe: (clock) => tee(...(listens ? [recorder.listen(clock)] : []), files?.listen(clock) ?? {}),
  });
  progress.done();
  files?.conclude(result.run);
  const story = json && !listens ? undefined : await recorder.tell(result);
  if (html !== undefined && story) {
    const page = fromWhereTyped(html);
    mkdirSync(dirname(page), { recursive: true });
    writeFileSync(page, await renderPage(story));
  }
  console.log(json || !story ? JSON.stringify(result.report) : summary(story));
  // The summary says them, too.
  if (json) for (const violation of result.violations) console.error(`violated: ${violation}`);
  return result.violations.length > 0 ? 1 : 0;
}

/** Paths are meant from where the command was typed, which npm leaves. */
const fromWhereTyped = (path: string) => resolve(process.env.INIT_CWD ?? '.', path);

const isNoFile = (error: unknown) => ['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

process.exitCode = await main(process.argv.slice(2));
