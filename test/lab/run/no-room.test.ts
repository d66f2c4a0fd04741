import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../lab/kernel/json.ts';
import type { Attempt, Call } from '../../../lab/run/call-ledger.ts';
import { isNoRoomError, isNoRoomFailure, isNoRoomStop, Misfits, NoRoomAttempts } from '../../../lab/run/no-room.ts';
import { accountWith, RUN_TASK } from '../aws/world.ts';
import { judged } from './judged.fixture.ts';

const NO_ADDRESS =
  "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-0ab': InsufficientFreeAddressesInSubnet";
const THROTTLED = 'Unexpected EC2 error while attempting to Create Network Interface in subnet X: RequestLimitExceeded';

describe('want of room', () => {
  test.each([
    ["You've reached the limit on the number of vCPUs you can run concurrently", true],
    ['You’ve reached the limit on the number of spot tasks you can run concurrently', true],
    ['Capacity is unavailable at this time. Please try again later or in a different availability zone', true],
    ['RESOURCE:ENI', true],
    ['AGENT', true],
    ['ATTRIBUTE', false],
    ['INACTIVE', false],
    ['AGENTLESS', false],
  ])('of a task that was not placed: %s', (reason, expected) => {
    expect(isNoRoomFailure({ reason })).toBe(expected);
  });

  test.each([
    ['ClientException', 'Tasks provisioning capacity limit exceeded.', true],
    ['InvalidParameterException', 'Tasks provisioning capacity limit exceeded.', false],
    ['ClientException', 'TaskDefinition not found.', false],
  ])('of a call that was rejected: %s %s', (code, message, expected) => {
    expect(isNoRoomError({ code, message })).toBe(expected);
  });

  test.each([
    [NO_ADDRESS, true],
    ['TaskFailedToStart: RESOURCE:GPU', true],
    ['TaskFailedToStart: AGENT', true],
    ['Capacity is unavailable at this time. Please try again later', true],
    [THROTTLED, false],
    ['CannotPullContainerError: image RESOURCE:GPU not found', false],
  ])('of a task that died: %s', (reason, expected) => {
    expect(isNoRoomStop(reason)).toBe(expected);
  });
});

test('an attempt that found no room counts once, however often its answer is repeated', () => {
  const attempts = new NoRoomAttempts();
  const answered = (clientToken: string, reason: string) =>
    attempts.answered({ referenceId: 'cron/1', clientToken }, [{ reason }]);
  answered('a', 'RESOURCE:CPU');
  answered('a', 'RESOURCE:CPU');
  answered('b', 'ATTRIBUTE');
  attempts.rejected({ code: 'ThrottlingException', message: 'Rate exceeded' });
  expect(attempts.count).toBe(1);
  attempts.rejected({ code: 'ClientException', message: 'Tasks provisioning capacity limit exceeded.' });
  attempts.rejected({ code: 'ClientException', message: 'Tasks provisioning capacity limit exceeded.' });
  attempts.died('e');
  attempts.died('e');
  expect(attempts.count).toBe(4);
});

describe('a call never fits', () => {
  const EC2 = { launchType: 'EC2' };
  const subnet = (name: string, tasks: number) => ({ kind: 'addresses', subnet: name, tasks });
  test.each<[string, JsonObject, JsonObject, boolean]>([
    ['in a quota of none', { room: [{ kind: 'fargate', tasks: 0 }] }, {}, true],
    ['though a quota bounds others', { room: [{ kind: 'fargate', tasks: 0 }] }, EC2, false],
    ['in parts', { room: [{ kind: 'instances', cluster: 'batch', tasks: 1 }] }, { ...EC2, count: 3 }, false],
    ['whole', { room: [{ kind: 'provisioning', cluster: 'batch', tasks: 2 }] }, { count: 3 }, true],
    ['in any of its subnets', { room: [subnet('subnet-0aaa', 0), subnet('subnet-0bbb', 0)] }, {}, true],
    ['in one of its subnets', { room: [subnet('subnet-0aaa', 0)] }, {}, false],
    [
      'on any instance',
      { placementFailures: [{ family: 'report', probability: 1, reason: 'RESOURCE:GPU' }] },
      EC2,
      true,
    ],
    ['now and then', { placementFailures: [{ family: 'report', probability: 0.9, reason: 'AGENT' }] }, EC2, false],
    ['as others', { placementFailures: [{ family: 'web-job', probability: 1, reason: 'AGENT' }] }, EC2, false],
  ])('%s', (_name, account, request, expected) => {
    expect(new Misfits(accountWith(account)).neverFits({ ...RUN_TASK, ...request })).toBe(expected);
  });
});

const SHORT = { failures: [{ reason: 'RESOURCE:MEMORY' }], state: 'unplaced' } as const;
const REJECTED: Partial<Call> = { state: 'unplaced', attempts: [{ at: 0, token: 't', outcome: 'noRoom' } as Attempt] };
const launchedBy = (invokedBy: string) => ({ arn: 'arn:aws:sts::111122223333:assumed-role/ops/s', invokedBy });
const ON = { capacity: { rerun: true } };
const OFF = { capacity: { rerun: false } };

