import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ECS, type RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { SQS } from '@aws-sdk/client-sqs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderPage } from '../../lab/html/page.ts';
import { count, duration, ratio } from '../../lab/report/format.ts';
import { type Report, report } from '../../lab/report/report.ts';
import { StoryRecorder } from '../../lab/report/story.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';
import { accessibilityProblems, launch, missingChromium, overflows, SCHEMES, WIDTHS } from './browser.ts';
import { startLive } from './live-lab.fixture.ts';

/** The pages in a browser, on a phone, a tablet and a desktop, light and dark. */

if (missingChromium !== undefined) console.error(`SKIPPED: the pages in a browser, as ${missingChromium}`);

const SCREENS = WIDTHS.flatMap((width) => SCHEMES.map((colorScheme) => ({ width, colorScheme })));
const SCENARIO = new URL('../../lab/scenarios/handed-over.json', import.meta.url);

/** As it is in the project, with room for fewer tasks than there are, so that its page has every part. */
function scenario() {
  const given = JSON.parse(readFileSync(SCENARIO, 'utf8'));
  const room = [{ kind: 'fargate', tasks: 60 }];
  return readScenario(JSON.stringify({ ...given, account: { ...given.account, room } }), 'page.json');
}

describe.skipIf(missingChromium !== undefined)('in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  const open = async (url: string, screen: { width: number; colorScheme: 'light' | 'dark' }) => {
    const page = await browser.newPage({
      viewport: { width: screen.width, height: 900 },
      colorScheme: screen.colorScheme,
    });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) complaints.push(request.url());
    });
    await page.goto(url);
    return { page, complaints };
  };

  const rows = (page: Page) => page.locator('#rows tr');

  describe('the page of a finished run', () => {
    let directory: string;
    let url: string;
    let figures: Report;
    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'page-'));
      const recorder = new StoryRecorder();
      const result = await report(scenario(), { observe: recorder.listen });
      figures = result.report;
      const file = join(directory, 'index.html');
      writeFileSync(file, await renderPage(await recorder.tell(result)));
      url = pathToFileURL(file).href;
    });
    afterAll(() => rmSync(directory, { recursive: true }));

    test.each(SCREENS)('is whole and accessible at $width px, $colorScheme', async (screen) => {
      const { page, complaints } = await open(url, screen);
      for (const details of await page.locator('details').all()) await details.locator('summary').first().click();
      expect(await overflows(page)).toEqual([]);
      expect(await accessibilityProblems(page)).toEqual([]);
      await rows(page).first().locator('a').click();
      await page.locator('#execution h3').waitFor();
      expect(await overflows(page)).toEqual([]);
      expect(await accessibilityProblems(page)).toEqual([]);
      // Nothing is loaded beside the file itself, and its script has nothing to complain of.
      expect(complaints).toEqual([]);
      await page.close();
    });

    test('shows the figures of the JSON report', async () => {
      const { page } = await open(url, { width: 1280, colorScheme: 'light' });
      const texts = await page
        .locator('#figures tbody tr')
        .evaluateAll((found) =>
          found.map((row) => [row.querySelector('th')?.firstChild?.textContent, row.querySelector('td')?.textContent]),
        );
      const { calls, invariants, ecs, drain, workflow, notifications } = figures;
      expect(Object.fromEntries(texts)).toMatchObject({
        'Calls made': count(calls.made),
        Throttled: count(calls.throttled),
        Owed: count(calls.owed),
        Lost: count(invariants.lost),
        Duplicated: count(invariants.duplicated),
        'RunTask calls of ours': count(ecs.runTaskCalls),
        'Calls per re-run': ratio(ecs.callsPerRerun),
        Drain: duration(drain.seconds),
        'Wait, 99 %': duration(drain.waitSeconds.p99),
        Executions: count(workflow.executions),
        Notifications: count(notifications),
      });
      expect(await page.locator('#mails li').count()).toBe(notifications);
      const waits = await page
        .locator('#waits tbody tr')
        .evaluateAll((found) =>
          found.map((row) => [...row.querySelectorAll('th, td')].slice(0, 3).map((cell) => cell.textContent)),
        );
      const byCaller = Object.entries(figures.byCaller);
      expect(waits).toEqual(byCaller.map(([name, { owed, started }]) => [name, count(owed), count(started)]));
      await page.locator('#search').fill('started');
      await page.locator('#status').selectOption('SUCCEEDED');
      await expect
        .poll(() => page.locator('#found').textContent())
        .toContain(`${figures.reruns.started} executions found`);
      await page.close();
    });

    test('is searched and read with the keyboard alone', async () => {
      const { page } = await open(url, { width: 1280, colorScheme: 'light' });
      await page.locator('#search').focus();
      await page.keyboard.type('exporter');
      await expect.poll(() => page.locator('#rows .about').first().textContent()).toContain('exporter');
      for (let step = 0; step < 4; step++) await page.keyboard.press('Tab');
      const name = await page.evaluate(() => document.activeElement?.textContent);
      await page.keyboard.press('Enter');
      await page.locator('#execution h3').waitFor();
      // A screen reader goes on from what is focused.
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(name);
      const states = await page
        .locator('#execution .history th[scope=row]')
        .evaluateAll((cells) => cells.map((cell) => cell.firstChild?.textContent));
      expect(states).toEqual(expect.arrayContaining(['Wait for a permit', 'Run the task', 'Started']));
      expect(await page.locator('#execution .drawing svg').getAttribute('aria-label')).toContain('Wait for a permit');
      expect(await page.locator('#execution .node.passed').count()).toBe(new Set(states).size);
      await page.goBack();
      await rows(page).first().waitFor();
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(name);
      await page.close();
    });
  });

  test('the page of the live lab shows a call that is handed over, and who waits', async () => {
    const lab = await startLive({ speed: 10 });
    const client = {
      endpoint: lab.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'scheduler', secretAccessKey: 'lab' },
    };
    const request = {
      cluster: 'night',
      taskDefinition: 'nightly-report',
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0night'] } },
    } satisfies RunTaskCommandInput;
    try {
      const { page, complaints } = await open(lab.url, { width: 390, colorScheme: 'dark' });
      const ecs = new ECS({ ...client, maxAttempts: 1 });
      const answers = await Promise.allSettled(Array.from({ length: 20 }, () => ecs.runTask(request)));
      expect(answers.some(({ status }) => status === 'rejected')).toBe(true);
      await new SQS(client).sendMessage({
        QueueUrl: lab.world.handOverQueueUrl?.replace(/^https:\/\/[^/]+/, lab.url),
        MessageBody: JSON.stringify({ request, key: 'by hand' }),
      });
      await expect
        .poll(() => rows(page).first().textContent(), { timeout: 20_000 })
        .toContain('nightly-report · scheduler');
      await expect.poll(() => rows(page).first().textContent(), { timeout: 20_000 }).toContain('Succeeded');
      await expect.poll(() => page.locator('#live-waits').textContent()).toContain('scheduler');
      expect(await overflows(page)).toEqual([]);
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    } finally {
      await lab.end();
    }
  });
});
