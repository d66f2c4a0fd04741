import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { report } from '../../lab/report/report.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';

const FARGATE = {
  cluster: 'batch',
  taskDefinition: 'report:3',
  launchType: 'FARGATE',
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-a', 'subnet-b'] } },
};
const EC2 = { cluster: 'batch', taskDefinition: 'report:3', launchType: 'EC2' };
const caller = (name: string, changes: JsonObject): JsonObject => ({
  name,
  principalArn: `arn:aws:sts::111122223333:assumed-role/${name}/session`,
  calls: 60,
  overSeconds: 10,
  maxAttempts: 1,
  request: FARGATE,
  ...changes,
});
const RULE = caller('rule', { invokedBy: 'events.amazonaws.com', userAgent: 'events.amazonaws.com' });
const CLIENT = caller('client', { handsOver: true });

/** Plays calls that find no room; nothing may be lost or doubled. */
async function played(
  room: JsonObject[],
  callers: JsonObject[],
  changes: JsonObject = {},
  capacity: JsonObject = {},
  faults: JsonObject[] = [],
) {
  const text = JSON.stringify({
    name: 'no room',
    seed: 3,
    remediation: {
      config: {
        mode: 'rerun',
        clusters: ['batch'],
        families: ['report', 'huge'],
        callers: [
          'arn:aws:iam::111122223333:role/rule',
          'arn:aws:iam::111122223333:role/huge',
          { arn: 'arn:aws:iam::111122223333:role/client', handsOver: true },
        ],
        capacity,
      },
    },
    account: {
      clusters: ['batch'],
      taskDefinitions: [
        { family: 'report', revision: 3 },
        { family: 'huge', revision: 1 },
      ],
      room,
      taskSeconds: [10, 30],
      ...changes,
    },
    callers,
    faults,
  });
  const { report: figures, violations } = await report(readScenario(text, 'test.json'));
  expect(violations).toEqual([]);
  expect(figures.calls.owed).toBeGreaterThan(5);
  return figures;
}

