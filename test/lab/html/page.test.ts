import { describe, expect, test } from 'vitest';
import { renderPage } from '../../../lab/html/page.ts';
import { readConfiguration } from '../../../lib/config/read-config.ts';
import { story, storyWith } from '../story.fixture.ts';

test('the page needs nothing else: nothing is loaded', async () => {
  const page = await renderPage(story());
  expect(page).not.toMatch(/<link|@import|url\(|src=|https?:\/\/(?!www\.w3\.org)/);
});

test('what executions and mails are called cannot end the part of the page that holds them', async () => {
  const mail = { at: 1, subject: '</script><b>', text: '<!-- ' };
  const page = await renderPage(story({ console: { machines: [], executions: [], total: 0, mails: [mail] } }));
  const [, data = ''] = /id="console-data">(.*?)<\/script>/.exec(page) ?? [];
  expect(JSON.parse(data).mails).toEqual([mail]);
});

test('room that is limited has a plot for each limit', async () => {
  const page = await renderPage(story({ room: [{ name: 'Fargate', limit: 250, held: [10, 260] }] }));
  expect(page).toContain('Fargate: 250 tasks at most');
  expect(page).toContain('0:01: 260 tasks');
});

test('names from the scenario are text, not markup', async () => {
  expect(await renderPage(story())).toContain('made &lt;by&gt; hand');
});

test('every figure stands beside its meaning', async () => {
  const rows = (await renderPage(story())).match(
    /<tr><th scope="row">[^<]+<span class="about">[^<]+<\/span><\/th><td class="number">[^<]+<\/td><\/tr>/g,
  );
  expect(rows?.length).toBeGreaterThan(20);
});

describe.each([
  ['gave up', 'deadline', 3],
  ['refused', 'noClientToken', 4],
])('%s', (outcome, reason, number) => {
  test(`is shown with its reason ${reason}`, async () => {
    expect(await renderPage(story())).toMatch(
      new RegExp(
        `<th scope="row">${outcome} <code>${reason}</code><span class="about">[^<]+</span></th><td class="number">${number}</td>`,
      ),
    );
  });
});

test('lost calls stand out, and the verdict says so', async () => {
  const invariants = { lost: 7, duplicated: 0, unreported: 0 };
  const page = await renderPage(storyWith({ invariants }, ['lost: 7']));
  expect(page).toContain('<p class="value bad">7</p>');
  expect(page).toContain('✘ Violated: lost: 7');
});

test('calls that nobody handed over have a card of their own, with what would bring them back', async () => {
  const leftAlone = { calls: 120, callers: ['billing <b>'], rejectedAttempts: 360, areTold: true };
  const page = await renderPage(story({ leftAlone }));
  expect(page).toContain('Throttling took 120 calls of billing &lt;b&gt; that nobody handed over. People were told');
  expect(page).toContain('&quot;handsOver&quot;: true');
  expect(await renderPage(story())).not.toContain('handed over.');
});

test('people’s addresses are not shown', async () => {
  const [environment] = readConfiguration({ cloudTrail: 'existing', notifications: { emails: ['ada@example.com'] } });
  const page = await renderPage(story({ configuration: environment?.configuration }));
  expect(page).not.toContain('ada@');
  expect(page).toContain('<code>{&quot;emails&quot;:1}</code>');
});

test('a run in which nothing happened has its page too', async () => {
  const counts = { callersAccepted: [], oursAccepted: [], callersThrottled: [], oursThrottled: [], permits: [] };
  const page = await renderPage(story({ owed: [], counts }));
  expect(page).not.toMatch(/NaN|Infinity|undefined/);
});
