import { describe, expect, test } from 'vitest';
import type { RoomLimit, RoomNeed } from '../../../lab/aws/ecs/room.ts';
import { type Dispatch, lastIdealStart, type Takes, type WaitingCall } from '../../../lab/report/ideal-dispatcher.ts';

/** Here and below: one limit on Fargate's tasks, instants in seconds. */
const fargate = (tasks: number): RoomLimit => ({ kind: 'fargate', launchType: 'FARGATE', tasks });
const provisioning = (tasks: number): RoomLimit => ({ kind: 'provisioning', cluster: 'batch', tasks });
const addresses = (subnet: string, tasks: number): RoomLimit => ({ kind: 'addresses', subnet, tasks });

const NEED: RoomNeed = { capacity: [0], provisioning: [], subnets: [] };
const ONE: Takes = { perCall: [0], perTask: [] };
const AMPLE = { burst: 1000, refillPerSecond: 1000 };

/** A call whose tasks start in no time and run for so many seconds. */
const call = (at: number, runs: readonly number[], more: Partial<WaitingCall> = {}): WaitingCall => ({
  arrivedAt: at * 1000,
  need: NEED,
  lives: runs.map((runSeconds) => ({ startSeconds: 0, runSeconds })),
  buckets: ONE,
  ...more,
});
const change = (at: number, by: number, limit = 0) => ({ at: at * 1000, by, limit });
const taking = (at: number) => ({ at: at * 1000, takes: ONE, tasks: 1 });

function lastStart({ own, ...dispatch }: Partial<Omit<Dispatch, 'own'>> & { own?: Partial<Dispatch['own']> }) {
  const last = lastIdealStart({
    limits: [fargate(1)],
    buckets: [AMPLE],
    calls: [],
    own: { changes: [], takings: [], ...own },
    ...dispatch,
  });
  return last === undefined ? undefined : last / 1000;
}

describe('the ideal dispatcher', () => {
  test('starts nothing where nobody waits', () => {
    expect(lastStart({ own: { changes: [change(0, 1), change(5, -1)] } })).toBeUndefined();
  });

  test('starts a call at the very instant at which a task ends', () => {
    expect(lastStart({ calls: [call(1, [10]), call(2, [10]), call(3, [10])] })).toBe(21);
  });

  test('uses all the room there is', () => {
    expect(lastStart({ limits: [fargate(2)], calls: [call(0, [10]), call(0, [4]), call(0, [1]), call(0, [1])] })).toBe(
      5,
    );
  });

  test('waits for calls that arrive later', () => {
    expect(lastStart({ calls: [call(30, [10]), call(1, [10])] })).toBe(30);
  });

  test('leaves own calls what they have', () => {
    expect(lastStart({ calls: [call(1, [10])], own: { changes: [change(0, 1), change(50, -1)] } })).toBe(50);
  });

  test('waits until what own calls took beside what it started is gone again', () => {
    // From 5 to 10 there is one task more than there is room for: the own call keeps its answer.
    const changes = [change(5, 1), change(25, -1)];
    expect(lastStart({ calls: [call(0, [10]), call(0, [1])], own: { changes } })).toBe(25);
  });

  test('waits for a token as well', () => {
    const buckets = [{ burst: 1, refillPerSecond: 0.1 }];
    const limits = [fargate(9)];
    expect(lastStart({ limits, buckets, calls: [call(0, [1]), call(0, [1]), call(0, [1])] })).toBeCloseTo(20);
    // Another one takes the second token.
    expect(
      lastStart({ limits, buckets, calls: [call(0, [1]), call(0, [1])], own: { takings: [taking(9)] } }),
    ).toBeCloseTo(20);
  });

  test('takes a token for each task where tasks are what is counted', () => {
    const buckets = [AMPLE, { burst: 2, refillPerSecond: 1 }];
    const both = { buckets: { perCall: [0], perTask: [1] } };
    expect(
      lastStart({ limits: [fargate(9)], buckets, calls: [call(0, [1, 1], both), call(0, [1, 1], both)] }),
    ).toBeCloseTo(2);
  });

  test('starts as many tasks of a call as there is room for, each time for a token', () => {
    const buckets = [{ burst: 1, refillPerSecond: 0.1 }];
    expect(lastStart({ limits: [fargate(2)], buckets, calls: [call(0, [3, 3, 3])] })).toBeCloseTo(10);
    expect(lastStart({ limits: [fargate(3)], buckets, calls: [call(0, [3, 3, 3])] })).toBe(0);
  });

  test('waits with a call that is rejected whole', () => {
    const limits = [provisioning(2)];
    const need = { capacity: [], provisioning: [0], subnets: [] };
    const lives = (...starts: number[]) => starts.map((startSeconds) => ({ startSeconds, runSeconds: 999 }));
    const calls = [call(0, [], { need, lives: lives(5, 20) }), call(0, [], { need, lives: lives(1, 1) })];
    expect(lastStart({ limits, calls })).toBe(20);
  });

  test('takes the first subnet that has an address', () => {
    const limits = [addresses('a', 1), addresses('b', 1)];
    const subnets = [
      { id: 'a', limits: [0] },
      { id: 'b', limits: [1] },
    ];
    const need = { capacity: [], provisioning: [], subnets };
    expect(lastStart({ limits, calls: [10, 4, 1].map((run) => call(0, [run], { need })) })).toBe(4);
    const unlimited = { ...need, subnets: [...subnets, { id: 'c', limits: [] }] };
    expect(lastStart({ limits, calls: [10, 4, 1].map((run) => call(0, [run], { need: unlimited })) })).toBe(0);
  });

  test('lets nobody wait behind who is short of something else', () => {
    const limits = [fargate(1), fargate(1)];
    const other = { need: { ...NEED, capacity: [1] } };
    expect(lastStart({ limits, calls: [call(0, [9]), call(1, [9]), call(2, [9], other)] })).toBe(9);
    const [first, second] = [call(0, [9]), call(1, [1])];
    expect(lastStart({ limits, calls: [first, second, call(2, [20], other), call(3, [1], other)] })).toBe(22);
  });

  test('serves who came first', () => {
    // Were the long one served before the short one, the last start would be at 11.
    expect(lastStart({ calls: [call(0, [2]), call(2, [9]), call(1, [1])] })).toBe(3);
  });

  test('gives up where nothing ever ends', () => {
    expect(lastStart({ calls: [call(0, [1])], own: { changes: [change(0, 1)] } })).toBeUndefined();
  });
});
