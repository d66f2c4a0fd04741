/** `npm start`: plays the built-in storm and shows what becomes of it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderPage } from './html/page.ts';
import { report } from './report/report.ts';
import { liveProgress, type Terminal } from './report/start-progress.ts';
import { nextSteps, summary } from './report/start-summary.ts';
import { type Story, StoryRecorder } from './report/story.ts';
import { readScenario, type Scenario } from './scenario/scenario.ts';

const STORM = new URL('scenarios/storm.json', import.meta.url);
const REPORT_DIRECTORY = new URL('../lab-report/', import.meta.url);

/** Plays a scenario under the eyes of a newcomer. Returns the exit code. */
export async function start(scenario: Scenario, directory: URL, terminal: Terminal): Promise<number> {
  terminal.write(
    `\n  ${scenario.name}\n  Synthesizing the app and deploying it into the lab: no AWS account, no network.\n\n`,
  );
  const recorder = new StoryRecorder();
  const progress = liveProgress(terminal);
  const result = await report(scenario, { onTick: progress.onTick, observe: recorder.listen });
  progress.done();
  return conclude(await recorder.tell(result), directory, terminal);
}

/** Writes the HTML report, prints the summary; the exit code is 0 only if every invariant held. */
export async function conclude(story: Story, directory: URL, terminal: Terminal): Promise<number> {
  const file = new URL('index.html', directory);
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, await renderPage(story));
  terminal.write(`${summary(story)}\n\n${nextSteps(file.href)}\n`);
  return story.violations.length > 0 ? 1 : 0;
}

if (import.meta.main) {
  const scenario = readScenario(readFileSync(STORM, 'utf8'), fileURLToPath(STORM));
  process.exitCode = await start(scenario, REPORT_DIRECTORY, process.stdout);
}
