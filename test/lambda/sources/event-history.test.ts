import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../lab/kernel/clock.ts';
import { makeHistory } from '../../../lambda/sources/event-history.ts';
import { type Answer, awsError, dependenciesWith } from '../../support/dependencies.ts';
import { EVENT_TIME_MS, eventText, NOW_MS } from '../../support/records.ts';
import { openTable } from '../../support/table.ts';

const { detail } = JSON.parse(eventText());
const WINDOW = { fromMs: EVENT_TIME_MS + 900, toMs: NOW_MS };
const event = (eventID: string) => ({ CloudTrailEvent: JSON.stringify({ ...detail, eventID }) });

/** Reads pages for as long as it takes. */
function patient(dependencies: Parameters<typeof makeHistory>[0]) {
  const read = makeHistory(dependencies);
  return async (window: typeof WINDOW, nextToken: string | undefined) => {
    const page = await read(window, nextToken, Number.POSITIVE_INFINITY);
    if ('busyUntilMs' in page) throw new Error('expected a page');
    return page;
  };
}

function historyWith(cloudTrail: Answer) {
  const world = dependenciesWith({ cloudTrail });
  const clock = new VirtualClock();
  const calledAtMs: number[] = [];
  const counted: Answer = (sent) => {
    calledAtMs.push(clock.now());
    return cloudTrail(sent);
  };
  const { dependencies, sent } = dependenciesWith({ cloudTrail: counted });
  return { ...world, sent, clock, calledAtMs, read: patient({ ...dependencies, clock }) };
}

describe('the event history', () => {
  test('is asked for RunTask records of a window that begins on a whole second', async () => {
    const { read, sent, clock } = historyWith(() => ({ Events: [event('a')], NextToken: 'next' }));
    const page = read(WINDOW, 'token');
    await clock.run();
    expect(await page).toMatchObject({ records: [{ kind: 'runTaskRecord', eventId: 'a' }], nextToken: 'next' });
    expect(sent.filter(({ name }) => name === 'LookupEventsCommand')).toMatchObject([
      {
        name: 'LookupEventsCommand',
        input: {
          LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'RunTask' }],
          StartTime: new Date(EVENT_TIME_MS),
          EndTime: new Date(NOW_MS),
          MaxResults: 50,
          NextToken: 'token',
        },
      },
    ]);
  });

  test('is read one page a second at most, on the clock that was given', async () => {
    const { read, clock, calledAtMs } = historyWith(() => ({ Events: [] }));
    const pages = (async () => {
      for (let page = 0; page < 10; page++) await read(WINDOW, undefined);
    })();
    const beganAtMs = clock.now();
    await clock.run();
    await pages;
    expect(calledAtMs).toEqual(Array.from({ length: 10 }, (_, second) => beganAtMs + second * 1000));
    // It waits before a page, not after it.
    expect(clock.now()).toBe(beganAtMs + 9000);
  });

  test('is asked again after a throttle', async () => {
    let calls = 0;
    const { read, clock } = historyWith(() => {
      if (++calls < 3) throw awsError('ThrottlingException');
      return {};
    });
    const page = read(WINDOW, undefined);
    await clock.run();
    expect(await page).toEqual({ records: [], unreadable: 0, nextToken: undefined });
    expect(calls).toBe(3);
  });

  test('may hold what nobody can read, and says how much', async () => {
    const { read, clock } = historyWith(() => ({ Events: [{}, { CloudTrailEvent: '{' }, event('b')] }));
    const page = read(WINDOW, undefined);
    await clock.run();
    expect((await page).records.map(({ eventId }) => eventId)).toEqual(['b']);
    expect((await page).unreadable).toBe(2);
  });

  test('is read one page a second by all functions together', async () => {
    const clock = new VirtualClock();
    const table = openTable();
    const calledAtMs: number[] = [];
    const cloudTrail: Answer = () => {
      calledAtMs.push(clock.now());
      return {};
    };
    const reader = () => {
      const { dependencies } = table.open({}, { cloudTrail });
      return patient({ ...dependencies, clock });
    };
    const [one, other] = [reader(), reader()];
    const beganAtMs = clock.now();
    const pages = Promise.all([one, other, one, other].map((read) => read(WINDOW, undefined)));
    // The first request of a real client takes more permits of the event loop than the clock waits for.
    let areRead = false;
    pages.then(() => {
      areRead = true;
    });
    while (!areRead) await clock.run();
    expect(calledAtMs.map((atMs) => Math.round((atMs - beganAtMs) / 1000))).toEqual([0, 1, 2, 3]);
    expect(await table.item('lookups')).toBeDefined();
  });

  test('is asked again no sooner than a second later', async () => {
    let calls = 0;
    const { read, clock, calledAtMs } = historyWith(() => {
      if (++calls < 3) throw awsError('ThrottlingException');
      return {};
    });
    const page = read(WINDOW, undefined);
    await clock.run();
    await page;
    const [first = 0, second = 0] = calledAtMs;
    expect(second - first).toBeGreaterThanOrEqual(1000);
  });

  test('takes no place for whoever would have to wait too long for it, and says when to come back', async () => {
    const { dependencies, named } = dependenciesWith();
    const table = openTable();
    const { dynamoDb } = table.open().dependencies.clients;
    const read = makeHistory({ ...dependencies, clients: { ...dependencies.clients, dynamoDb } });
    await table.put({
      id: { S: 'lookups' },
      version: { N: '1' },
      state: { S: JSON.stringify({ nextAtMs: NOW_MS + 3000 }) },
    });
    const before = await table.item('lookups');
    expect(await read(WINDOW, undefined, 2999)).toEqual({ busyUntilMs: NOW_MS + 3000 });
    expect([await table.item('lookups'), named('LookupEventsCommand')]).toEqual([before, []]);
    expect(await read(WINDOW, undefined, 3000)).toMatchObject({ records: [] });
  });
});