describe('a call that found no room is owed', () => {
  const hidden = { referenceId: 'ops/0', ...RUN_TASK, overrides: { containerOverrides: [{ environment: [] }] } };
  const two = { referenceId: 'ops/0', ...RUN_TASK, count: 2 };
  test.each<[string, Partial<Call>, JsonObject, JsonObject, boolean]>([
    ['to a client', SHORT, {}, {}, true],
    ['to a client that got a part', { ...SHORT, state: 'accepted', taskArns: ['x'], request: two }, {}, {}, true],
    ['to no client with hidden values', { ...SHORT, request: hidden }, {}, {}, false],
    ['to nobody whom that was forbidden for', SHORT, { capacity: { rerun: false } }, {}, false],
    ['to nobody who is not listed', SHORT, { callers: [] }, {}, false],
    ['to nobody for what does not pass', { ...SHORT, failures: [{ reason: 'ATTRIBUTE' }] }, ON, {}, false],
    ['to a rule', { ...SHORT, principal: launchedBy('events.amazonaws.com'), tokens: [] }, ON, {}, true],
    ['to a schedule', { ...SHORT, principal: launchedBy('scheduler.amazonaws.com'), tokens: [] }, ON, {}, true],
    ['to a pipe', { ...SHORT, principal: launchedBy('pipes.amazonaws.com'), tokens: [] }, ON, {}, true],
    [
      'to no rule where room is not awaited',
      { ...SHORT, principal: launchedBy('events.amazonaws.com') },
      OFF,
      {},
      false,
    ],
    ['to no workflow, which looks', { ...SHORT, principal: launchedBy('states.amazonaws.com') }, ON, {}, false],
    ['not where it was rejected and its record is bare', REJECTED, ON, {}, false],
    ['where it was rejected and its record holds it', REJECTED, ON, { throttledRecords: 'full' }, true],
    ['where it was rejected and handed over', { ...REJECTED, messageIds: ['m'] }, ON, {}, true],
    ['not even then where room is not awaited', { ...REJECTED, messageIds: ['m'] }, OFF, {}, false],
  ])('%s', (_name, call, config, account, expected) => {
    const { oracle, fate } = judged(call, config, account);
    expect(oracle.owes(fate)).toBe(expected);
  });

  test.each([
    [ON, NO_ADDRESS, true],
    [{}, NO_ADDRESS, true],
    [OFF, NO_ADDRESS, false],
    [ON, 'CannotPullContainerError: no such image', false],
    [{}, THROTTLED, true],
  ])('under %j where its task died of %s: %s', (config, stoppedReason, expected) => {
    const { oracle, fate } = judged({ state: 'accepted', taskArns: ['task'] }, config);
    const principal = { arn: 'them' };
    oracle.fates.task({
      kind: 'launched',
      taskArn: 'task',
      at: 1,
      input: fate.call.request,
      clientToken: 't',
      principal,
    });
    oracle.fates.task({
      kind: 'stopped',
      taskArn: 'task',
      at: 9,
      stopCode: 'TaskFailedToStart',
      stoppedReason,
      everRan: false,
    });
    expect(oracle.owes(fate)).toBe(expected);
    expect(oracle.missing(fate)).toBe(expected ? 1 : 0);
    expect(oracle.fates.noRoomAttempts.count).toBe(0);
  });

  test('until a task of it ran, however many of ours died for want of an address', () => {
    const { oracle, fate } = judged(SHORT, ON);
    const launch = (taskArn: string, at: number) =>
      oracle.fates.task({
        kind: 'launched',
        taskArn,
        at,
        input: { ...fate.call.request, clientToken: taskArn },
        clientToken: taskArn,
        principal: { arn: 'us' },
      });
    launch('one', 1);
    oracle.fates.task({
      kind: 'stopped',
      taskArn: 'one',
      at: 9,
      stopCode: 'TaskFailedToStart',
      stoppedReason: NO_ADDRESS,
      everRan: false,
    });
    expect(oracle.fates.noRoomAttempts.count).toBe(1);
    expect(oracle.isSettled(fate)).toBe(false);
    launch('two', 20);
    oracle.fates.task({ kind: 'running', taskArn: 'two', at: 30 });
    expect(oracle.isSettled(fate)).toBe(true);
    expect(fate).toMatchObject({ launchedByUsAt: 1, startedByUsAt: 20 });
  });
});

test.each<[string, JsonObject, JsonObject, number, boolean]>([
  ['two hours by default, less the second that a record is cut by', {}, {}, 7199, true],
  ['not earlier', {}, {}, 7198, false],
  ['the configured deadline', { capacity: { deadlineSeconds: 600 } }, {}, 600, true],
  ['not earlier than configured', { capacity: { deadlineSeconds: 82_800 } }, {}, 7200, false],
  ['what never fits, at once', {}, { room: [{ kind: 'fargate', tasks: 0 }] }, 1, true],
])('a call may be left for want of room after %s', (_name, config, account, seconds, expected) => {
  const { oracle, fate } = judged(SHORT, config, account);
  expect(oracle.mayLeaveForRoom(fate, seconds * 1000)).toBe(expected);
});

test('clocks that are apart make a call that waited for room no younger than it seems to whoever left it', () => {
  const leavesAfter = (seconds: number, clockErrorMs: number) => {
    const { oracle, fate } = judged(SHORT, {}, {}, clockErrorMs);
    return oracle.mayLeaveForRoom(fate, seconds * 1000);
  };
  expect([leavesAfter(7150, 0), leavesAfter(7150, 60_000), leavesAfter(7130, 60_000)]).toEqual([false, true, false]);
});
