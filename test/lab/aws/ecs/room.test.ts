import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../lab/kernel/json.ts';
import { holdToModels } from '../held-to-models.ts';
import { arnsOf, detailOf, objects, RUN_TASK, refusalOf, world } from '../world.ts';

holdToModels();

const IN = (...subnets: string[]) => ({ networkConfiguration: { awsvpcConfiguration: { subnets } } });
const ON = (capacityProvider: string) => ({
  capacityProviderStrategy: [{ capacityProvider }],
  launchType: null,
});
const VCPUS = /^You['’]ve reached the limit on the number of vCPUs you can run concurrently$/;
const NO_ADDRESS = (subnet: string) =>
  `Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled in subnet '${subnet}': InsufficientFreeAddressesInSubnet`;

/** RunTask's input without what is null. */
const runTaskInput = (input: JsonObject) =>
  Object.fromEntries(Object.entries({ ...RUN_TASK, ...input }).filter(([, value]) => value !== null));

function roomOf(room: JsonObject[], more: JsonObject = {}) {
  const lab = world({ room, buckets: { clusterResourceModify: { burst: 1e4, refillPerSecond: 1 } }, ...more });
  const runTask = (input: JsonObject = {}) => lab.call('RunTask', runTaskInput(input));
  return { ...lab, runTask };
}

/** What a call is answered: how many tasks, and the reasons of the others. */
const placed = (answer: JsonObject) => [arnsOf(answer).length, ...objects(answer.failures).map(({ reason }) => reason)];

describe('a limit bounds those tasks that it is meant for', () => {
  const fargate = { kind: 'fargate', launchType: 'FARGATE', tasks: 1 };
  const spot = { kind: 'fargate', launchType: 'FARGATE_SPOT', tasks: 1 };
  const instances = { kind: 'instances', cluster: 'batch', tasks: 1 };
  test.each<[string, JsonObject, JsonObject, RegExp | undefined]>([
    ['Fargate, by launch type', fargate, {}, VCPUS],
    ['Fargate, by provider', fargate, ON('FARGATE'), VCPUS],
    ['Fargate, whatever the cluster', fargate, { cluster: 'other' }, VCPUS],
    ['Fargate, not Spot', fargate, ON('FARGATE_SPOT'), undefined],
    ['Fargate, not EC2', fargate, { launchType: 'EC2' }, undefined],
    ['Spot', spot, ON('FARGATE_SPOT'), VCPUS],
    ['Spot, not on demand', spot, {}, undefined],
    ['instances, by launch type', instances, { launchType: 'EC2' }, /^RESOURCE:MEMORY$/],
    ['instances, by provider', instances, ON('my-instances'), /^RESOURCE:MEMORY$/],
    ['instances, of no other cluster', instances, { launchType: 'EC2', cluster: 'other' }, undefined],
    ['instances, not Fargate', instances, {}, undefined],
  ])('%s', (_name, limit, input, reason) => {
    const { runTask } = roomOf([limit]);
    const [tasks, ...reasons] = placed(runTask({ ...input, count: 3 }));
    expect(tasks).toBe(reason ? 1 : 3);
    expect(reasons).toHaveLength(reason ? 2 : 0);
    for (const each of reasons) expect(each).toMatch(reason ?? '');
  });
});

test('the quota of vCPUs is told with either apostrophe', () => {
  const { runTask } = roomOf([{ kind: 'fargate', tasks: 0 }]);
  const answers = Array.from({ length: 20 }, () => runTask());
  const failures = answers.flatMap(({ failures: each }) => objects(each));
  expect(new Set(failures.map(({ reason }) => String(reason)[3])).size).toBe(2);
  // Fargate has no resource to name.
  for (const failure of failures) expect(failure).not.toHaveProperty('arn');
});

test('all limits hold at once, whoever asks', () => {
  const { runTask, ecs } = roomOf([
    { kind: 'fargate', tasks: 4 },
    { kind: 'fargate', tasks: 3 },
  ]);
  expect(placed(runTask({ count: 2 }))).toEqual([2]);
  const other = ecs.call('RunTask', { ...RUN_TASK, count: 2 }, { arn: 'arn:aws:sts::111122223333:assumed-role/x/y' });
  expect(placed(other)).toEqual([1, expect.stringMatching(VCPUS)]);
});

test('room comes back when a task is STOPPED, not before', async () => {
  const { runTask, playUntil } = roomOf([{ kind: 'fargate', tasks: 1 }], { taskSeconds: [100, 100] });
  runTask();
  await playUntil(100);
  expect(placed(runTask())[0]).toBe(0);
  await playUntil(131);
  expect(placed(runTask())[0]).toBe(1);
});

describe('a cluster whose tasks in PROVISIONING are limited', () => {
  const limit = { kind: 'provisioning', cluster: 'batch', tasks: 4 };

  test('rejects a call whole that goes beyond it, and no other', () => {
    const { runTask } = roomOf([limit]);
    expect(placed(runTask({ count: 3 }))).toEqual([3]);
    expect(refusalOf(() => runTask({ count: 2 }))).toMatchObject({
      code: 'ClientException',
      message: 'Tasks provisioning capacity limit exceeded.',
    });
    expect(placed(runTask({ count: 2, cluster: 'other' }))).toEqual([2]);
    expect(placed(runTask({ count: 1 }))).toEqual([1]);
  });

  test('has room again as soon as tasks run', async () => {
    const { runTask, playUntil } = roomOf([limit], { taskSeconds: [600, 600] });
    runTask({ count: 4 });
    await playUntil(31);
    expect(placed(runTask({ count: 4 }))).toEqual([4]);
  });

  test('has room again when a task fails to start', async () => {
    const startFailures = [{ family: 'report', probability: 1, stoppedReason: 'x', afterSeconds: [50, 50] }];
    const { runTask, playUntil } = roomOf([limit], { startFailures });
    runTask({ count: 4 });
    await playUntil(49);
    expect(refusalOf(() => runTask()).code).toBe('ClientException');
    await playUntil(51);
    expect(placed(runTask({ count: 4 }))).toEqual([4]);
  });

  test('takes what it answered already for no new task', () => {
    const { runTask } = roomOf([limit]);
    const first = runTask({ count: 4, clientToken: 'token' });
    expect(arnsOf(runTask({ count: 4, clientToken: 'token' }))).toEqual(arnsOf(first));
  });
});

describe('subnets whose addresses are limited', () => {
  const room = [
    { kind: 'addresses', subnet: 'subnet-a', tasks: 2 },
    { kind: 'addresses', subnet: 'subnet-b', tasks: 1 },
  ];

  const subnetsOf = (events: JsonObject[]) =>
    events.map((event) => {
      const [attachment] = objects(detailOf(event).attachments);
      return objects(attachment?.details).find(({ name }) => name === 'subnetId')?.value;
    });

  test('give a task the first address of its request', async () => {
    const { runTask, playUntil, taskEvents } = roomOf(room);
    runTask({ count: 3, ...IN('subnet-a', 'subnet-b') });
    await playUntil(3);
    expect(subnetsOf(taskEvents('PROVISIONING')).toSorted()).toEqual(['subnet-a', 'subnet-a', 'subnet-b']);
  });

  test('never run out where one of them has no limit', async () => {
    const { runTask, playUntil, taskEvents } = roomOf(room);
    runTask({ count: 5, ...IN('subnet-b', 'subnet-c') });
    await playUntil(40);
    expect(taskEvents('RUNNING')).toHaveLength(5);
    expect(subnetsOf(taskEvents('RUNNING')).filter((subnet) => subnet === 'subnet-c')).toHaveLength(4);
  });

  test('accept a call beyond them, whose tasks die after 5 to 30 seconds', async () => {
    const { runTask, playUntil, transitions } = roomOf(room);
    expect(placed(runTask({ count: 10, launchType: 'EC2', ...IN('subnet-b') }))).toEqual([10]);
    await playUntil(31);
    const died = transitions.filter(({ kind }) => kind === 'stopped');
    expect(died).toHaveLength(9);
    for (const each of died) {
      expect(each).toMatchObject({
        stopCode: 'TaskFailedToStart',
        stoppedReason: NO_ADDRESS('subnet-b'),
        everRan: false,
      });
      expect(each.at - (transitions[0]?.at ?? 0)).toBeGreaterThanOrEqual(5000);
    }
  });

  test('are named by a task that died as the event of it has them', async () => {
    const { runTask, playUntil, taskEvents } = roomOf(room);
    const { networkConfiguration } = IN('subnet-a', 'subnet-b');
    const publicly = {
      awsvpcConfiguration: { ...networkConfiguration.awsvpcConfiguration, assignPublicIp: 'ENABLED' },
    };
    for (let n = 0; n < 3; n++) runTask({ count: 10, networkConfiguration: publicly });
    await playUntil(40);
    const died = taskEvents('STOPPED');
    expect(died).toHaveLength(27);
    expect(new Set(subnetsOf(died))).toEqual(new Set(['subnet-a', 'subnet-b']));
    for (const event of died)
      expect(detailOf(event).stoppedReason).toBe(
        NO_ADDRESS(String(subnetsOf([event])[0])).replace('disabled', 'enabled'),
      );
  });

  test('have an address again when who holds it is STOPPED; who died for want of one held none', async () => {
    const { runTask, playUntil, taskEvents } = roomOf(room, { taskSeconds: [100, 100] });
    runTask({ count: 10, ...IN('subnet-b') });
    await playUntil(40);
    expect(taskEvents('RUNNING')).toHaveLength(1);
    await playUntil(131);
    runTask({ count: 2, ...IN('subnet-b') });
    await playUntil(170);
    expect(taskEvents('RUNNING')).toHaveLength(2);
  });
});

describe('the life of a task', () => {
  const lifeOf = (transitions: ReturnType<typeof world>['transitions'], taskArn: string | undefined) => {
    const [launched = 0, ...steps] = transitions.filter((t) => t.taskArn === taskArn).map(({ at }) => at);
    return steps.map((at) => at - launched);
  };

  test('is its call’s, whoever launches it and when', async () => {
    const early = roomOf([]);
    const late = roomOf([]);
    const [one] = arnsOf(early.runTask({ referenceId: 'cron/7' }));
    await late.playUntil(50);
    late.runTask({ referenceId: 'cron/6' });
    const [other] = arnsOf(late.runTask({ referenceId: 'cron/7' }));
    await early.playUntil(800);
    await late.playUntil(800);
    expect(lifeOf(early.transitions, one)).toHaveLength(2);
    expect(lifeOf(late.transitions, other)).toEqual(lifeOf(early.transitions, one).map((ms) => expect.closeTo(ms, 3)));
  });

  test('is that of the first task of its call that is still to run', async () => {
    const whole = roomOf([]);
    const tasks = arnsOf(whole.runTask({ referenceId: 'cron/7', count: 3 }));
    await whole.playUntil(1000);
    const parts = roomOf([{ kind: 'fargate', tasks: 2 }]);
    const first = arnsOf(parts.runTask({ referenceId: 'cron/7', count: 3 }));
    await parts.playUntil(1000);
    const rest = arnsOf(parts.runTask({ referenceId: 'cron/7', count: 1 }));
    await parts.playUntil(2000);
    expect([...first, ...rest]).toHaveLength(3);
    for (const [place, task] of [...first, ...rest].entries()) {
      const expected = lifeOf(whole.transitions, tasks[place]).map((ms) => expect.closeTo(ms, 3));
      expect(lifeOf(parts.transitions, task)).toEqual(expected);
    }
  });

  test('is that of the task in whose place it comes, if that never ran', async () => {
    const { runTask, playUntil, transitions } = roomOf([{ kind: 'addresses', subnet: 'subnet-a', tasks: 0 }]);
    runTask({ referenceId: 'cron/7', ...IN('subnet-a') });
    await playUntil(40);
    const [task] = arnsOf(runTask({ referenceId: 'cron/7' }));
    await playUntil(800);
    const undisturbed = roomOf([]);
    const [same] = arnsOf(undisturbed.runTask({ referenceId: 'cron/7' }));
    await undisturbed.playUntil(800);
    const expected = lifeOf(undisturbed.transitions, same).map((ms) => expect.closeTo(ms, 3));
    expect(lifeOf(transitions, task)).toEqual(expected);
  });
});
