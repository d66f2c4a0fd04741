import { expect, test } from 'vitest';
import { FakeLogs } from '../../../../lab/aws/cloudwatch/fake-logs.ts';
import { LAB_EPOCH_MS, VirtualClock } from '../../../../lab/kernel/clock.ts';
import { randomStream } from '../../../../lab/kernel/random.ts';

const EPOCH = LAB_EPOCH_MS / 1000;

async function asked(queryString: string, from: number, to: number) {
  const clock = new VirtualClock();
  let scanned = 0;
  const logs = new FakeLogs({ clock, random: randomStream(1, 'logs'), onScanned: (lines) => (scanned += lines) });
  logs.createLogGroup('one');
  logs.createLogGroup('two');
  const lines = [
    { group: 'one', second: 0, id: 'a', kind: 'started' },
    { group: 'two', second: 1, id: 'a', kind: 'started' },
    { group: 'one', second: 2, id: 'b', kind: 'started' },
    { group: 'two', second: 3, kind: 'refused' },
    { group: 'none', second: 3, id: 'c', kind: 'started' },
  ];
  for (const { group, second, ...fields } of lines) clock.after(second * 1000, () => logs.write(group, fields));
  await clock.run({ until: LAB_EPOCH_MS + 10_000 });
  const start = { logGroupNames: ['one', 'two'], queryString, startTime: EPOCH + from, endTime: EPOCH + to };
  const { queryId = '' } = logs.call('StartQuery', start);
  const first = logs.call('GetQueryResults', { queryId });
  clock.after(5000, () => {});
  await clock.run({ until: LAB_EPOCH_MS + 20_000 });
  return { logs, scanned, first, last: logs.call('GetQueryResults', { queryId }) };
}

test('a query counts the lines of its log groups in its time, and takes a while', async () => {
  const { first, last, scanned } = await asked('stats count_distinct(id) as ids, count(*) as lines by kind', 1, 3);
  expect(first).toEqual({ status: 'Running', results: [] });
  const row = (kind: string, ids: string, lines: string) => [
    { field: 'kind', value: kind },
    { field: 'ids', value: ids },
    { field: 'lines', value: lines },
  ];
  expect(last).toEqual({ status: 'Complete', results: [row('started', '2', '2'), row('refused', '0', '1')] });
  expect(scanned).toBe(3);
});

test('the latest value is that of the last line that has one', async () => {
  const { last } = await asked('filter ispresent(kind)\n| stats latest(id) as id', 0, 9);
  expect(last.results).toEqual([[{ field: 'id', value: 'b' }]]);
});

test('of many lines each is found where it was written, and once', () => {
  const clock = new VirtualClock();
  const logs = new FakeLogs({ clock, random: randomStream(1, 'logs'), onScanned: () => {} });
  for (const group of ['even', 'odd']) logs.createLogGroup(group);
  const numbers = Array.from({ length: 4321 }, (_, number) => number);
  for (const number of numbers)
    logs.write(number % 2 === 0 ? 'even' : 'odd', { number, note: 'a “line”\nwith a break' });
  const { events } = logs.call('FilterLogEvents', { logGroupName: 'odd' }) as { events: { message: string }[] };
  expect(events.map(({ message }) => JSON.parse(message))).toEqual(
    numbers.filter((number) => number % 2 === 1).map((number) => ({ number, note: 'a “line”\nwith a break' })),
  );
});

test('what is not known is an error: a log group, a query, a part of the language', async () => {
  const { logs } = await asked('filter kind = "started"', 0, 9);
  const start = { logGroupNames: ['none'], queryString: 'limit 1', startTime: 0, endTime: 1 };
  expect(() => logs.call('StartQuery', start)).toThrow("Log group 'none' does not exist");
  expect(() => logs.call('GetQueryResults', { queryId: 'none' })).toThrow("Query 'none' does not exist");
  const unknown = { ...start, logGroupNames: ['one'], queryString: 'stats pct(id, 9) as x' };
  expect(() => logs.call('StartQuery', unknown)).toThrow('the aggregation pct(id, 9) as x');
});
