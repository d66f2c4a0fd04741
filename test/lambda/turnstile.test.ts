import { InvalidToken, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import type { PaceSettings } from '../../lambda/core/settings.ts';
import { makeHandler } from '../../lambda/turnstile.ts';
import { NOW_MS } from '../support/records.ts';
import { type Answers, awsError, failing, type Sent, sqsEvent, wiringWith } from '../support/wiring.ts';

const ONE_PER_SECOND: PaceSettings = { initialPerSecond: 1, minPerSecond: 0.1, maxPerSecond: 10 };
const parked = (...tokens: string[]) => tokens.map((taskToken) => JSON.stringify({ taskToken }));
const answered = { message: '', $metadata: {} };

/** Hands out turns to one batch; the clock is turned forward by hand, since several wait at once. */
async function turnstile(bodies: readonly string[], answers: Answers = {}, pace = ONE_PER_SECOND) {
  const grants: { token: string; atMs: number }[] = [];
  const sfn = (sent: Sent) => {
    grants.push({ token: sent.input.taskToken, atMs: Date.parse(JSON.parse(sent.input.output).grantedAt) });
    return answers.sfn?.(sent) ?? {};
  };
  const world = wiringWith({ ...answers, sfn }, { pace });
  const clock = virtualClock();
  const { batchItemFailures } = await makeHandler({ ...world.wiring, clock })(sqsEvent(...bodies));
  const stored = world.named('PutItemCommand').map(({ input }) => JSON.parse(input.Item.state.S).nextTurnAtMs);
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

describe('the turnstile', () => {
  test('hands out each turn at its time', async () => {
    const { grants, failed, lines, metrics } = await turnstile(parked('a', 'b', 'c'));
    expect(grants).toEqual([
      // The first is due half a second ago: that much it may catch up.
      { token: 'a', atMs: NOW_MS },
      { token: 'b', atMs: NOW_MS + 500 },
      { token: 'c', atMs: NOW_MS + 1500 },
    ]);
    expect(failed).toEqual([]);
    expect(lines).toEqual([{ level: 'info', message: 'turns', taken: 3, gone: 0, failed: 0, notDue: 0 }]);
    expect(metrics).toEqual([{ name: 'Turn', value: 3, dimensions: {} }]);
  });

  test('reserves all turns of a batch by one write, before it hands out the first', async () => {
    const { sent, stored } = await turnstile(parked('a', 'b', 'c'));
    expect(sent.map(({ name }) => name)).toEqual(['PutItemCommand', ...Array(3).fill('SendTaskSuccessCommand')]);
    expect(stored).toEqual([NOW_MS - 500 + 3000]);
  });

  test('returns to the queue what is not due within its window', async () => {
    const { grants, failed, lines } = await turnstile(
      parked('a', 'b', 'c'),
      {},
      { ...ONE_PER_SECOND, initialPerSecond: 0.1 },
    );
    expect(grants.map(({ token }) => token)).toEqual(['a', 'b']);
    expect(failed).toEqual(['m2']);
    expect(lines).toMatchObject([{ taken: 2, notDue: 1 }]);
  });

  test.each([TaskTimedOut, TaskDoesNotExist, InvalidToken])(
    'deletes the message of a token that is gone (%o), and gives its turn back',
    async (Gone) => {
      const { failed, stored, lines, metrics } = await turnstile(parked('a', 'b'), {
        sfn: failing([new Gone(answered)]),
      });
      expect(failed).toEqual([]);
      expect(stored).toEqual([NOW_MS - 500 + 2000, NOW_MS - 500 + 1000]);
      expect(lines).toMatchObject([{ taken: 1, gone: 1 }]);
      expect(metrics).toMatchObject([{ value: 1 }]);
    },
  );

  test('tries again on the clock it was given, and then leaves the message to the queue', async () => {
    const once = await turnstile(parked('a'), { sfn: failing([awsError('ThrottlingException')]) });
    expect([once.failed, once.grants.length]).toEqual([[], 2]);
    const always = await turnstile(parked('a'), {
      sfn: failing(Array(9).fill(awsError('ThrottlingException', 'canary'))),
    });
    expect([always.failed, always.grants.length]).toEqual([['m0'], 6]);
    expect(always.lines).toMatchObject([
      { level: 'error', messageId: 'm0', error: 'ThrottlingException' },
      { failed: 1 },
    ]);
    expect(always.told()).not.toContain('canary');
  });

  test.each(['canary', '{}', '{"taskToken":7}', 'null'])(
    'drops a message that is none (%s) and gives its turn back',
    async (body) => {
      const { failed, stored, lines, told } = await turnstile([body, ...parked('b')]);
      expect(failed).toEqual([]);
      expect(stored).toHaveLength(2);
      expect(lines).toMatchObject([
        { level: 'error', messageId: 'm0' },
        { taken: 1, gone: 1 },
      ]);
      expect(told()).not.toContain('canary');
    },
  );

  // Known defect: the stored pace wins for ever over a configuration that was changed since.
  test.fails('works at the pace that is configured now', async () => {
    const stored = { version: { N: '7' }, state: { S: JSON.stringify({ perSecond: 1, nextTurnAtMs: 0 }) } };
    const conflict = Object.assign(awsError('ConditionalCheckFailedException'), { Item: stored });
    const { ConditionalCheckFailedException } = await import('@aws-sdk/client-dynamodb');
    Object.setPrototypeOf(conflict, ConditionalCheckFailedException.prototype);
    const { grants } = await turnstile(
      parked('a', 'b', 'c'),
      { dynamoDb: failing([conflict]) },
      { ...ONE_PER_SECOND, initialPerSecond: 10 },
    );
    expect((grants[2]?.atMs ?? 0) - NOW_MS).toBeLessThan(500);
  });
});
