import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../lab/kernel/json.ts';
import { holdToModels } from '../held-to-models.ts';
import { arnsOf, CRON, detailOf, objects, refusalOf, world } from '../world.ts';

holdToModels();

const ALWAYS_FAILS = {
  startFailures: [
    {
      family: 'report',
      probability: 1,
      stoppedReason: 'CannotPullECRContainerError: ThrottlingException: Rate exceeded',
    },
  ],
};

describe('a task', () => {
  test('runs after 5 to 30 seconds, for as long as the scenario says, and tells the bus of it', async () => {
    const { runTask, playUntil, transitions, taskEvents } = world({ taskSeconds: [100, 200] });
    const tasks = Array.from({ length: 50 }, () => arnsOf(runTask())[0]);
    await playUntil(300);
    for (const task of tasks) {
      const [launched = 0, running = 0, stopped = 0, ...more] = transitions
        .filter((t) => t.taskArn === task)
        .map((t) => t.at / 1000);
      expect(more).toEqual([]);
      expect(running - launched).toBeGreaterThanOrEqual(5);
      expect(running - launched).toBeLessThanOrEqual(30);
      expect(stopped - running).toBeGreaterThanOrEqual(100);
      expect(stopped - running).toBeLessThanOrEqual(200);
    }
    for (const status of ['PROVISIONING', 'RUNNING', 'STOPPED']) expect(taskEvents(status)).toHaveLength(50);
  });

  test('that fails to start never runs, and says why', async () => {
    const { runTask, playUntil, transitions, taskEvents } = world(ALWAYS_FAILS);
    runTask({ startedBy: 'nightly' });
    await playUntil(200);
    expect(transitions.map(({ kind }) => kind)).toEqual(['launched', 'stopped']);
    expect(transitions[1]).toMatchObject({ stopCode: 'TaskFailedToStart', everRan: false });
    const after = ((transitions[1]?.at ?? 0) - (transitions[0]?.at ?? 0)) / 1000;
    expect(after).toBeGreaterThanOrEqual(30);
    expect(after).toBeLessThanOrEqual(180);
    const stoppedReason = ALWAYS_FAILS.startFailures[0]?.stoppedReason;
    expect(detailOf(taskEvents('STOPPED')[0])).toMatchObject({
      desiredStatus: 'STOPPED',
      startedBy: 'nightly',
      stopCode: 'TaskFailedToStart',
      stoppedReason,
      containers: [
        { name: 'app', lastStatus: 'STOPPED', reason: stoppedReason },
        { name: 'sidecar', lastStatus: 'STOPPED', reason: stoppedReason },
      ],
    });
    expect(detailOf(taskEvents('STOPPED')[0])).not.toHaveProperty('startedAt');
  });

  test('that cannot be placed is a failure of the answer and no task', () => {
    const placementFailures = [{ family: 'report', probability: 0.3, reason: 'RESOURCE:MEMORY' }];
    const { runTask, transitions } = world({
      placementFailures,
      buckets: { clusterResourceModify: { burst: 1e3, refillPerSecond: 1 } },
    });
    const answers = Array.from({ length: 200 }, () => runTask({ count: 5, launchType: 'EC2' }));
    const failures = answers.flatMap((answer) => objects(answer.failures));
    expect(failures.length / 1000).toBeCloseTo(0.3, 1);
    expect(failures[0]).toEqual({
      arn: expect.stringContaining(':container-instance/batch/'),
      reason: 'RESOURCE:MEMORY',
    });
    expect(transitions).toHaveLength(1000 - failures.length);
  });

  test('meets the first of several start failures that strikes', async () => {
    const startFailures: JsonObject[] = [
      { family: 'web-job', probability: 1, stoppedReason: 'not mine' },
      { family: 'report', probability: 0, stoppedReason: 'never' },
      { family: 'report', probability: 1, stoppedReason: 'always', afterSeconds: [7, 7] },
    ];
    const { runTask, playUntil, transitions } = world({ startFailures });
    runTask();
    await playUntil(7);
    expect(transitions[1]).toMatchObject({ kind: 'stopped', stoppedReason: 'always' });
  });

  test('has the shape of the sample events that AWS documents', async () => {
    const sample = JSON.parse(
      readFileSync(new URL('task-state-change.fargate.json', import.meta.url), 'utf8'),
    ) as JsonObject;
    const { runTask, playUntil, taskEvents } = world();
    runTask();
    await playUntil(40);
    const event = taskEvents('RUNNING')[0];
    expect(Object.keys(event ?? {}).sort()).toEqual(Object.keys(sample).sort());
    // Only of tasks that had a strategy, and details that nothing here depends on.
    const absent = ['capacityProviderName', 'ephemeralStorage', 'pullStartedAt', 'pullStoppedAt'];
    const expected = Object.keys(detailOf(sample)).filter((key) => !absent.includes(key));
    expect(Object.keys(detailOf(event))).toEqual(expect.arrayContaining(expected));
    expect(detailOf(event)).toMatchObject({
      taskArn: expect.stringMatching(/^arn:aws:ecs:us-east-1:111122223333:task\/batch\/[0-9a-f]{32}$/),
      group: 'family:report',
      launchType: 'FARGATE',
      platformVersion: '1.4.0',
      version: 3,
      attachments: [{ type: 'eni', details: expect.arrayContaining([{ name: 'subnetId', value: 'subnet-0aaa' }]) }],
    });
    const taskArn = detailOf(event).taskArn;
    expect(event).toMatchObject({
      source: 'aws.ecs',
      account: '111122223333',
      region: 'us-east-1',
      resources: [taskArn],
    });
    expect(event?.time).toMatch(/^2026-01-15T03:00:\d\dZ$/);
  });

  test('lists every container of its definition among its overrides, environment values visible', async () => {
    const app = { name: 'app', environment: [{ name: 'REPORT_DAY', value: '2026-01-15' }] };
    const overrides = { containerOverrides: [app], taskRoleArn: 'arn:aws:iam::111122223333:role/other', cpu: '1024' };
    const { runTask, playUntil, taskEvents } = world();
    const [task] = objects(runTask({ overrides, tags: [{ key: 'k', value: 'v' }], group: 'g' }).tasks);
    const expected = { ...overrides, containerOverrides: [app, { name: 'sidecar' }] };
    expect(task).toMatchObject({ overrides: expected, tags: [{ key: 'k', value: 'v' }], group: 'g', cpu: '1024' });
    expect(task?.createdAt).toBe(Date.UTC(2026, 0, 15, 3) / 1000);
    await playUntil(40);
    expect(detailOf(taskEvents('RUNNING')[0]).overrides).toEqual(expected);
  });

  test('that somebody stops is stopped once, and by nothing else', async () => {
    const { runTask, call, playUntil, transitions } = world(ALWAYS_FAILS);
    const [task = ''] = arnsOf(runTask());
    for (const _ of [1, 2])
      expect(call('StopTask', { cluster: 'batch', task, reason: 'enough' })).toMatchObject({
        task: { taskArn: task, stopCode: 'UserInitiated', stoppedReason: 'enough' },
      });
    await playUntil(300);
    expect(transitions.map(({ kind }) => kind)).toEqual(['launched', 'stopped']);
    expect(refusalOf(() => call('StopTask', { cluster: 'other', task })).message).toBe(
      'The referenced task was not found.',
    );
  });

  test('is announced to the oracle with its request, token and principal', () => {
    const { runTask, transitions } = world();
    const [task] = arnsOf(runTask({ clientToken: 't' }));
    expect(transitions).toMatchObject([
      { kind: 'launched', taskArn: task, clientToken: 't', principal: CRON, input: { count: 1 } },
    ]);
  });

  test('lives the same life in every run with the same seed, and another with another', async () => {
    const play = async (seed: number) => {
      const { runTask, playUntil, events } = world(
        { startFailures: [{ family: 'report', probability: 0.5, stoppedReason: 'x' }] },
        seed,
      );
      for (let n = 0; n < 20; n++) runTask();
      await playUntil(900);
      return JSON.stringify(events);
    };
    expect(await play(1)).toBe(await play(1));
    expect(await play(1)).not.toBe(await play(2));
  });
});

