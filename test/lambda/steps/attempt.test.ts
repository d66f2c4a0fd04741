import { BatchGetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { generationToken, substituteToken, synchronousCallId } from '../../../lambda/core/identity.ts';
import { findFull } from '../../../lambda/core/rate/room.ts';
import { NO_ROOMS } from '../../../lambda/core/rate/room-state.ts';
import type { RerunInput } from '../../../lambda/core/rerun/rerun-input.ts';
import type { Settings } from '../../../lambda/core/settings.ts';
import { OWN_PRINCIPAL } from '../../../lambda/core/verdict/recorded-call.ts';
import { makeHandler } from '../../../lambda/run-task.ts';
import { type Answer, awsError, failing } from '../../support/dependencies.ts';
import { CRON_ROLE, EVENT_TIME_MS, HOME, NOW_MS, rerunOf, stoppedVerdictOn } from '../../support/records.ts';
import { openTable, TABLES } from '../../support/table.ts';

const MINUTE = 60_000;
const DEADLINE_MS = EVENT_TIME_MS + 55 * MINUTE;
/** Sweeps every 15 minutes have read the history until 45 minutes ago at least. */
const LATE_MS = DEADLINE_MS + 40 * MINUTE;
const READ = { fromMs: EVENT_TIME_MS - 3 * MINUTE, toMs: LATE_MS - 15 * MINUTE };
const RERUN = rerunOf();
const ARN = 'arn:aws:ecs:us-east-1:111122223333:task/batch/0001';
const { clientToken: _, ...TOKENLESS } = RERUN.request;
const { doneBy: __, ...UNPROVED } = RERUN;
/** The key of the stack's tokens, made from the random numbers of these tests. */
const KEY = '80'.repeat(32);
const instant = (ms: number) => new Date(ms).toISOString();
const failedStart = stoppedVerdictOn();
const { callId = '', failedTask } = failedStart.kind === 'rerun' ? failedStart.input : {};
/** The re-run of a task that failed to start, its request completed. */
const GENERATION: RerunInput = {
  ...UNPROVED,
  callId,
  request: { ...TOKENLESS, count: 1 },
  ownToken: 'generation',
  failedTask,
  lineage: { rootCallId: 'root', generation: 2 },
};

interface Play {
  readonly nowMs: number;
  readonly rerun?: RerunInput;
  readonly progress?: object | null;
  readonly hasTurn?: boolean;
  readonly startedAtMs?: number;
  readonly coverage?: object;
  readonly accepted?: { readonly atMs: number; readonly taskArns: readonly string[]; readonly digest?: string };
  /** The token under which ECS accepted it; the call's own where absent. */
  readonly acceptedToken?: string;
  readonly settings?: Partial<Settings>;
  readonly ecs?: Answer;
  readonly isPaused?: boolean;
  /** ARN of the execution. */
  readonly execution?: string;
  /** A room that is full. */
  readonly full?: string;
  /** How long the table takes to change an item. */
  readonly updateMs?: number;
}

/** Plays one attempt on a table; `end` is the reply, or the error's name and message. */
async function attempt(play: Play) {
  const { nowMs, rerun = RERUN, progress = null, hasTurn = true, startedAtMs = EVENT_TIME_MS } = play;
  const created = () => ({ tasks: [{ taskArn: ARN, createdAt: new Date(nowMs) }, { taskArn: 'b' }] });
  const table = openTable();
  const world = table.open(play.settings, { ecs: play.ecs ?? created });
  world.at(nowMs);
  const { dynamoDb } = world.dependencies.clients;
  /** Ids of the items that were read at once. */
  const reads: (string | undefined)[][] = [];
  const slowly = {
    send: async (command: object) => {
      if (command instanceof BatchGetItemCommand)
        reads.push((command.input.RequestItems?.state?.Keys ?? []).map(({ id }) => id?.S));
      if (command instanceof UpdateItemCommand) world.at(nowMs + (play.updateMs ?? 0));
      return dynamoDb.send(command as never);
    },
  };
  const dependencies = {
    ...world.dependencies,
    clients: { ...world.dependencies.clients, dynamoDb: slowly as typeof dynamoDb },
  };
  if (play.coverage) {
    await table.put({ id: { S: 'coverage' }, version: { N: '1' }, state: { S: JSON.stringify(play.coverage) } });
  }
  if (play.accepted) {
    const { acceptedToken: clientToken } = play;
    const callId = clientToken
      ? synchronousCallId({ ...HOME, principal: OWN_PRINCIPAL, cluster: 'batch', clientToken })
      : RERUN.callId;
    await table.put({
      id: { S: `accepted#${callId}` },
      record: { S: JSON.stringify({ digest: RERUN.doneBy?.digest, ...play.accepted }) },
    });
  }
  if (play.full) {
    const state = findFull(NO_ROOMS, { room: play.full, atMs: nowMs - 1000, family: 'report' }, nowMs);
    await table.put({ id: { S: 'rooms' }, version: { N: '1' }, state: { S: JSON.stringify(state) } });
  }
  if (play.isPaused) await table.put({ id: { S: 'pause' } });
  const permit = hasTurn ? { grantedAt: instant(nowMs - 1000) } : null;
  const { execution } = play;
  const payload = { step: 'attempt', startedAt: instant(startedAtMs), rerun, progress, permit, execution };
  const makeAttempt = makeHandler(dependencies);
  const end: unknown = await makeAttempt(payload).catch((error: Error) => [error.name, error.message]);
  /** What another execution of the same call comes to, that has come upon the same answer. */
  const another = () => makeAttempt({ ...payload, execution: `${execution}-2` });
  const items = await table.items();
  const item = (id: string) => items.find((each) => each.id?.S === id);
  const stored = (id: string, member: string) => JSON.parse(item(id)?.[member]?.S ?? 'null');
  const requests = () => world.named('RunTaskCommand').map(({ input }) => input);
  return { ...world, end, another, stored, item, items, reads, requests: requests(), requestsNow: requests };
}

test('a call whose deadline passes while it is counted is not made, and counts for nothing', async () => {
  const settings = { maxTasksPerHour: 5 };
  const { requests, end, item } = await attempt({ nowMs: DEADLINE_MS - 1000, updateMs: 1000, settings });
  expect(requests).toEqual([]);
  expect(end).toMatchObject({ next: 'backOff', waitUntil: instant(DEADLINE_MS) });
  expect(item(`spend#${Math.floor(DEADLINE_MS / 3_600_000)}`)).toMatchObject({ tasks: { N: '0' } });
});

describe.each(TABLES)('the attempts of many calls at once, in %s', (_, openTable) => {
  /** Plays so many attempts, each of a call of its own. */
  async function attempts(count: number, ecs: Answer, settings: Partial<Settings> = {}) {
    const table = openTable();
    const ends = await Promise.all(
      Array.from({ length: count }, async (_, n) => {
        const world = table.open(settings, { ecs });
        const request = { ...RERUN.request, count: 1, clientToken: `token-${n}` };
        const callId = synchronousCallId({
          ...HOME,
          principal: RERUN.call.principal ?? '',
          cluster: 'batch',
          clientToken: request.clientToken,
        });
        const rerun = { ...RERUN, callId, request };
        const permit = { grantedAt: instant(NOW_MS - 1000) };
        const payload = { step: 'attempt', startedAt: instant(EVENT_TIME_MS), rerun, progress: null, permit };
        const { next } = await makeHandler(world.dependencies)(payload);
        return `${next} after ${world.named('RunTaskCommand').length} launches`;
      }),
    );
    return { ends: ends.sort(), item: table.item };
  }

  test('launch as many tasks in an hour as the cap allows', async () => {
    const created = () => ({ tasks: [{ taskArn: ARN, createdAt: new Date(NOW_MS) }] });
    const { ends, item } = await attempts(10, created, { maxTasksPerHour: 5 });
    expect(ends).toEqual([...Array(5).fill('backOff after 0 launches'), ...Array(5).fill('finish after 1 launches')]);
    expect(await item(`spend#${Math.floor(NOW_MS / 3_600_000)}`)).toMatchObject({ tasks: { N: '5' } });
  });

  test('count for nothing against the cap where they are throttled', async () => {
    const throttled = failing(Array(5).fill(awsError('ThrottlingException')));
    const { item } = await attempts(5, throttled, { maxTasksPerHour: 5 });
    expect(await item(`spend#${Math.floor(NOW_MS / 3_600_000)}`)).toMatchObject({ tasks: { N: '0' } });
  });

  test('slow the rate once where all are throttled', async () => {
    const { ends, item } = await attempts(5, failing(Array(5).fill(awsError('ThrottlingException'))));
    expect(ends).toEqual(Array(5).fill('backOff after 1 launches'));
    const rate = JSON.parse((await item('rate'))?.state?.S ?? '');
    expect(rate).toMatchObject({ throttledAtMs: NOW_MS, probePerSecond: 5 });
  });
});

test('what an answer left of a call is seen to by one execution, whoever else comes upon it', async () => {
  const progress = { attempts: 0, unanswered: 0, remaining: 1, round: 1, taskArns: [ARN] };
  const { end, another, requestsNow } = await attempt({ nowMs: NOW_MS, progress, execution: 'arn:first' });
  expect(end).toMatchObject({ next: 'finish', result: 'started' });
  expect(await another()).toMatchObject({ next: 'finish', result: 'ignored', reason: 'takenUp' });
  expect(requestsNow()).toHaveLength(1);
});

test('an execution goes on with what it sees to itself', async () => {
  const progress = { attempts: 0, unanswered: 0, remaining: 1, round: 1, taskArns: [ARN] };
  const ecs = failing([awsError('ThrottlingException', 'Rate exceeded')]);
  const { end, another, requestsNow } = await attempt({ nowMs: NOW_MS, progress, execution: 'arn:first', ecs });
  expect(end).toMatchObject({ next: 'backOff' });
  expect(await another()).toMatchObject({ reason: 'takenUp' });
  expect(requestsNow()).toHaveLength(1);
});

describe('a call that was made', () => {
  test('was looked up together with the pause', async () => {
    const { reads } = await attempt({ nowMs: NOW_MS });
    expect(reads[0]).toEqual(['pause', `accepted#${RERUN.callId}`]);
  });

  test('for what was left of it is known under the token of that; the whole call’s acceptance stays', async () => {
    const progress = { attempts: 0, unanswered: 0, remaining: 1, round: 1, taskArns: ['first'] };
    const accepted = { atMs: EVENT_TIME_MS, taskArns: ['first'] };
    const ecs = () => ({ tasks: [{ taskArn: ARN, createdAt: new Date(NOW_MS) }] });
    const { items, stored, requests } = await attempt({
      nowMs: NOW_MS,
      progress,
      accepted,
      acceptedToken: clientToken,
      ecs,
    });
    expect(stored(ours, 'record')).toMatchObject({ taskArns: ['first'] });
    const [{ clientToken: derived }] = requests;
    const rest = synchronousCallId({ ...HOME, principal: OWN_PRINCIPAL, cluster: 'batch', clientToken: derived });
    expect(items.map(({ id }) => id?.S)).toContain(`accepted#${rest}`);
  });

  const { clientToken = '' } = RERUN.request ?? {};
  const OLD = [ARN, 'b'].map((taskArn) => ({ taskArn, createdAt: new Date(NOW_MS - 60_000) }));
  const ours = `accepted#${synchronousCallId({ ...HOME, principal: OWN_PRINCIPAL, cluster: 'batch', clientToken })}`;

  test('is known as accepted at once, as its record will say it', async () => {
    const { stored } = await attempt({ nowMs: NOW_MS });
    expect(stored(ours, 'record')).toEqual({ atMs: NOW_MS, taskArns: [ARN, 'b'], digest: RERUN.doneBy?.digest });
  });

  test.each<[string, Answer]>([
    ['was throttled', failing([awsError('ThrottlingException')])],
    ['ECS refused', failing([awsError('ClientException')])],
    ['found no room', () => ({ failures: [{ reason: 'RESOURCE:MEMORY' }, { reason: 'RESOURCE:MEMORY' }] })],
    ['nobody answered', failing([awsError('TimeoutError')])],
    ['repeats an answer, for tasks that may be another request’s', () => ({ tasks: OLD })],
    [
      'is placed in part, which may be a repeated answer',
      () => ({ tasks: [OLD[0]], failures: [{ reason: 'RESOURCE:MEMORY' }] }),
    ],
    [
      'conflicts with tasks of the call, by another request',
      () => {
        throw Object.assign(awsError('ConflictException'), { resourceIds: ['known'] });
      },
    ],
  ])('is not where it %s', async (_, ecs) => {
    const { item, requests } = await attempt({ nowMs: NOW_MS, ecs });
    expect(requests).toHaveLength(1);
    expect(item(ours)).toBeUndefined();
  });
});

describe('in time a call', () => {
  const whole = { atMs: EVENT_TIME_MS, taskArns: ['a', 'b'] };

  test('that its caller got through itself is not made again', async () => {
    const { end, requests } = await attempt({ nowMs: NOW_MS, accepted: whole });
    expect(end).toMatchObject({ next: 'finish', result: 'alreadyStarted', taskArns: ['a', 'b'] });
    expect(requests).toEqual([]);
  });

  test('is left to ECS to compare with another request under its token, as long as ECS knows that', async () => {
    const accepted = { ...whole, digest: 'of another request' };
    expect((await attempt({ nowMs: NOW_MS, accepted })).requests).toHaveLength(1);
    const late = EVENT_TIME_MS - 57 * MINUTE;
    expect((await attempt({ nowMs: NOW_MS, accepted: { ...accepted, atMs: late } })).end).toEqual([
      'Refused',
      expect.stringMatching(/^conflict/),
    ]);
  });

  test('is given up where its time to wait for room is over, whatever permit comes then', async () => {
    const noRoom = { until: instant(NOW_MS), short: 'instances', room: 'instances batch' };
    const progress = { attempts: 0, unanswered: 0, remaining: 2, round: 0, taskArns: [], noRoom };
    const { end, requests } = await attempt({ nowMs: NOW_MS, progress });
    expect(end).toEqual(['GaveUp', expect.stringMatching(/^noRoom: instances batch/)]);
    expect(requests).toEqual([]);
  });

  test('tells whoever starts its tasks again until when they may wait for room', async () => {
    const noRoom = { until: instant(NOW_MS + MINUTE), short: 'instances', room: 'instances batch' };
    const progress = { attempts: 0, unanswered: 0, remaining: 2, round: 0, taskArns: [], noRoom };
    const { stored } = await attempt({ nowMs: NOW_MS, progress });
    expect(stored(`launch#${ARN}`, 'record')).toMatchObject({ waitsForRoomUntil: noRoom.until });
  });
});

describe('what an answer left of a call', () => {
  const progress = { attempts: 0, unanswered: 0, remaining: 1, round: 1, taskArns: [ARN] };

  test('is made, although some attempt at the whole is known to have been accepted', async () => {
    const accepted = { atMs: EVENT_TIME_MS, taskArns: [ARN, 'b'] };
    expect((await attempt({ nowMs: NOW_MS, progress, accepted })).requests).toHaveLength(1);
  });

  test('goes under one token, whichever record of the call an execution began with', async () => {
    const tokens = await Promise.all(
      [0, 2, 90].map(async (minutes) => {
        const eventTime = instant(EVENT_TIME_MS - minutes * MINUTE);
        const deadline = { noRoom: { until: instant(NOW_MS + 60 * MINUTE), short: 'instances' } };
        const rerun = { ...RERUN, call: { ...RERUN.call, eventTime } };
        const { requests } = await attempt({ nowMs: NOW_MS, rerun, progress: { ...progress, ...deadline } });
        return requests[0]?.clientToken;
      }),
    );
    expect(tokens).toEqual([expect.any(String), tokens[0], tokens[0]]);
    expect(tokens[0]).not.toBe(RERUN.request.clientToken);
  });

  test('is refused where its token, which nobody else can know, has another request', async () => {
    const conflict = Object.assign(awsError('ConflictException'), { resourceIds: ['c'] });
    const { end } = await attempt({ nowMs: NOW_MS, progress, ecs: failing([conflict]) });
    expect(end).toEqual(['Refused', expect.stringMatching(/^conflict/)]);
  });
});

describe('after its deadline a call', () => {
  test('is made under its own token where the history shows that it was not accepted', async () => {
    const { requests, end } = await attempt({ nowMs: LATE_MS, coverage: READ });
    expect(requests).toEqual([RERUN.request]);
    expect(end).toMatchObject({ next: 'finish', result: 'started' });
  });

  test('waits for its permit before that', async () => {
    const { requests, end } = await attempt({ nowMs: LATE_MS, coverage: READ, hasTurn: false });
    expect(requests).toEqual([]);
    expect(end).toMatchObject({ next: 'backOff', waitUntil: instant(LATE_MS) });
  });

  test('waits for room no longer than others do, although it has never been answered that there is none', async () => {
    const rerun = { ...RERUN, rooms: ['fargate', 'provisioning batch'] };
    const late = { nowMs: LATE_MS, coverage: READ, hasTurn: false, rerun };
    const noRoom = { until: instant(LATE_MS + 120 * MINUTE), short: 'provisioning', room: 'provisioning batch' };
    const { end } = await attempt({ ...late, full: 'provisioning batch' });
    expect(end).toMatchObject({ next: 'backOff', progress: { noRoom } });
    expect((await attempt({ ...late, full: 'provisioning night' })).end).not.toHaveProperty('progress.noRoom');
  });

  test('waits five minutes for a history that is not read yet', async () => {
    const { requests, end } = await attempt({ nowMs: DEADLINE_MS });
    expect(requests).toEqual([]);
    expect(end).toMatchObject({
      next: 'waitForProof',
      waitUntil: instant(DEADLINE_MS + 5 * MINUTE),
      progress: { attempts: 0 },
    });
  });

  test('was made already where ECS accepted it', async () => {
    const accepted = { atMs: EVENT_TIME_MS, taskArns: [ARN, 'b'] };
    const { requests, end } = await attempt({ nowMs: LATE_MS, accepted });
    expect(requests).toEqual([]);
    expect(end).toEqual({ next: 'finish', result: 'alreadyStarted', taskArns: [ARN, 'b'] });
  });

  test.each([
    ['in the second before its own time, which is all that CloudTrail tells', EVENT_TIME_MS - 1000, []],
    ['an hour before, when the answer was lost', EVENT_TIME_MS - 60 * MINUTE, []],
    ['the day before, under the same token, but not since', EVENT_TIME_MS - 86_400_000, [RERUN.request]],
  ])('was accepted %s', async (_, atMs, expected) => {
    const accepted = { atMs, taskArns: [ARN, 'b'] };
    const { requests } = await attempt({ nowMs: LATE_MS, coverage: READ, accepted });
    expect(requests).toEqual(expected);
  });

  test.each([
    ['that of a request of ours before this one', RERUN, RERUN.request?.clientToken],
    [
      'one of ours, in place of the missing one',
      { ...RERUN, callId: 'tokenless', request: TOKENLESS, ownToken: 'substitute' as const },
      substituteToken(KEY, 'tokenless'),
    ],
  ])('was made already where ECS accepted it under another token: %s', async (_, rerun, acceptedToken) => {
    const accepted = { atMs: EVENT_TIME_MS + MINUTE, taskArns: [ARN, 'b'] };
    const { requests, end } = await attempt({ nowMs: LATE_MS, coverage: READ, accepted, acceptedToken, rerun });
    expect(requests).toEqual([]);
    expect(end).toEqual({ next: 'finish', result: 'alreadyStarted', taskArns: [ARN, 'b'] });
  });

  const partly = { attempts: 1, unanswered: 0, remaining: 1, round: 1, taskArns: [ARN] };
  const noSweeps = { sweep: { everyMinutes: 0 } };
  test.each<[string, string[], Omit<Play, 'nowMs'>]>([
    ['is given up where nothing will prove it', ['GaveUp', 'deadline'], { settings: noSweeps }],
    [
      'is refused where it came too late to begin with',
      ['Refused', 'tooLate'],
      { settings: noSweeps, startedAtMs: DEADLINE_MS },
    ],
    [
      'is given up where the history has a gap',
      ['GaveUp', 'deadline'],
      { coverage: { ...READ, fromMs: EVENT_TIME_MS + 1 } },
    ],
    [
      'of which some tasks were started is given up: its tokens are in nobody’s history',
      ['GaveUp', `deadline; started: ${ARN}`],
      { coverage: READ, progress: partly },
    ],
    [
      'that ECS accepted in part is given up: what is left has no token that would prove anything',
      ['GaveUp', `deadline; started: ${ARN}`],
      { coverage: READ, accepted: { atMs: EVENT_TIME_MS, taskArns: [ARN] } },
    ],
    [
      'of a failed start is given up: its token was ours',
      ['GaveUp', 'deadline'],
      { coverage: READ, rerun: GENERATION },
    ],
  ])('%s', async (_, expected, play) => {
    const { requests, end } = await attempt({ nowMs: LATE_MS, ...play });
    expect(requests).toEqual([]);
    expect(end).toEqual(expected);
  });
});

test.each([
  ['with its permit in hand', NOW_MS],
  ['after its deadline', LATE_MS],
])('nothing is launched during a pause, nor given up: %s', async (_, nowMs) => {
  const { end, requests } = await attempt({ nowMs, coverage: READ, isPaused: true });
  expect(requests).toEqual([]);
  expect(end).toMatchObject({ next: 'backOff', waitUntil: instant(nowMs + MINUTE), progress: { attempts: 0 } });
});

describe('what was launched is kept', () => {
  test('whole, as the first of a lineage', async () => {
    const { stored } = await attempt({ nowMs: NOW_MS });
    const record = { caller: CRON_ROLE, rootCallId: RERUN.callId, generation: 0, isOurs: true, request: RERUN.request };
    expect([stored(`launch#${ARN}`, 'record'), stored('launch#b', 'record')]).toEqual([record, record]);
  });

  test('as the next generation of its lineage, under its original caller', async () => {
    const { stored } = await attempt({ nowMs: NOW_MS, rerun: GENERATION });
    expect(stored(`launch#${ARN}`, 'record')).toEqual({
      caller: CRON_ROLE,
      rootCallId: 'root',
      generation: 2,
      isOurs: true,
      request: { ...GENERATION.request, clientToken: generationToken(KEY, callId) },
    });
  });

  test('also where only some were started, and not where none was', async () => {
    const some = await attempt({
      nowMs: NOW_MS,
      ecs: () => ({ tasks: [{ taskArn: ARN }], failures: [{ reason: 'AGENT' }] }),
    });
    expect(some.stored(`launch#${ARN}`, 'record')).toMatchObject({ generation: 0 });
    const none = await attempt({ nowMs: NOW_MS, ecs: failing([awsError('ThrottlingException')]) });
    expect(none.stored(`launch#${ARN}`, 'record')).toBeNull();
  });
});

test('a throttle of ours slows the rate for everybody, and nothing else does', async () => {
  const throttled = await attempt({ nowMs: NOW_MS, ecs: failing([awsError('ThrottlingException')]) });
  expect(throttled.stored('rate', 'state')).toMatchObject({ throttledAtMs: NOW_MS, probePerSecond: 5 });
  for (const name of ['ServerException', 'AccessDeniedException']) {
    const other = await attempt({ nowMs: NOW_MS, ecs: failing([awsError(name)]) });
    expect(other.stored('rate', 'state')).toBeNull();
  }
});
