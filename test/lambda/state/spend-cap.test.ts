import { describe, expect, test } from 'vitest';
import { type Outcome, startedTasks } from '../../../lambda/core/rerun/outcome.ts';
import { makeSpendCap } from '../../../lambda/state/spend-cap.ts';
import { NOW_MS } from '../../support/records.ts';
import { TABLES } from '../../support/table.ts';

const HOUR_MS = 3_600_000;
const NEXT_HOUR_MS = (Math.floor(NOW_MS / HOUR_MS) + 1) * HOUR_MS;

describe.each(TABLES)('the spend cap, in %s', (_, openTable) => {
  /** Functions that share one table and a cap. */
  function openCaps(maxTasksPerHour: number | undefined) {
    const { open, items } = openTable();
    const function_ = () => {
      const world = open({ maxTasksPerHour });
      return { ...makeSpendCap(world.dependencies), at: world.at };
    };
    return { function_, counted: async () => (await items()).map(({ tasks }) => Number(tasks?.N)), items };
  }

  test('lets launches through until the hour is full, and says when the next begins', async () => {
    const { function_ } = openCaps(5);
    const cap = function_();
    expect(await cap.reserve(3)).toMatchObject({ tasks: 3 });
    expect(await cap.reserve(3)).toEqual({ untilMs: NEXT_HOUR_MS });
    expect(await cap.reserve(2)).toMatchObject({ tasks: 2 });
    expect(await cap.reserve(1)).toEqual({ untilMs: NEXT_HOUR_MS });
  });

  test('counts each hour for itself', async () => {
    const { function_ } = openCaps(1);
    const cap = function_();
    await cap.reserve(1);
    cap.at(NEXT_HOUR_MS);
    expect(await cap.reserve(1)).toMatchObject({ tasks: 1 });
  });

  test('is one for all functions, however many reserve at once', async () => {
    const { function_, counted } = openCaps(20);
    const functions = Array.from({ length: 8 }, function_);
    const reserved = await Promise.all(Array.from({ length: 64 }, (_, n) => functions[n % 8]?.reserve(1 + (n % 3))));
    const through = reserved.reduce((sum, answer) => sum + (answer && 'tasks' in answer ? answer.tasks : 0), 0);
    expect(through).toBeLessThanOrEqual(20);
    expect(through).toBeGreaterThan(17);
    expect(await counted()).toEqual([through]);
  });

  test('has room again for what others gave back, and for nothing else, while many reserve and settle at once', async () => {
    const { function_, counted } = openCaps(5);
    const started = await Promise.all(
      Array.from({ length: 10 }, async (_, n) => {
        const cap = function_();
        const reservation = await cap.reserve(1);
        if ('untilMs' in reservation) return 0;
        await cap.settle(reservation, n % 2);
        return n % 2;
      }),
    );
    const sum = started.reduce((total: number, tasks) => total + tasks, 0);
    expect(await counted()).toEqual([sum]);
    const rest = await Promise.all(Array.from({ length: 10 }, () => function_().reserve(1)));
    expect(rest.filter((answer) => 'tasks' in answer)).toHaveLength(5 - sum);
    expect(await counted()).toEqual([5]);
  });

  test.each<[string, Outcome, number]>([
    ['what was started', { kind: 'started', taskArns: ['a', 'b', 'c'] }, 3],
    ['what was started in part', { kind: 'partlyStarted', taskArns: ['a'], remaining: 2 }, 1],
    ['nothing of what somebody else had started', { kind: 'alreadyStarted', taskArns: ['a', 'b', 'c'] }, 0],
    ['nothing of what was throttled', { kind: 'throttled' }, 0],
    ['nothing of what found no room', { kind: 'noRoom' }, 0],
    ['nothing of what ECS rejected', { kind: 'rejected', code: 'AccessDeniedException', taskArns: [] }, 0],
    ['all of what got no answer, which may have been started', { kind: 'unavailable' }, 3],
  ])('counts %s', async (_outcome, outcome, count) => {
    const { function_, counted } = openCaps(10);
    const cap = function_();
    const reservation = await cap.reserve(3);
    if ('untilMs' in reservation) throw new Error('expected room for three tasks');
    await cap.settle(reservation, startedTasks(outcome));
    expect(await counted()).toEqual([count]);
  });

  test('where there is none writes nothing', async () => {
    const { function_, items } = openCaps(undefined);
    const cap = function_();
    const reservation = await cap.reserve(10);
    if (!('untilMs' in reservation)) await cap.settle(reservation, 0);
    expect(await items()).toEqual([]);
  });
});