describe('tasks can be found', () => {
  test('by ID or ARN, in their own cluster, for one hour after they stopped', async () => {
    const { runTask, call, playUntil, transitions } = world({ taskSeconds: [10, 10] });
    const [task = ''] = arnsOf(runTask({ tags: [{ key: 'k', value: 'v' }] }));
    const id = task.split('/').at(-1) ?? '';
    const describe = (cluster: string, tasks: string[]) => call('DescribeTasks', { cluster, tasks });
    await playUntil(50);
    const answer = describe('batch', [task, id, 'nope']);
    expect(answer).toMatchObject({
      tasks: [{ taskArn: task, lastStatus: 'STOPPED' }, { taskArn: task }],
      failures: [{ arn: 'arn:aws:ecs:us-east-1:111122223333:task/batch/nope', reason: 'MISSING' }],
    });
    expect(objects(answer.tasks)[0]).not.toHaveProperty('tags');
    expect(call('DescribeTasks', { cluster: 'batch', tasks: [id], include: ['TAGS'] })).toMatchObject({
      tasks: [{ tags: [{ key: 'k', value: 'v' }] }],
    });
    expect(describe('other', [task]).failures).toEqual([{ arn: task, reason: 'MISSING' }]);

    const stoppedAt = ((transitions.at(-1)?.at ?? 0) - (transitions[0]?.at ?? 0)) / 1000;
    await playUntil(stoppedAt + 3599);
    expect(describe('batch', [task]).tasks).toHaveLength(1);
    await playUntil(stoppedAt + 3600.001);
    expect(describe('batch', [task]).failures).toEqual([{ arn: task, reason: 'MISSING' }]);
    expect(call('ListTasks', { cluster: 'batch', desiredStatus: 'STOPPED' })).toEqual({ taskArns: [] });
  });

  test('page by page, without gap or repetition, by status, family, launch type or startedBy', async () => {
    const { runTask, call, playUntil } = world({
      taskSeconds: [10, 400],
      buckets: { clusterResourceRead: { burst: 1000, refillPerSecond: 20 } },
    });
    const started = [...Array(100).keys()].flatMap((n) => {
      const other = n % 5 === 0;
      return arnsOf(
        runTask({ count: 2, taskDefinition: other ? 'web-job' : 'report', startedBy: other ? 'web' : 'cron' }),
      );
    });
    await playUntil(200);
    const all = (filter: JsonObject) => {
      const found: string[] = [];
      let nextToken: string | undefined;
      do {
        const page = call('ListTasks', { cluster: 'batch', maxResults: 7, ...filter, ...(nextToken && { nextToken }) });
        expect((page.taskArns as string[]).length).toBeLessThanOrEqual(7);
        found.push(...(page.taskArns as string[]));
        nextToken = page.nextToken as string | undefined;
      } while (nextToken);
      expect(new Set(found).size).toBe(found.length);
      return found;
    };
    const running = all({});
    const stopped = all({ desiredStatus: 'STOPPED' });
    expect(running.length).toBeGreaterThan(20);
    expect(stopped.length).toBeGreaterThan(20);
    expect([...running, ...stopped].sort()).toEqual(started.toSorted());
    const web = [...all({ family: 'web-job' }), ...all({ family: 'web-job', desiredStatus: 'STOPPED' })];
    expect(web).toHaveLength(40);
    expect(all({ startedBy: 'web' })).toEqual(all({ family: 'web-job' }));
    expect(all({ launchType: 'EC2' })).toEqual([]);
    expect(all({ desiredStatus: 'PENDING' })).toEqual([]);
    expect(all({ cluster: 'other' })).toEqual([]);
  });

  test.each<[string, JsonObject]>([
    ['101 tasks', { operation: 'DescribeTasks', tasks: Array(101).fill('x') }],
    ['no tasks', { operation: 'DescribeTasks', tasks: [] }],
    ['a page of 101', { operation: 'ListTasks', maxResults: 101 }],
    ['a strange page token', { operation: 'ListTasks', nextToken: 'x' }],
    ['startedBy beside another filter', { operation: 'ListTasks', startedBy: 'x', family: 'report' }],
  ])('but not with %s', (_name, { operation, ...input }) => {
    expect(refusalOf(() => world().call(String(operation), input)).code).toBe('InvalidParameterException');
  });
});

test('an operation that the lab does not model is loud', () => {
  const { call, requests } = world();
  expect(() => call('CreateService', {})).toThrow('does not know the operation CreateService');
  expect(() => call('ListTasks', { serviceName: 'api' })).toThrow('no filter serviceName');
  expect(requests).toEqual([]);
});
