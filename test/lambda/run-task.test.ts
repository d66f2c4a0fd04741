import { describe, expect, test } from 'vitest';
import type { Settings } from '../../lambda/core/settings.ts';
import { makeHandler } from '../../lambda/run-task.ts';
import { type Answer, awsError, dependenciesWith, failing } from '../support/dependencies.ts';
import { CRON_ROLE, EVENT_TIME_MS, NOW_MS, rerunOf } from '../support/records.ts';

const SECRETS = {
  overrides: {
    containerOverrides: [
      { name: 'app', command: ['canary-command'], environment: [{ name: 'KEY', value: 'canary-value' }] },
    ],
  },
};
const RERUN = rerunOf({ request: SECRETS });
const ARN = 'arn:aws:ecs:us-east-1:111122223333:task/batch/0001';

const task = (createdAtMs = NOW_MS) => ({ taskArn: ARN, createdAt: new Date(createdAtMs) });

interface Play {
  readonly rerun?: unknown;
  readonly progress?: unknown;
  readonly permit?: unknown;
  readonly redriveCount?: number;
  readonly unheardSince?: string;
  readonly settings?: Partial<Settings>;
  readonly nowMs?: number;
}

const TURN = { grantedAt: new Date(NOW_MS).toISOString() };
const STARTED_AT = new Date(EVENT_TIME_MS).toISOString();

/** Plays one attempt; `end` is the reply, or the error's name and message. */
async function attempt(
  ecs: Answer,
  {
    rerun = RERUN,
    progress = null,
    nowMs = NOW_MS,
    permit = { grantedAt: new Date(nowMs - 1000).toISOString() },
    redriveCount,
    unheardSince,
    settings,
  }: Play = {},
) {
  const world = dependenciesWith({ ecs }, settings);
  world.at(nowMs);
  const payload = { step: 'attempt', startedAt: STARTED_AT, redriveCount, rerun, progress, permit, unheardSince };
  const end: unknown = await makeHandler(world.dependencies)(payload).catch((error: Error) => [
    error.name,
    error.message,
  ]);
  return { ...world, end, requests: world.named('RunTaskCommand').map(({ input }) => input) };
}

test('what ends is logged with its execution, whoever started it with whatever', async () => {
  const execution = 'arn:aws:states:us-east-1:111122223333:execution:rerun:by-hand';
  for (const payload of [{ execution }, { execution, step: 'attempt', startedAt: STARTED_AT, rerun: RERUN }]) {
    const world = dependenciesWith();
    await expect(makeHandler(world.dependencies)(payload)).rejects.toThrow('malformed');
    expect(world.lines).toMatchObject([{ message: 'result', reason: 'malformed', execution: 'by-hand' }]);
  }
});

