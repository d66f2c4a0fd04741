import { describe, expect, test } from 'vitest';
import { AwsError } from '../../../lab/kernel/aws-service.ts';
import { LAB_EPOCH_MS } from '../../../lab/kernel/clock.ts';
import type { JsonObject } from '../../../lab/kernel/json.ts';
import { startCallers } from '../../../lab/run/callers.ts';
import { type Caller, readScenario } from '../../../lab/scenario/scenario.ts';
import { RUN_TASK, world } from '../aws/world.ts';

const CALLER = { name: 'cron', principalArn: 'arn:aws:sts::111122223333:assumed-role/cron/session', request: RUN_TASK };

function callersOf(...callers: JsonObject[]): Caller[] {
  const account = { clusters: ['batch'], taskDefinitions: [{ family: 'report', revision: 3 }] };
  const text = JSON.stringify({
    name: 't',
    seed: 1,
    account,
    callers: callers.map((caller) => ({ ...CALLER, ...caller })),
  });
  return readScenario(text, 't').callers;
}

interface Stage {
  readonly account?: JsonObject;
  readonly seed?: number;
  /** Seconds after which callers with a rate stop. */
  readonly rateSeconds?: number;
  /** Instead of the fake ECS. */
  readonly answer?: (input: JsonObject) => JsonObject;
  /** Judges the n-th hand-over message. */
  readonly queue?: (n: number) => void;
}

function play(callers: JsonObject[], { account = {}, seed = 1, rateSeconds = 60, answer, queue }: Stage = {}) {
  const lab = world(account, seed);
  const sent: { seconds: number; input: JsonObject }[] = [];
  const handedOver: { seconds: number; message: JsonObject }[] = [];
  const ledger = startCallers({
    clock: lab.clock,
    handOver: (_, body) => {
      const message = JSON.parse(body) as JsonObject;
      handedOver.push({ seconds: lab.clock.elapsedSeconds(), message });
      if (queue) queue(handedOver.length);
      return `message-${handedOver.length}`;
    },
    callers: callersOf(...callers),
    seed,
    isOver: () => lab.clock.elapsedSeconds() > rateSeconds,
    ecs: {
      call: (operation, input, principal) => {
        sent.push({ seconds: lab.clock.elapsedSeconds(), input });
        return answer ? answer(input) : lab.ecs.call(operation, input, principal);
      },
    },
  });
  return { ...lab, ledger, sent, handedOver };
}

const ROOMY = { buckets: { clusterResourceModify: { burst: 1e6, refillPerSecond: 1 } } };
const throttle = (): never => {
  throw new AwsError('ThrottlingException', 'Rate exceeded');
};

