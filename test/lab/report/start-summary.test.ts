import { expect, test } from 'vitest';
import { nextSteps, summary, verdict } from '../../../lab/report/start-summary.ts';
import { story } from '../story.fixture.ts';

const figure = (name: string): string | undefined =>
  new RegExp(`^ {2}${name} {2,}(.*?) {2}`, 'm').exec(summary(story()))?.[1];

test.each([
  ['calls made', '1,200'],
  ['taken by throttling', '1,001'],
  ['brought back', '1,001'],
  ['lost', '0'],
  ['duplicated', '0'],
  ['unreported', '0'],
  ['RunTask calls per re-run', '1.00'],
  ['time to bring all back', '2 min 50 s'],
  ['live traffic throttled', '3.00 %'],
  ['cost per 1,000 re-runs', '$0.14'],
])('the summary says %s: %s', (name, value) => {
  expect(figure(name)).toBe(value);
});

test('it begins with the verdict and ends with how long it took', () => {
  const lines = summary(story()).split('\n');
  expect(lines[0]).toBe('✔ 1,001 calls brought back: none lost, none run twice.');
  expect(lines.at(-1)).toBe('  Played 3 min 20 s of virtual time in 1.5 s.');
});

test('calls that nobody handed over are counted, with what would bring them back', () => {
  const leftAlone = { calls: 120, callers: ['billing'], rejectedAttempts: 360, areTold: true };
  const text = summary(story({ leftAlone }));
  expect(text).toMatch(/^ {2}not handed over +120 {2}calls of billing: people were told$/m);
  expect(text).toContain('The records of 360 rejected attempts hold no request');
  expect(text).toContain('"handsOver": true');
  expect(summary(story({ leftAlone: { ...leftAlone, areTold: false } }))).toContain('nobody was told');
  expect(summary(story())).not.toContain('handed over');
});

test('each violation has its line', () => {
  expect(verdict(['lost: 3', 'duplicated: 1'], 10)).toBe('✘ violated: lost: 3\n✘ violated: duplicated: 1');
});

test('the next steps name the report, a scenario to play, and how to deploy', () => {
  const text = nextSteps('file:///x/index.html');
  for (const part of ['file:///x/index.html', 'npm run lab -- lab/scenarios/', 'README.md'])
    expect(text).toContain(part);
});