describe('an attempt', () => {
  test('sends the caller’s own request, unchanged', async () => {
    const { requests } = await attempt(() => ({ tasks: [task(), task()], failures: [] }));
    expect(requests).toEqual([RERUN.request]);
  });

  test.each<[string, Answer, object]>([
    [
      'that starts all tasks',
      () => ({ tasks: [task(), task()] }),
      { next: 'finish', result: 'started', taskArns: [ARN, ARN] },
    ],
    [
      'that meets tasks of the caller’s own retry',
      () => ({ tasks: [task(NOW_MS - 20_000), task()] }),
      { result: 'alreadyStarted' },
    ],
    [
      'that meets a conflict with tasks of which nothing is known yet, and looks again',
      failing([Object.assign(awsError('ConflictException'), { resourceIds: [ARN, 'b'] })]),
      { next: 'backOff', waitUntil: '2026-01-15T03:06:00.000Z', progress: { attempts: 0, remaining: 2, round: 0 } },
    ],
    [
      'that is throttled',
      failing([awsError('ThrottlingException', 'Rate exceeded')]),
      {
        next: 'backOff',
        waitUntil: '2026-01-15T03:01:00.500Z',
        progress: { attempts: 1, unanswered: 0, remaining: 2, round: 0, taskArns: [] },
      },
    ],
    [
      'that is throttled in disguise',
      failing([
        awsError(
          'InvalidParameterException',
          'Error retrieving subnet information for [subnet-0ab]: Rate exceeded (ErrorCode: Throttling)',
        ),
      ]),
      { next: 'backOff', progress: { round: 0 } },
    ],
    [
      'that meets a failing service',
      failing([awsError('ServerException', '', 500)]),
      { next: 'backOff', progress: { attempts: 0, round: 0 } },
    ],
    [
      'that finds no room',
      () => ({ tasks: [], failures: [{ reason: 'RESOURCE:CPU' }] }),
      {
        next: 'backOff',
        waitUntil: '2026-01-15T03:01:00.000Z',
        progress: { attempts: 0, unanswered: 0, remaining: 2, round: 1, taskArns: [], noRoom: { short: 'instances' } },
      },
    ],
    [
      'that finds room for one',
      () => ({ tasks: [task()], failures: [{ reason: 'RESOURCE:CPU' }] }),
      { next: 'backOff', progress: { attempts: 0, unanswered: 0, remaining: 1, round: 1, taskArns: [ARN] } },
    ],
  ])('%s', async (_, ecs, reply) => {
    const { end, named } = await attempt(ecs);
    expect(end).toMatchObject(reply);
    expect(named('StartExecutionCommand')).toEqual([]);
  });

  test('at what is left asks for just that, under a token of its own', async () => {
    const { requests, end } = await attempt(() => ({ tasks: [task()] }), {
      progress: { attempts: 1, unanswered: 0, remaining: 1, round: 1, taskArns: ['a'] },
    });
    expect(requests).toMatchObject([{ count: 1, clientToken: expect.stringMatching(/^[0-9a-f]{32}$/) }]);
    expect(end).toEqual({ next: 'finish', result: 'started', taskArns: ['a', ARN] });
  });

  test('leaves one line for itself and one for the result, and the same in metrics', async () => {
    const { lines, metrics } = await attempt(() => ({ tasks: [task(), task()] }));
    expect(lines).toMatchObject([
      { message: 'attempt', kind: 'started', callId: RERUN.callId, attempt: 1 },
      {
        message: 'result',
        kind: 'started',
        callId: RERUN.callId,
        caller: CRON_ROLE,
        family: 'report',
        taskArns: [ARN, ARN],
      },
    ]);
    expect(metrics).toEqual([
      { name: 'Attempt', value: 1, dimensions: { kind: 'started' } },
      { name: 'Result', value: 1, dimensions: { kind: 'started' } },
      { name: 'WaitSeconds', value: 60, dimensions: { kind: 'started' } },
    ]);
  });

  test.each([
    [
      'a connection that broke',
      Object.assign(new Error('read ECONNRESET'), { name: 'TimeoutError', code: 'ECONNRESET' }),
    ],
    ['a name that did not resolve', Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' })],
    ['a page of HTML with status 503', awsError('SyntaxError', "Unexpected token '<'", 503)],
    ['an empty answer with status 500', awsError('Unknown', 'UnknownError', 500)],
  ])('after %s is made again under the same token', async (_, error) => {
    const { end } = await attempt(failing([error]));
    expect(end).toMatchObject({ next: 'backOff', progress: { round: 0 } });
  });
});

describe('a re-run ends without its task', () => {
  const throttled = failing([awsError('ThrottlingException')]);
  const late = EVENT_TIME_MS + 3_300_000;

  test.each<[string, Answer, Play, [string, string], number]>([
    [
      'when ECS rejects it',
      failing([awsError('ClusterNotFoundException', 'canary-message')]),
      {},
      ['Refused', 'rejectedByEcs: ClusterNotFoundException'],
      1,
    ],
    [
      'when its placement is hopeless',
      () => ({ failures: [{ reason: 'MISSING' }] }),
      {},
      ['Refused', 'rejectedByEcs: MISSING'],
      1,
    ],
    [
      'at its last attempt',
      throttled,
      { progress: { attempts: 7, unanswered: 0, remaining: 2, round: 0, taskArns: [] } },
      ['GaveUp', 'maxAttempts'],
      1,
    ],
    ['in observe mode', throttled, { settings: { mode: 'observe' } }, ['Refused', 'observeMode'], 0],
    ['when its caller is no longer listed', throttled, { settings: { callers: [] } }, ['Refused', 'notOptedIn'], 0],
    [
      'when its family is no longer listed',
      throttled,
      { settings: { families: ['web'] } },
      ['Refused', 'notOptedIn'],
      0,
    ],
    [
      'when somebody put a role in',
      throttled,
      { rerun: { ...RERUN, request: { ...RERUN.request, overrides: { taskRoleArn: CRON_ROLE } } } },
      ['Refused', 'roleOverride'],
      0,
    ],
    [
      'when somebody put another family in',
      throttled,
      { rerun: { ...RERUN, request: { ...RERUN.request, taskDefinition: 'admin' } } },
      ['Refused', 'notOptedIn'],
      0,
    ],
  ])('%s', async (_, ecs, play, end, requests) => {
    const played = await attempt(ecs, play);
    expect(played.end).toEqual(end);
    expect(played.requests).toHaveLength(requests);
    const [digest] = played.named('StartExecutionCommand');
    const [reason] = end[1].split(':');
    expect(JSON.parse(digest?.input.input).subject).toContain(`: ${reason}`);
    expect(played.lines).toContainEqual(expect.objectContaining({ message: 'result', reason }));
    expect(JSON.stringify([played.end, digest]) + played.told()).not.toContain('canary');
  });

  test('still runs one millisecond before its deadline', async () => {
    expect((await attempt(() => ({ tasks: [task(late), task(late)] }), { nowMs: late - 1 })).end).toMatchObject({
      result: 'started',
    });
  });

  test('is not made where its deadline passes while it waits for others', async () => {
    // By the clock of whoever gave it.
    const permit = { grantedAt: new Date(late + 1000).toISOString() };
    const { end, requests } = await attempt(() => ({ tasks: [task(late)] }), { nowMs: late - 1, permit });
    expect([end, requests]).toMatchObject([{ next: 'backOff' }, []]);
  });

  test.each([
    ['is good while it is seconds old', 19_000, 1],
    ['is not used when it is old: who waited with it would call at once', 21_000, 0],
  ])('whose permit %s', async (_, ageMs, requestsMade) => {
    const permit = { grantedAt: new Date(NOW_MS - ageMs).toISOString() };
    const { end, requests } = await attempt(() => ({ tasks: [{ taskArn: 'task' }], failures: [] }), { permit });
    expect(requests).toHaveLength(requestsMade);
    if (requestsMade === 0) expect(end).toMatchObject({ next: 'backOff' });
  });

  test.each([
    ['waits for those whose permits were given together with its own', 0, 50, 100],
    ['waits for nobody where its way took longer', 0, 151, 0],
    ['never waits for long, whatever the clock says that gave the permit', 60_000, 50, 150],
  ])('%s', async (_, grantedMs, hereMs, waitsMs) => {
    const pulseMs = Math.ceil(NOW_MS / 325) * 325;
    const permit = { grantedAt: new Date(pulseMs + grantedMs).toISOString() };
    const { sleeps, requests } = await attempt(() => ({ tasks: [task(), task()] }), {
      nowMs: pulseMs + hereMs,
      permit,
    });
    expect([sleeps, requests.length]).toEqual([[waitsMs], 1]);
  });

  test('is made by a function whose clock is a minute ahead: no permit is older than the asking for it', async () => {
    const task = () => ({ tasks: [{ taskArn: 'task' }], failures: [] });
    const permitAt = (ms: number) => ({ permit: { grantedAt: new Date(ms - 60_000).toISOString() } });
    const first = await attempt(task, permitAt(NOW_MS));
    // It asks anew at once, by the clock of whoever waits.
    expect(first.end).toMatchObject({ next: 'backOff', waitUntil: new Date(NOW_MS - 60_000).toISOString() });
    const { progress } = first.end as { progress: object };
    const second = await attempt(task, { ...permitAt(NOW_MS + 1000), nowMs: NOW_MS + 1000, progress });
    expect([first.requests.length, second.requests.length]).toEqual([0, 1]);
  });

  test('that comes without a permit goes back for one, and launches nothing', async () => {
    const { end, requests } = await attempt(() => ({}), { permit: null });
    expect(end).toMatchObject({
      next: 'backOff',
      waitUntil: new Date(NOW_MS).toISOString(),
      progress: { attempts: 0 },
    });
    expect(requests).toEqual([]);
  });

  test('waits no longer than its deadline', async () => {
    const progress = { attempts: 0, unanswered: 20, remaining: 2, round: 0, taskArns: [] };
    const { end } = await attempt(failing([awsError('ServerException', '', 500)]), { nowMs: late - 1000, progress });
    expect(end).toMatchObject({ waitUntil: new Date(late).toISOString() });
  });
});

describe('a redriven re-run', () => {
  const spent = { attempts: 7, unanswered: 3, remaining: 1, round: 1, taskArns: ['a'] };

  test('resumes without a permit and with all its attempts, but keeps what it has started', async () => {
    const { end, requests } = await attempt(() => ({}), { progress: spent, redriveCount: 1 });
    expect(end).toEqual({
      next: 'backOff',
      waitUntil: new Date(NOW_MS).toISOString(),
      progress: { ...spent, attempts: 0, unanswered: 0 },
    });
    expect(requests).toEqual([]);
  });

  test.each([
    ['asks for no places where its attempt had a permit, and may have started the tasks that have them', TURN, 1],
    ['waits for its places where nothing was sent', null, 0],
  ])('%s', async (_, permit, unanswered) => {
    const progress = { ...spent, attempts: 0, unanswered: 0 };
    const { end } = await attempt(() => ({}), { progress, permit, redriveCount: 1, unheardSince: STARTED_AT });
    expect(end).toMatchObject({ next: 'backOff', progress: { unanswered } });
  });

  test('counts its attempts from then on', async () => {
    const permit = { ...TURN, redriveCount: 1 };
    const throttled = failing([awsError('ThrottlingException')]);
    const { end } = await attempt(throttled, { progress: { ...spent, attempts: 2 }, permit, redriveCount: 1 });
    expect(end).toMatchObject({ progress: { attempts: 3 } });
    const last = failing([awsError('ThrottlingException')]);
    expect((await attempt(last, { progress: spent, permit, redriveCount: 1 })).end).toEqual([
      'GaveUp',
      expect.stringMatching(/^maxAttempts/),
    ]);
  });
});

describe('an input that no intake wrote', () => {
  test.each<[string, unknown]>([
    ['nothing', null],
    ['an empty object', {}],
    ['a request with an unknown parameter', { ...RERUN, request: { ...RERUN.request, canary: 'canary' } }],
    ['another member', { ...RERUN, canary: 'canary' }],
    ['no request', { ...RERUN, request: 'canary' }],
    ['neither a request nor a task', { ...RERUN, request: undefined }],
    ['a call of the future', { ...RERUN, call: { ...RERUN.call, eventTime: '2026-01-15T03:06:01Z' } }],
  ])('is refused: %s', async (_, rerun) => {
    const played = await attempt(() => ({}), { rerun });
    expect(played.end).toEqual(['Refused', expect.stringMatching(/^malformed$/)]);
    expect(played.requests).toEqual([]);
    expect(played.named('StartExecutionCommand')).toHaveLength(1);
    expect(JSON.stringify([played.end, played.sent]) + played.told()).not.toContain('canary');
  });

  test('is refused where only its progress is wrong', async () => {
    const { end, requests } = await attempt(() => ({}), { progress: { attempts: 'canary' } });
    expect(end).toEqual(['Refused', expect.not.stringContaining('canary')]);
    expect(requests).toEqual([]);
  });

  // The SDK would fill in a new token for each attempt, so an answer that is lost would launch twice.
  test('is refused without a client token', async () => {
    const { clientToken: _, ...request } = RERUN.request;
    expect((await attempt(() => ({ tasks: [task(), task()] }), { rerun: { ...RERUN, request } })).requests).toEqual([]);
  });
});