describe('calls that find no room come back as there is some', () => {
  test.each<[string, JsonObject[], JsonObject[], number?]>([
    ['a rule’s, which took each 200 for success', [{ kind: 'fargate', launchType: 'FARGATE', tasks: 12 }], [RULE]],
    [
      'without a client token, where the answer was final',
      [{ kind: 'fargate', launchType: 'FARGATE', tasks: 12 }],
      [{ ...RULE, clientToken: null }],
    ],
    [
      'a client’s that hands over what was placed in part, environment and all',
      [{ kind: 'instances', cluster: 'batch', tasks: 12 }],
      [
        {
          ...CLIENT,
          calls: 12,
          request: {
            ...EC2,
            count: 5,
            overrides: { containerOverrides: [{ name: 'app', environment: [{ name: 'A', value: 'b' }] }] },
          },
        },
      ],
      // It takes so many refusals to know that a cluster has no room, and here hardly more are owed.
      13,
    ],
    ['rejected whole at the limit of PROVISIONING', [{ kind: 'provisioning', cluster: 'batch', tasks: 12 }], [CLIENT]],
    [
      'accepted, and dead for want of an address',
      [
        { kind: 'addresses', subnet: 'subnet-a', tasks: 7 },
        { kind: 'addresses', subnet: 'subnet-b', tasks: 5 },
      ],
      [RULE],
    ],
    [
      'short of two rooms at once',
      [
        { kind: 'fargate', launchType: 'FARGATE', tasks: 14 },
        { kind: 'provisioning', cluster: 'batch', tasks: 6 },
      ],
      [CLIENT],
    ],
  ])('%s', async (_, room, callers, proof = 0) => {
    const figures = await played(room, callers);
    expect(figures.reruns.gaveUp).toEqual({});
    expect(figures.reruns.refused).toEqual({});
    // Hardly anybody asks in vain. Backing off alone takes 5 to 16 requests for each start.
    expect(figures.ecs.runTaskCalls - proof).toBeLessThan(1.5 * figures.calls.owed);
  });

  test.each<[string, JsonObject]>([
    ['RESOURCE:MEMORY', EC2],
    ['RESOURCE:CPU', { ...EC2, count: 10 }],
    ['AGENT', EC2],
    ['RESOURCE:ENI', FARGATE],
    ['Capacity is unavailable at this time. Please try again later or in a different availability zone', FARGATE],
  ])('and where chance refuses one in ten, nobody waits for room that there is: %s', async (reason, request) => {
    const { drain, ecs, byCaller } = await played([], [{ ...CLIENT, calls: 200, overSeconds: 2, request }], {
      buckets: { clusterResourceModify: { burst: 40, refillPerSecond: 20 } },
      placementFailures: [{ family: 'report', probability: 0.1, reason }],
    });
    // Each request takes its time, also in vain.
    expect(drain.ratio).toBeLessThan(1.3 * Number(ecs.callsPerOwed));
    expect(byCaller.client?.waitSeconds?.p99).toBeLessThan(45);
  });

  test('and who is not short of it does not wait for it', async () => {
    const room = [{ kind: 'instances', cluster: 'batch', tasks: 2 }];
    const blocked = { ...RULE, calls: 40, request: EC2 };
    // One whom the bucket throttles, not the room.
    const other = { ...CLIENT, calls: 30, overSeconds: 1, startAt: 30 };
    const buckets = { clusterResourceModify: { burst: 20, refillPerSecond: 5 } };
    const { byCaller } = await played(room, [blocked, other], { buckets });
    expect(byCaller.client?.waitSeconds?.p99).toBeLessThan(30);
    expect(byCaller.rule?.waitSeconds?.p99).toBeGreaterThan(100);
  });

  test('and whose tasks have it, but were not heard of, waits for nobody', async () => {
    const room = [{ kind: 'fargate', launchType: 'FARGATE', tasks: 4 }];
    const whole = { ...CLIENT, calls: 12, overSeconds: 600, neverAttempts: true, request: { ...FARGATE, count: 4 } };
    const faults = [{ kind: 'handlerCrash', handler: 'run-task', probability: 0.3, at: 'call' }];
    const { reruns } = await played(room, [whole], { taskSeconds: [300, 600] }, { deadlineSeconds: 21_600 }, faults);
    expect(reruns.gaveUp).toEqual({});
    expect(reruns.started + reruns.alreadyStarted).toBe(12);
  });

  test('until the capacity deadline: then people hear of it', async () => {
    const room = [{ kind: 'fargate', launchType: 'FARGATE', tasks: 0 }];
    const figures = await played(room, [{ ...RULE, calls: 20 }], {}, { deadlineSeconds: 900 });
    expect(figures.reruns.gaveUp).toEqual({ noRoom: 20 });
    expect(figures.ecs.runTaskCalls).toBeLessThan(60);
    expect(figures.notifications).toBeGreaterThan(0);
  });

  test('but not a task that is larger than any instance, for which nobody waits', async () => {
    const huge = caller('huge', { calls: 6, request: { ...EC2, taskDefinition: 'huge:1' } });
    const room = [{ kind: 'instances', cluster: 'batch', tasks: 12 }];
    const small = { ...RULE, calls: 100, overSeconds: 1200, request: EC2 };
    const late = { ...RULE, name: 'rule2', calls: 60, overSeconds: 5, request: EC2 };
    const placementFailures = [{ family: 'huge', probability: 1, reason: 'RESOURCE:MEMORY' }];
    const { reruns, virtualSeconds } = await played(room, [small, late, huge], { placementFailures });
    expect(reruns.gaveUp).toEqual({ noRoom: 6 });
    expect(virtualSeconds).toBeLessThan(7000);
  });

  test('where nobody awaits room they stay as they are, and who hands one over hears of it', async () => {
    const room = [{ kind: 'provisioning', cluster: 'batch', tasks: 12 }];
    const buckets = { clusterResourceModify: { burst: 30, refillPerSecond: 2 } };
    const { reruns } = await played(room, [CLIENT], { buckets }, { rerun: false });
    expect(reruns.refused.roomNotAwaited).toBeGreaterThan(0);
  });
});
