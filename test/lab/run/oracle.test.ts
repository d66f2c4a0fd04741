import { describe, expect, test } from 'vitest';
import type { TaskTransition } from '../../../lab/aws/ecs/fake-ecs.ts';
import type { JsonObject } from '../../../lab/kernel/json.ts';
import type { Call } from '../../../lab/run/call-ledger.ts';
import { RUN_TASK } from '../aws/world.ts';
import { judged } from './judged.fixture.ts';

const NO_ADDRESS = 'TaskFailedToStart: RESOURCE:ENI';

/** A throttled call for so many tasks whose record holds its request, and what ECS does with tasks. */
function throttled(count: number, config: JsonObject = {}, changes: Partial<Call> = {}) {
  const request = { referenceId: 'ops/0', ...RUN_TASK, count };
  const { oracle, fate } = judged({ state: 'throttled', request, ...changes }, config, { throttledRecords: 'full' });
  const tell = (transition: Partial<TaskTransition>) => oracle.fates.task({ at: 1, ...transition } as TaskTransition);
  const launch = (taskArn: string, arn = 'us', referenceId = 'ops/0') =>
    tell({ kind: 'launched', taskArn, input: { ...request, referenceId }, clientToken: 't', principal: { arn } });
  const run = (taskArn: string) => tell({ kind: 'running', taskArn });
  const die = (taskArn: string, stoppedReason: string) =>
    tell({ kind: 'stopped', taskArn, stopCode: 'TaskFailedToStart', stoppedReason, everRan: false });
  const answer = (clientToken: string, reason: string) =>
    oracle.fates.answered({ ...request, clientToken }, [{ reason }]);
  return { oracle, fate, launch, run, die, answer };
}

describe('what ran too often', () => {
  test('are tasks beyond the count of their call', () => {
    const { oracle, launch, run } = throttled(2);
    for (const task of ['a', 'b', 'c']) {
      launch(task);
      run(task);
    }
    expect(oracle.fates.duplicated()).toBe(1);
  });

  test('are tasks that we launched and nobody asked for, not those of others', () => {
    const { oracle, launch } = throttled(1);
    launch('ours', 'us', 'unknown');
    launch('theirs', 'them', 'unknown');
    expect(oracle.fates.duplicated()).toBe(1);
  });

  test('are no tasks that died before they ran', () => {
    const { oracle, launch, run, die } = throttled(1);
    launch('a');
    die('a', NO_ADDRESS);
    launch('b');
    run('b');
    expect(oracle.fates.duplicated()).toBe(0);
  });
});

describe('of a call is owed', () => {
  test('no task that ECS placed nowhere for good, however often it says so under one token', () => {
    const { oracle, fate, answer } = throttled(3);
    answer('t', 'ATTRIBUTE');
    answer('t', 'ATTRIBUTE');
    expect(oracle.missing(fate)).toBe(2);
    answer('another', 'ATTRIBUTE');
    expect(oracle.missing(fate)).toBe(1);
  });

  test.each([
    ['a task that died for want of room', {}, 2],
    ['no such task where room is not waited for', { capacity: { rerun: false } }, 1],
  ])('%s', (_, config, expected) => {
    const { oracle, fate, launch, die } = throttled(2, config);
    launch('a');
    die('a', NO_ADDRESS);
    expect(oracle.missing(fate)).toBe(expected);
  });
});

test('a call is not settled while a task of it may still run or die, whatever was said of the rest', () => {
  const { oracle, fate, launch, run } = throttled(2);
  launch('a');
  fate.reasons = new Map([['execution', { isOfTask: false, isRefusal: false }]]);
  expect(oracle.isSettled(fate)).toBe(false);
  run('a');
  expect(oracle.isSettled(fate)).toBe(true);
});

test.each<[string, Partial<Call>, JsonObject, boolean]>([
  ['where its record is bare', {}, {}, true],
  ['not where its record holds it', {}, { throttledRecords: 'full' }, false],
  ['not where its caller handed it over', { messageIds: ['m'] }, {}, false],
])('a throttled call is lost for good %s', (_, changes, account, expected) => {
  const { oracle, fate } = judged({ state: 'throttled', ...changes }, {}, account);
  expect(oracle.isLostForGood(fate)).toBe(expected);
});