describe('a caller with a number of calls', () => {
  test('makes them evenly over its time, each with a token of its own', async () => {
    const { ledger, sent, playUntil } = play([{ startAt: 10, calls: 4, overSeconds: 2 }]);
    await playUntil(30);
    expect(sent.map(({ seconds }) => seconds)).toEqual([10, 10.5, 11, 11.5]);
    expect(new Set(sent.map(({ input }) => input.clientToken)).size).toBe(4);
    expect(ledger.calls).toHaveLength(4);
    for (const [index, call] of ledger.calls.entries())
      expect(call).toMatchObject({
        caller: 'cron',
        index,
        finite: true,
        state: 'accepted',
        taskArns: [expect.any(String)],
      });
    expect(ledger.finiteDoneAt).toBe(LAB_EPOCH_MS + 11_500);
    const [first] = ledger.calls;
    expect(ledger.byReference(String(first?.request.referenceId))).toBe(first);
  });

  test('calls before those who call at the same instant and come later in the scenario', async () => {
    const { sent, playUntil } = play([
      { name: 'often', calls: 40, overSeconds: 4 },
      { name: 'seldom', startAt: 1, calls: 3, overSeconds: 3 },
    ]);
    await playUntil(10);
    const together = sent.filter(({ seconds }) => [1, 2, 3].includes(seconds));
    const callers = together.map(({ input }) => String(input.referenceId).split('/')[0]);
    expect(callers).toEqual(['often', 'seldom', 'often', 'seldom', 'often', 'seldom']);
  });

  test('repeats a throttled request with the same token, after a pause within its growing bounds', async () => {
    const { ledger, sent, playUntil } = play([{ calls: 1, maxAttempts: 8 }], { answer: throttle });
    await playUntil(300);
    expect(sent).toHaveLength(8);
    expect(new Set(sent.map(({ input }) => JSON.stringify(input))).size).toBe(1);
    const pauses = sent.slice(1).map(({ seconds }, index) => seconds - (sent[index]?.seconds ?? 0));
    for (const [index, pause] of pauses.entries()) expect(pause).toBeLessThanOrEqual(Math.min(20, 2 ** index));
    expect(ledger.calls).toMatchObject([{ state: 'throttled', attempts: Array(8).fill({ outcome: 'throttled' }) }]);
  });

  test('is heard when a later attempt gets through: one launch, one call', async () => {
    const account = { buckets: { clusterResourceModify: { burst: 1, refillPerSecond: 1 } } };
    const { ledger, playUntil, transitions } = play([{ calls: 3, maxAttempts: 20 }], { account });
    await playUntil(120);
    expect(ledger.calls.map(({ state }) => state)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(ledger.calls.flatMap(({ attempts }) => attempts).length).toBeGreaterThan(3);
    expect(transitions.filter(({ kind }) => kind === 'launched')).toHaveLength(3);
  });

  const outcomes: [name: string, error: AwsError, attempts: number, state: string][] = [
    ['a throttle', new AwsError('ThrottlingException', 'Rate exceeded'), 3, 'throttled'],
    ['a server error', new AwsError('ServerException', 'Service Unavailable', { status: 503 }), 3, 'failed'],
    [
      'a disguised throttle',
      new AwsError(
        'InvalidParameterException',
        'Error retrieving subnet information for [subnet-0ab]: Rate exceeded (ErrorCode: Throttling)',
      ),
      1,
      'throttled',
    ],
    ['a bad parameter', new AwsError('InvalidParameterException', 'TaskDefinition is inactive'), 1, 'failed'],
  ];
  test.each(outcomes)('after %s knows what to do', async (_name, error, attempts, state) => {
    const { ledger, sent, playUntil } = play([{ calls: 1 }], {
      answer: () => {
        throw error;
      },
    });
    await playUntil(60);
    expect(sent).toHaveLength(attempts);
    expect(ledger.calls).toMatchObject([{ state }]);
    expect(ledger.finiteDoneAt).toBeDefined();
  });

  test('waits at most 50 ms before it repeats after a server error', async () => {
    const unavailable = () => {
      throw new AwsError('ServerException', 'x', { status: 500 });
    };
    const { sent, playUntil } = play([{ calls: 1, maxAttempts: 2 }], { answer: unavailable });
    await playUntil(1);
    expect(sent[1]?.seconds).toBeLessThanOrEqual(0.05);
  });

  test('knows a call that was answered but not placed', async () => {
    const account = { placementFailures: [{ family: 'report', probability: 1, reason: 'AGENT' }] };
    const { ledger, playUntil } = play([{ calls: 1 }], { account });
    await playUntil(1);
    expect(ledger.calls).toMatchObject([{ state: 'unplaced', taskArns: [], failures: [{ reason: 'AGENT' }] }]);
  });

  test.each([
    ['a client', {}, 3, 1],
    ['a rule', { invokedBy: 'events.amazonaws.com' }, 1, 0],
    ['a schedule', { invokedBy: 'scheduler.amazonaws.com' }, 1, 0],
    ['a pipe', { invokedBy: 'pipes.amazonaws.com' }, 1, 0],
    ['a workflow', { invokedBy: 'states.amazonaws.com' }, 3, 1],
  ])('that finds no room: %s', async (_name, keys, attempts, messages) => {
    const retriesWithNewToken = { after: 5, times: 2 };
    const room = [{ kind: 'fargate', tasks: 0 }];
    const caller = { calls: 1, handsOver: true, retriesWithNewToken, ...keys };
    const { ledger, sent, handedOver, playUntil } = play([caller], { account: { room } });
    await playUntil(60);
    expect(sent).toHaveLength(attempts);
    expect(handedOver).toHaveLength(messages);
    expect(ledger.calls).toMatchObject([{ state: 'unplaced', taskArns: [] }]);
  });

  test('that finds room for a part hands over what it was answered', async () => {
    const room = [{ kind: 'fargate', tasks: 2 }];
    const request = { ...RUN_TASK, count: 3 };
    const { handedOver, playUntil } = play([{ calls: 1, handsOver: true, request }], { account: { room } });
    await playUntil(1);
    expect(handedOver[0]?.message).toMatchObject({
      request: { count: 3, clientToken: expect.any(String) },
      answer: {
        tasks: [expect.stringContaining(':task/'), expect.stringContaining(':task/')],
        failures: [{ reason: expect.stringContaining('vCPUs') }],
      },
    });
  });

  test('that is rejected for want of room tries no more and hands over the error', async () => {
    const room = [{ kind: 'provisioning', cluster: 'batch', tasks: 0 }];
    const { sent, ledger, handedOver, playUntil } = play([{ calls: 1, handsOver: true }], { account: { room } });
    await playUntil(60);
    expect(sent).toHaveLength(1);
    expect(ledger.calls).toMatchObject([{ state: 'unplaced', attempts: [{ outcome: 'noRoom' }] }]);
    expect(handedOver[0]?.message).toMatchObject({
      error: { code: 'ClientException', message: 'Tasks provisioning capacity limit exceeded.' },
      firstAttemptAt: '2026-01-15T03:00:00.000Z',
    });
  });

  test.each<[string, JsonObject]>([
    ['itself', { clientToken: null }],
    ['its request', { request: { ...RUN_TASK, clientToken: null } }],
  ])('sends no token where %s says null', async (_name, keys) => {
    const { ledger, sent, playUntil } = play([{ calls: 2, ...keys }]);
    await playUntil(1);
    for (const { input } of sent) expect(input).not.toHaveProperty('clientToken');
    expect(ledger.calls).toMatchObject([{ tokens: [] }, { tokens: [] }]);
  });

  test('passes on the user agent and the invoking service', async () => {
    const { requests, playUntil } = play([{ calls: 1, userAgent: 'Airflow', invokedBy: 'states.amazonaws.com' }]);
    await playUntil(1);
    expect(requests[0]?.principal).toEqual({
      arn: CALLER.principalArn,
      userAgent: 'Airflow',
      invokedBy: 'states.amazonaws.com',
    });
  });
});

describe('a caller that retries with new tokens', () => {
  const AIRFLOW = { calls: 1, maxAttempts: 1, retriesWithNewToken: { after: 300, times: 3 } };

  test('starts the whole call anew until it is out of retries', async () => {
    const { ledger, sent, playUntil } = play([AIRFLOW], { answer: throttle });
    await playUntil(899);
    expect(ledger.calls).toMatchObject([{ state: 'pending' }]);
    expect(ledger.finiteDoneAt).toBeUndefined();
    await playUntil(5000);
    expect(sent.map(({ seconds }) => seconds)).toEqual([0, 300, 600, 900]);
    expect(ledger.calls).toHaveLength(1);
    expect(ledger.calls[0]).toMatchObject({ state: 'throttled', tokens: sent.map(({ input }) => input.clientToken) });
    expect(new Set(ledger.calls[0]?.tokens).size).toBe(4);
  });

  test('is content with an accepted call', async () => {
    const { sent, playUntil } = play([AIRFLOW]);
    await playUntil(2000);
    expect(sent).toHaveLength(1);
  });
});

describe('a caller with a rate', () => {
  const at = (stage: ReturnType<typeof play>) => stage.sent.map(({ seconds }) => seconds);

  test('calls in an even rhythm from a seeded phase, until it is told to stop', async () => {
    const stage = play([{ callsPerSecond: 4, startAt: 5 }], { account: ROOMY, rateSeconds: 30 });
    await stage.playUntil(100);
    const times = at(stage);
    expect(times).toHaveLength(100);
    expect(times[0]).toBeGreaterThanOrEqual(5);
    expect(times[0]).toBeLessThan(5.25);
    for (const [index, time] of times.slice(1).entries()) expect(time - (times[index] ?? 0)).toBeCloseTo(0.25, 2);
    expect(stage.ledger.calls[0]?.finite).toBe(false);
  });

  test('calls at random instants where its arrivals are a Poisson process', async () => {
    const stage = play([{ callsPerSecond: 20, arrival: 'poisson' }], { account: ROOMY, rateSeconds: 100 });
    await stage.playUntil(200);
    const gaps = at(stage).map((time, index, all) => time - (all[index - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(mean).toBeCloseTo(0.05, 2);
    // The gaps of a Poisson process deviate by as much as their mean.
    expect(deviation / mean).toBeCloseTo(1, 0);
  });

  test('arrives at the same instants whatever else happens in the account', async () => {
    const web = { name: 'web', callsPerSecond: 7, arrival: 'poisson' };
    const alone = play([web], { account: ROOMY });
    const inAStorm = play([{ calls: 300 }, web], { account: { disguisedShare: 0.5 } });
    await alone.playUntil(100);
    await inAStorm.playUntil(100);
    const arrivals = (stage: typeof alone) =>
      stage.ledger.calls.flatMap((call) => (call.caller === 'web' ? [[call.madeAt, call.tokens]] : []));
    expect(arrivals(inAStorm)).toEqual(arrivals(alone));
    const otherSeed = play([web], { account: ROOMY, seed: 2 });
    await otherSeed.playUntil(100);
    expect(arrivals(otherSeed)).not.toEqual(arrivals(alone));
  });

  test('leaves no finite caller to wait for', () => {
    expect(play([{ callsPerSecond: 1 }]).ledger.finiteDoneAt).toBe(LAB_EPOCH_MS);
  });
});

describe('a caller that hands over', () => {
  const HANDS_OVER = { calls: 1, maxAttempts: 3, handsOver: true };
  const ENVIRONMENT = {
    overrides: { containerOverrides: [{ name: 'app', environment: [{ name: 'A', value: 'b' }] }] },
  };
  const messages = ({ handedOver }: ReturnType<typeof play>) => handedOver.map(({ message }) => message);

  test('sends what was throttled to the last, as it asked for it, with the ids of its requests', async () => {
    const account = { buckets: { clusterResourceModify: { burst: 1, refillPerSecond: 0.001 } } };
    const request = { ...RUN_TASK, ...ENVIRONMENT };
    const stage = play([{ ...HANDS_OVER, calls: 2, overSeconds: 1, request }], { account });
    await stage.playUntil(60);
    const [started, throttled] = stage.ledger.calls;
    expect(started).toMatchObject({ state: 'accepted', messageIds: [] });
    const records = stage.records().filter(({ errorCode }) => errorCode !== undefined);
    expect(messages(stage)).toEqual([
      {
        request: { ...throttled?.request, ...request, clientToken: throttled?.tokens[0] },
        error: {
          code: 'ThrottlingException',
          message: 'Rate exceeded',
          requestIds: expect.arrayContaining(records.map(({ requestID }) => requestID)),
        },
        firstAttemptAt: '2026-01-15T03:00:00.500Z',
      },
    ]);
    expect(records).toHaveLength(3);
    expect(throttled).toMatchObject({ state: 'throttled', messageIds: ['message-1'] });
    expect(throttled?.doneAt).toBe(throttled?.attempts.at(-1)?.at);
  });

  const provisioning = new AwsError('ClientException', 'Tasks provisioning capacity limit exceeded.');
  const disguised = new AwsError('InvalidParameterException', 'Error retrieving … (ErrorCode: Throttling)');
  test.each<[string, AwsError, number]>([
    ['a throttle in disguise', disguised, 1],
    ['want of room', provisioning, 1],
    ['a server error', new AwsError('ServerException', 'x', { status: 500 }), 0],
    ['a bad parameter', new AwsError('InvalidParameterException', 'TaskDefinition is inactive'), 0],
  ])('after %s (%#) knows whether somebody else may try', async (_name, error, sent) => {
    const stage = play([HANDS_OVER], {
      answer: () => {
        throw error;
      },
    });
    await stage.playUntil(60);
    expect(messages(stage)).toHaveLength(sent);
  });

  test.each<[string, string, number]>([
    ['RESOURCE:MEMORY', 'want of room', 1],
    ['You’ve reached the limit on the number of vCPUs you can run concurrently', 'the limit of vCPUs', 1],
    ['ATTRIBUTE', 'what never passes', 0],
  ])('of an answer with %s, %s, sends %d messages', async (reason, _, sent) => {
    const answer = () => ({ tasks: [{ taskArn: 'arn:task' }], failures: [{ reason }] });
    const stage = play([{ ...HANDS_OVER, request: { ...RUN_TASK, count: 2 } }], { answer });
    await stage.playUntil(1);
    const expected = {
      request: { ...RUN_TASK, count: 2, referenceId: 'cron/0', clientToken: stage.ledger.calls[0]?.tokens[0] },
      answer: { tasks: ['arn:task'], failures: [{ reason }] },
      firstAttemptAt: '2026-01-15T03:00:00.000Z',
    };
    expect(messages(stage)).toEqual(Array(sent).fill(expected));
  });

  test('and never attempts sends at once, under a key of the call’s own, as often as it is told to', async () => {
    const stage = play([{ calls: 2, handsOver: true, neverAttempts: true, copies: 2 }]);
    await stage.playUntil(1);
    expect(stage.sent).toEqual([]);
    expect(messages(stage)).toEqual(
      [0, 0, 1, 1].map((index) => ({ request: { ...RUN_TASK, referenceId: `cron/${index}` }, key: `cron-${index}` })),
    );
    expect(stage.ledger.calls).toMatchObject([{ state: 'neverAttempted' }, { state: 'neverAttempted' }]);
  });

  test('and is an EventBridge rule names its rule and its event', async () => {
    const principalArn = 'arn:aws:events:us-east-1:111122223333:rule/nightly';
    const stage = play([{ principalArn, calls: 1, handsOver: true, neverAttempts: true }]);
    await stage.playUntil(1);
    expect(String(messages(stage)[0]?.key)).toMatch(new RegExp(`^${principalArn}/[0-9a-f-]{36}$`));
  });

  test('tries a send three times, and then the call is its own loss', async () => {
    const queue = () => {
      throw new AwsError('AccessDenied', 'x', { status: 403 });
    };
    const stage = play([HANDS_OVER], { answer: throttle, queue });
    await stage.playUntil(60);
    expect(stage.handedOver).toHaveLength(3);
    expect(stage.ledger.calls).toMatchObject([{ state: 'throttled', messageIds: [] }]);
    expect(stage.ledger.finiteDoneAt).toBeDefined();
  });

  test('whose sends fail after their effect sends again: the queue has taken each', async () => {
    const stage = play([{ ...HANDS_OVER, calls: 200, callerErrors: 1 }], { answer: throttle, account: ROOMY });
    await stage.playUntil(60);
    const taken = stage.ledger.calls.map(({ messageIds }) => messageIds.length);
    expect(new Set(taken)).toEqual(new Set([0, 1, 2, 3]));
    expect(stage.handedOver).toHaveLength(taken.reduce((sum, n) => sum + n, 0));
  });
});
