import { expect, test } from 'vitest';
import { plotsOf } from '../../../lab/html/plots.ts';
import { story } from '../story.fixture.ts';

test('the curves end with every call that was lost and every call that came back', () => {
  const { text } = plotsOf(story()).recovery;
  expect(text).toContain('0:00: 3 lost, 0 brought back, 3 waiting');
  expect(text).toContain('0:40: 3 lost, 3 brought back, 0 waiting');
});

test('callers and re-runs are told apart, second by second', () => {
  const { accepted, throttled } = plotsOf(story());
  expect(accepted.text).toContain('0:02: callers 20, re-runs 10 per second');
  expect(throttled.text).toContain('0:00: callers 3, re-runs 0 throttled per second');
});

test('a delay lasts from the loss to the return', () => {
  expect(plotsOf(story()).waits.text).toContain('half: 32 s');
});

test('the two marks of the delays are one where they would lie on each other', () => {
  const alike = story({ owed: [1, 2, 3].map((at) => ({ lostAt: at, backAt: at + 30 })) });
  expect(plotsOf(alike).waits.text).not.toContain('>99 %');
});

test('a call that never came back has no delay and stays waiting', () => {
  const { recovery, waits } = plotsOf(story({ owed: [{ lostAt: 0, backAt: undefined }] }));
  expect(recovery.text).toContain('0:02: 1 lost, 0 brought back, 1 waiting');
  expect(waits.text).not.toContain('>99 %');
});

test('each plot has its figures as a table, too', () => {
  const { accepted, recovery } = plotsOf(story());
  expect(accepted.text).toContain(
    '<tr><th scope="row">0:02</th><td class="number">10</td><td class="number">5</td></tr>',
  );
  expect(recovery.text).toContain('<td class="number">3</td>');
});

test('a day of virtual time is drawn with no more bins than fit', () => {
  const counts = { ...story().counts, permits: new Array<number>(86_400).fill(1) };
  expect(plotsOf(story({ counts })).accepted.text.match(/<title>/g)?.length).toBeLessThanOrEqual(120);
});
