/**
 * Takes the screenshots of the docs: `npx node scripts/write-screenshots.ts`, with Debian's Chromium. Small ones: a phone and a
 * desktop, one light and one dark.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { renderPage } from '../lab/html/page.ts';
import { report } from '../lab/report/report.ts';
import { StoryRecorder } from '../lab/report/story.ts';
import { readScenario } from '../lab/scenario/scenario.ts';
import { launch, missingChromium } from '../test/live/browser.ts';

const STORM = fileURLToPath(new URL('../lab/scenarios/storm.json', import.meta.url));
const PICTURES = new URL('../docs/pictures/', import.meta.url);

interface Shot {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly colorScheme: 'light' | 'dark';
  /** What to do before, and what is to be at the top. */
  readonly prepare?: (page: Page) => Promise<unknown>;
  readonly top?: string;
}

const openFirst = (page: Page) => page.locator('#rows tr a').first().click();

const SHOTS: readonly Shot[] = [
  { name: 'report', width: 1040, height: 820, colorScheme: 'light' },
  { name: 'report-phone', width: 390, height: 820, colorScheme: 'dark', top: '#recovery' },
  { name: 'execution', width: 1040, height: 930, colorScheme: 'light', prepare: openFirst, top: '#executions' },
  { name: 'executions-phone', width: 390, height: 820, colorScheme: 'dark', top: '#executions' },
];

if (missingChromium !== undefined) throw new Error(missingChromium);
const directory = mkdtempSync(join(tmpdir(), 'screenshots-'));
const file = join(directory, 'index.html');
const recorder = new StoryRecorder();
const result = await report(readScenario(readFileSync(STORM, 'utf8'), STORM), { observe: recorder.listen });
writeFileSync(file, await renderPage(await recorder.tell(result)));
mkdirSync(PICTURES, { recursive: true });
const browser = await launch();
for (const { name, width, height, colorScheme, prepare, top } of SHOTS) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  await page.goto(pathToFileURL(file).href);
  await prepare?.(page);
  if (top) await page.locator(top).evaluate((element) => element.scrollIntoView());
  await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, PICTURES)) });
  await page.close();
}
await browser.close();
rmSync(directory, { recursive: true });
