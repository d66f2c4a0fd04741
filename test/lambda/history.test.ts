import { describe, expect, test } from 'vitest';
import { makeHistory } from '../../lambda/history.ts';
import { VirtualClock } from '../../local/kernel/clock.ts';
import { EVENT_TIME_MS, eventText, NOW_MS } from '../support/records.ts';
import { type Answer, awsError, wiringWith } from '../support/wiring.ts';

const { detail } = JSON.parse(eventText());
const WINDOW = { fromMs: EVENT_TIME_MS + 900, toMs: NOW_MS };
const event = (eventID: string) => ({ CloudTrailEvent: JSON.stringify({ ...detail, eventID }) });

function historyWith(cloudTrail: Answer) {
  const world = wiringWith({ cloudTrail });
  const clock = new VirtualClock();
  const calledAtMs: number[] = [];
  const counted: Answer = (sent) => {
    calledAtMs.push(clock.now());
    return cloudTrail(sent);
  };
  const { wiring, sent } = wiringWith({ cloudTrail: counted });
  return { ...world, sent, clock, calledAtMs, read: makeHistory({ ...wiring, clock }) };
}

describe('the event history', () => {
  test('is asked for RunTask records of a window that begins on a whole second', async () => {
    const { read, sent, clock } = historyWith(() => ({ Events: [event('a')], NextToken: 'next' }));
    const page = read(WINDOW, 'token');
    await clock.run();
    expect(await page).toMatchObject({ records: [{ kind: 'runTaskRecord', eventId: 'a' }], nextToken: 'next' });
    expect(sent).toMatchObject([
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
    expect(clock.now()).toBe(beganAtMs + 10_000);
  });

  test('is asked again after a throttle', async () => {
    let calls = 0;
    const { read, clock } = historyWith(() => {
      if (++calls < 3) throw awsError('ThrottlingException');
      return {};
    });
    const page = read(WINDOW, undefined);
    await clock.run();
    expect(await page).toEqual({ records: [], nextToken: undefined });
    expect(calls).toBe(3);
  });

  test('may hold what nobody can read', async () => {
    const { read, clock } = historyWith(() => ({ Events: [{}, { CloudTrailEvent: '{' }, event('b')] }));
    const page = read(WINDOW, undefined);
    await clock.run();
    expect((await page).records.map(({ eventId }) => eventId)).toEqual(['b']);
  });

  // Known defect: a retry follows after a fraction of a second, while its account has two requests a second in all.
  test.fails('is asked again no sooner than a second later', async () => {
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
});
