import { type BatchGetItemCommand, ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { InvalidToken, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lab/kernel/clock.ts';
import { randomStream, uniform } from '../../lab/kernel/random.ts';
import { initialRate, type RateState } from '../../lambda/core/rate/rate-state.ts';
import { countTask, findFull } from '../../lambda/core/rate/room.ts';
import { NO_ROOMS } from '../../lambda/core/rate/room-state.ts';
import type { RateSettings } from '../../lambda/core/settings.ts';
import { makeHandler } from '../../lambda/rate-limiter.ts';
import {
  ANSWERED,
  type Answers,
  awsError,
  dependenciesWith,
  failing,
  type Sent,
  sqsEvent,
} from '../support/dependencies.ts';
import { foundItems } from '../support/found-items.ts';
import { NOW_MS } from '../support/records.ts';
import { openTable, TABLES } from '../support/table.ts';

const ONE_PER_SECOND: RateSettings = { initialPerSecond: 1, minPerSecond: 0.1, maxPerSecond: 10 };
const PULSE_MS = 325;
/** When the pulse is due that follows an instant; both in milliseconds from now. */
const pulse = (inMs: number) => Math.ceil((NOW_MS + inMs) / PULSE_MS) * PULSE_MS - NOW_MS;
const instant = (ms: number) => new Date(ms).toISOString();
const parkedUntil = instant(NOW_MS + 900_000);
const parked = (...tokens: string[]) => tokens.map((taskToken) => JSON.stringify({ taskToken, parkedUntil }));

/** Hands out permits to one batch; the clock is turned forward by hand, since several wait at once. */
async function rateLimiter(bodies: readonly string[], answers: Answers = {}, rate = ONE_PER_SECOND) {
  const grants: { token: string; atMs: number }[] = [];
  const sfn = (sent: Sent) => {
    grants.push({ token: sent.input.taskToken, atMs: Date.parse(JSON.parse(sent.input.output).grantedAt) });
    return answers.sfn?.(sent) ?? {};
  };
  const world = dependenciesWith({ ...answers, sfn }, { rate });
  const clock = virtualClock();
  const { batchItemFailures } = await makeHandler({ ...world.dependencies, clock })(sqsEvent(...bodies));
  const stored: RateState[] = world.named('PutItemCommand').map(({ input }) => JSON.parse(input.Item.state.S));
  return { ...world, grants, stored, failed: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier) };
}

/** Sleepers wake in the order of their times, each at its own. */
function virtualClock() {
  let nowMs = NOW_MS;
  const sleepers: { untilMs: number; wake: () => void }[] = [];
  const wakeNext = () => {
    sleepers.sort((a, b) => a.untilMs - b.untilMs);
    const next = sleepers.shift();
    nowMs = Math.max(nowMs, next?.untilMs ?? 0);
    next?.wake();
  };
  return {
    now: () => nowMs,
    sleep: (ms: number) =>
      new Promise<void>((wake) => {
        sleepers.push({ untilMs: nowMs + ms, wake });
        setImmediate(wakeNext);
      }),
  };
}

/** SQS with so many messages that wait, and what was removed of them. */
function waiting(total: number) {
  let next = 0;
  const removed: string[] = [];
  const sqs = ({ name, input }: Sent) => {
    if (name === 'DeleteMessageBatchCommand')
      removed.push(...input.Entries.map(({ ReceiptHandle }: never) => ReceiptHandle));
    if (name !== 'ReceiveMessageCommand') return {};
    const count = Math.min(10, total - next);
    const Messages = Array.from({ length: count }, () => {
      next += 1;
      return { MessageId: `w${next}`, ReceiptHandle: `r${next}`, Body: parked(`token-${next}`)[0] };
    });
    return { Messages };
  };
  return { sqs, removed };
}
const tokens = (count: number) => parked(...Array.from({ length: count }, (_, n) => `first-${n}`));

describe('where permits are due faster than event sources bring messages', () => {
  const FAST: RateSettings = { initialPerSecond: 500, minPerSecond: 500, maxPerSecond: 500 };

  test('the next are fetched at once, and more each time, so that a write covers more permits', async () => {
    const { sqs, removed } = waiting(120);
    const { grants, stored, named, lines, failed } = await rateLimiter(tokens(10), { sqs }, FAST);
    expect(grants).toHaveLength(130);
    expect(stored.length).toBeLessThanOrEqual(6);
    expect(failed).toEqual([]);
    expect(removed.toSorted()).toEqual(Array.from({ length: 120 }, (_, n) => `r${n + 1}`).toSorted());
    expect(named('DeleteMessageBatchCommand').every(({ input }) => input.Entries.length <= 10)).toBe(true);
    expect(lines).toMatchObject([{ taken: 130, notDue: 0 }]);
  });

  test('what nobody could be given stays in the queue', async () => {
    const { sqs, removed } = waiting(10);
    const { lines } = await rateLimiter(
      tokens(10),
      {
        sqs,
        sfn: ({ input }) => {
          if (input.taskToken === 'token-3') throw awsError('AccessDeniedException');
          return {};
        },
      },
      FAST,
    );
    expect(removed).toHaveLength(9);
    expect(removed).not.toContain('r3');
    expect(lines.at(-1)).toMatchObject({ taken: 19, failed: 1 });
  });

  test('nothing is fetched where a batch was not full, or was not due at once', async () => {
    const { named } = await rateLimiter(tokens(9), waiting(10), FAST);
    expect(named('ReceiveMessageCommand')).toEqual([]);
    const slow = await rateLimiter(tokens(10), waiting(10), {
      ...FAST,
      initialPerSecond: 5,
      minPerSecond: 5,
      maxPerSecond: 5,
    });
    expect(slow.named('ReceiveMessageCommand')).toEqual([]);
  });

  test('a queue that cannot be read or written costs nobody a permit', async () => {
    const refuse = () => {
      throw awsError('AccessDenied');
    };
    const unreadable = await rateLimiter(tokens(10), { sqs: refuse }, FAST);
    expect(unreadable).toMatchObject({ failed: [], grants: { length: 10 } });
    expect(unreadable.lines).toMatchObject([{ message: 'the rate limiter could not receive messages' }, { taken: 10 }]);
    const { sqs } = waiting(10);
    const unwritable = await rateLimiter(
      tokens(10),
      { sqs: (sent) => (sent.name === 'DeleteMessageBatchCommand' ? refuse() : sqs(sent)) },
      FAST,
    );
    expect(unwritable.lines).toMatchObject([{ message: 'the rate limiter could not remove messages' }, { taken: 20 }]);
  });
});

describe('the rate limiter', () => {
  test('hands out each permit at its time', async () => {
    const { grants, failed, lines, metrics } = await rateLimiter(parked('a', 'b', 'c'));
    expect(grants).toEqual([
      // The first is due 0.7 s ago: that much it may catch up.
      { token: 'a', atMs: NOW_MS },
      { token: 'b', atMs: NOW_MS + pulse(300) },
      { token: 'c', atMs: NOW_MS + pulse(1300) },
    ]);
    expect(failed).toEqual([]);
    expect(lines).toEqual([
      { level: 'info', message: 'permits', taken: 3, gone: 0, failed: 0, done: 0, notDue: 0, noRoom: 0, expired: 0 },
    ]);
    expect(metrics).toEqual([{ name: 'Permit', value: 3, dimensions: {} }]);
  });

  test('reserves permits by one write, before it hands out the first', async () => {
    const { sent, stored } = await rateLimiter(parked('a', 'b', 'c'), {}, { ...ONE_PER_SECOND, initialPerSecond: 4 });
    const names = sent.map(({ name }) => name).filter((name) => name !== 'ReceiveMessageCommand');
    // What is known of the traffic is read first.
    expect(new Set(names.slice(0, -4))).toEqual(new Set(['BatchGetItemCommand']));
    expect(names.slice(-4)).toEqual(['PutItemCommand', ...Array(3).fill('SendTaskSuccessCommand')]);
    expect(stored).toMatchObject([{ nextPermitAtMs: NOW_MS - 700 + 750 }]);
  });

  test('reserves no further ahead than it could bear to be wrong, and goes on when that is handed out', async () => {
    const { grants, stored, failed } = await rateLimiter(
      parked('a', 'b', 'c', 'd'),
      {},
      { ...ONE_PER_SECOND, minPerSecond: 1, maxPerSecond: 1 },
    );
    expect(stored.length).toBeGreaterThan(2);
    expect(grants.map(({ atMs }) => atMs - NOW_MS)).toEqual([0, ...[300, 1300, 2300].map(pulse)]);
    expect(failed).toEqual([]);
  });

  test('looks up all calls of a batch, and their rooms, in one request', async () => {
    const doneBy = { sinceMs: 0, count: 1, digest: 'digest' };
    const bodies = ['a', 'b'].map((callId) =>
      JSON.stringify({ ...JSON.parse(parked(callId)[0] ?? ''), callId, doneBy }),
    );
    const { named } = await rateLimiter(bodies);
    const ids = named('BatchGetItemCommand').map(({ input }) =>
      input.RequestItems.state.Keys.map(({ id }: { id: { S: string } }) => id.S.replace(/#\d+$/, '')),
    );
    expect(ids.slice(0, 2)).toEqual([
      ['rooms', 'accepted#a', 'accepted#b'],
      ['pause', ...Array(ids[1]?.length - 1).fill('traffic')],
    ]);
  });

  test('writes nothing where nothing is due', async () => {
    const slow = { initialPerSecond: 0.5, minPerSecond: 0.5, maxPerSecond: 0.5 };
    const { grants, stored } = await rateLimiter(parked('a', 'b', 'c'), {}, slow);
    expect(grants.map(({ atMs }) => atMs - NOW_MS)).toEqual([0, pulse(1300)]);
    expect(stored.map(({ nextPermitAtMs }) => nextPermitAtMs - NOW_MS)).toEqual([1300, 3300]);
  });

  test('gives back at once what is not due for as long as it works: others must not wait behind it', async () => {
    const slow = { initialPerSecond: 0.5, minPerSecond: 0.5, maxPerSecond: 0.5 };
    const { grants, failed, lines, sent } = await rateLimiter(parked('a', 'b', 'c', 'd'), {}, slow);
    expect(grants.map(({ token }) => token)).toEqual(['a', 'b']);
    expect(failed).toEqual(['m2', 'm3']);
    const released = sent.filter(({ name }) => name === 'ChangeMessageVisibilityCommand').map(({ input }) => input);
    expect(released).toMatchObject(['h2', 'h3'].map((ReceiptHandle) => ({ ReceiptHandle, VisibilityTimeout: 0 })));
    expect(lines).toMatchObject([{ taken: 2, notDue: 2 }]);
  });

  test('leaves to the visibility timeout what it cannot give back', async () => {
    const slow = { initialPerSecond: 0.01, minPerSecond: 0.01, maxPerSecond: 0.01 };
    const { failed, lines } = await rateLimiter(
      parked('a', 'b'),
      { sqs: failing([awsError('ServiceUnavailable')]) },
      slow,
    );
    expect(failed).toEqual(['m1']);
    expect(lines).toMatchObject([{ level: 'error', messageId: 'm1', error: 'ServiceUnavailable' }, { notDue: 1 }]);
  });

  test.each([TaskTimedOut, TaskDoesNotExist, InvalidToken])(
    'deletes the message of a token that is gone (%o)',
    async (Gone) => {
      const { failed, lines, metrics } = await rateLimiter(parked('a', 'b'), { sfn: failing([new Gone(ANSWERED)]) });
      expect(failed).toEqual([]);
      expect(lines).toMatchObject([{ taken: 1, gone: 1 }]);
      expect(metrics).toMatchObject([{ value: 1 }]);
    },
  );

  test('tries again on the clock it was given, and then leaves the message to the queue', async () => {
    const once = await rateLimiter(parked('a'), { sfn: failing([awsError('ThrottlingException')]) });
    expect([once.failed, once.grants.length]).toEqual([[], 2]);
    const always = await rateLimiter(parked('a'), {
      sfn: failing(Array(9).fill(awsError('ThrottlingException', 'canary'))),
    });
    expect([always.failed, always.grants.length]).toEqual([['m0'], 6]);
    expect(always.lines).toMatchObject([
      { level: 'error', messageId: 'm0', error: 'ThrottlingException' },
      { failed: 1 },
    ]);
    expect(always.told()).not.toContain('canary');
  });

  test('gives back permits that nobody took, with its next reservation', async () => {
    const world = dependenciesWith({ sfn: failing([new TaskTimedOut(ANSWERED)]) }, { rate: ONE_PER_SECOND });
    const handler = makeHandler({ ...world.dependencies, clock: virtualClock() });
    await handler(sqsEvent(...parked('a', 'b')));
    await handler(sqsEvent(...parked('c')));
    const grants = world
      .named('PutItemCommand')
      .map(({ input }) => Object.values<number>(JSON.parse(input.Item.state.S).grants).reduce((sum, n) => sum + n, 0));
    // Of three that were granted two were taken by nobody.
    expect(Math.max(...grants)).toBe(2);
  });

  test.each([
    ['none', 'canary'],
    ['an empty one', '{}'],
    ['one without a token', JSON.stringify({ parkedUntil })],
    ['one of an execution that has parked anew', JSON.stringify({ taskToken: 'canary', parkedUntil: instant(NOW_MS) })],
    ['one that asks for more permits than any call', JSON.stringify({ taskToken: 'canary', parkedUntil, tasks: 1e9 })],
    ['null', 'null'],
  ])('drops a message that nobody waits for, without a permit: %s', async (_, body) => {
    const { failed, stored, grants, lines, told } = await rateLimiter([body, ...parked('b')]);
    expect(failed).toEqual([]);
    expect(grants).toEqual([{ token: 'b', atMs: NOW_MS }]);
    expect(stored).toMatchObject([{ nextPermitAtMs: NOW_MS + 300 }]);
    expect(lines).toMatchObject([{ level: 'info', taken: 1, expired: 1 }]);
    expect(told()).not.toContain('canary');
  });

  test('hands out no permit while people hold them all, and keeps every message', async () => {
    const { grants, stored, failed, lines } = await rateLimiter(parked('a', 'b'), {
      dynamoDb: (sent) => (sent.name === 'BatchGetItemCommand' ? foundItems(sent, { id: { S: 'pause' } }) : {}),
    });
    expect([grants, stored, failed]).toEqual([[], [], ['m0', 'm1']]);
    expect(lines).toMatchObject([{ taken: 0, notDue: 2 }]);
  });

  test.each(TABLES)('hands out no permit twice where two work at once, in %s', async (_, openTable) => {
    const table = openTable();
    const dueAfterMs: number[] = [];
    const clock = { now: () => NOW_MS, sleep: async (ms: number) => void dueAfterMs.push(ms) };
    const rate = { initialPerSecond: 50, minPerSecond: 50, maxPerSecond: 50 };
    const invocations = ['a', 'b'].map((name) => {
      const { dependencies } = table.open({ rate });
      const tokens = Array.from({ length: 10 }, (_, n) => `${name}${n}`);
      return makeHandler({ ...dependencies, clock })(sqsEvent(...parked(...tokens)));
    });
    expect(await Promise.all(invocations)).toEqual([{ batchItemFailures: [] }, { batchItemFailures: [] }]);
    // The first is due 0.7 s ago, and one more every fiftieth of a second.
    expect(dueAfterMs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => pulse(n * 20 - 700)));
    const { grants } = JSON.parse((await table.item('rate'))?.state?.S ?? '');
    expect(Object.values<number>(grants).reduce((sum, n) => sum + n, 0)).toBe(20);
  });

  /** When each of five that work at once hands out its first permit, in milliseconds from the start, where each request takes its time. */
  async function firstPermits(seed: number): Promise<readonly number[]> {
    const table = openTable();
    const clock = new VirtualClock();
    const random = randomStream(seed, 'latency');
    const latency = () => clock.sleep(uniform(random, [5, 30]));
    const startedAtMs = clock.now();
    const rate = { initialPerSecond: 12, minPerSecond: 12, maxPerSecond: 12 };
    const firstAtMs = ['a', 'b', 'c', 'd', 'e'].map(async (name) => {
      const permitsMs: number[] = [];
      const sfn = () => ({ permit: permitsMs.push(clock.now() - startedAtMs) });
      const { dependencies } = table.open({ rate }, { sfn });
      const { clients } = dependencies;
      const send = async (command: BatchGetItemCommand) => {
        await latency();
        const answer = await clients.dynamoDb.send(command);
        await latency();
        return answer;
      };
      const dynamoDb = { send } as typeof clients.dynamoDb;
      const parkedUntil = instant(startedAtMs + 900_000);
      const bodies = Array.from({ length: 10 }, (_, n) => JSON.stringify({ taskToken: name + n, parkedUntil }));
      await latency();
      await makeHandler({ ...dependencies, clients: { ...clients, dynamoDb }, clock })(sqsEvent(...bodies));
      return permitsMs[0] ?? Number.POSITIVE_INFINITY;
    });
    await clock.run();
    return Promise.all(firstAtMs);
  }

  test('takes turns where a pulse has permits for a part of one batch only: nobody waits for chance', async () => {
    const worst: number[] = [];
    for (let seed = 1; seed <= 10; seed++) worst.push(Math.max(...(await firstPermits(seed))));
    expect(Math.max(...worst)).toBeLessThanOrEqual(6 * PULSE_MS);
  });

  test('works within the limits that are configured now, whatever rate was stored', async () => {
    const state = JSON.stringify({ ...initialRate(ONE_PER_SECOND), nextPermitAtMs: NOW_MS });
    const Item = { version: { N: '7' }, state: { S: state } };
    const put = failing([new ConditionalCheckFailedException({ ...ANSWERED, Item })]) as () => unknown;
    const { grants } = await rateLimiter(
      parked('a', 'b', 'c'),
      { dynamoDb: ({ name }) => (name === 'PutItemCommand' ? put() : {}) },
      { minPerSecond: 10, initialPerSecond: 10, maxPerSecond: 10 },
    );
    expect((grants[2]?.atMs ?? 0) - NOW_MS).toBeLessThan(500 + PULSE_MS);
  });
});

test('only a permit that comes with places says that there is too little room', async () => {
  const rooms = findFull(NO_ROOMS, { room: 'fargate', atMs: NOW_MS - 1000, family: '' }, NOW_MS);
  const freed = countTask(rooms, 'fargate', { isOurs: true, family: '', takenMs: 0, freedMs: NOW_MS - 500 }, NOW_MS);
  const dynamoDb = (sent: Sent) =>
    sent.name === 'BatchGetItemCommand'
      ? foundItems(sent, { id: { S: 'rooms' }, version: { N: '1' }, state: { S: JSON.stringify(freed) } })
      : {};
  const [short, other] = [
    { taskToken: 'short', parkedUntil, rooms: ['fargate'] },
    { taskToken: 'other', parkedUntil },
  ];
  const { named } = await rateLimiter([JSON.stringify(short), JSON.stringify(other)], { dynamoDb });
  const outputs = named('SendTaskSuccessCommand').map(({ input }) => [
    input.taskToken,
    JSON.parse(input.output).isRoomShort,
  ]);
  expect(Object.fromEntries(outputs)).toEqual({ short: true, other: undefined });
});

describe('on a table', () => {
  const ROOM = 'fargate';
  const CALL = { parkedUntil, rooms: [ROOM], callId: 'call', doneBy: { sinceMs: NOW_MS, count: 1, digest: 'digest' } };
  const SLOW: RateSettings = { initialPerSecond: 0.1, minPerSecond: 0.1, maxPerSecond: 0.1 };

  /** Plays one batch of two calls in a room with two places, of which the caller may have got one through itself. */
  async function play({ sfn, isDone = false }: { sfn?: Answers['sfn']; isDone?: boolean }) {
    const table = openTable();
    let rooms = findFull(NO_ROOMS, { room: ROOM, atMs: NOW_MS - 1000, family: '' }, NOW_MS);
    for (const freedMs of [NOW_MS - 500, NOW_MS - 400])
      rooms = countTask(rooms, ROOM, { isOurs: true, family: '', takenMs: 0, freedMs }, NOW_MS);
    await table.put({ id: { S: 'rooms' }, version: { N: '1' }, state: { S: JSON.stringify(rooms) } });
    const acceptance = { atMs: NOW_MS, taskArns: ['a'], digest: 'digest' };
    if (isDone) await table.put({ id: { S: 'accepted#call' }, record: { S: JSON.stringify(acceptance) } });
    const world = table.open({ rate: SLOW }, sfn ? { sfn } : {});
    const calls = [
      { ...CALL, taskToken: 'first' },
      { ...CALL, taskToken: 'second', callId: 'another' },
    ];
    const { batchItemFailures } = await makeHandler({ ...world.dependencies, clock: virtualClock() })(
      sqsEvent(...calls.map((call) => JSON.stringify(call))),
    );
    const answered = world.named('SendTaskSuccessCommand').map(({ input }) => input.taskToken);
    const state = JSON.parse((await table.item('rooms'))?.state?.S ?? '');
    const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    return { answered, placesTaken: state.rooms[ROOM].granted.length, failed, lines: world.lines };
  }

  test('a place goes with its permit; one whose permit is not due in time goes back', async () => {
    expect(await play({})).toMatchObject({ answered: ['first'], placesTaken: 1, failed: ['m1'] });
  });

  test('a place whose permit nobody took goes back', async () => {
    const sfn = failing([new TaskTimedOut(ANSWERED)]);
    expect(await play({ sfn })).toMatchObject({ answered: ['first'], placesTaken: 0, failed: ['m1'] });
  });

  test('a call that its caller got through hears of it, and takes neither permit nor place', async () => {
    const { answered, placesTaken, failed, lines } = await play({ isDone: true });
    expect([answered, placesTaken, failed]).toEqual([['first', 'second'], 1, []]);
    expect(lines).toMatchObject([{ taken: 1, done: 1 }]);
  });

  test('a call that could not be told so is told again', async () => {
    const sfn: Answers['sfn'] = ({ input }) => {
      if (input.taskToken === 'first') throw awsError('AccessDeniedException');
      return {};
    };
    expect((await play({ sfn, isDone: true })).failed).toEqual(['m0']);
  });
});
