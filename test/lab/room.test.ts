import { describe, expect, test } from 'vitest';
import { AwsError } from '../../lab/kernel/aws-service.ts';
import type { Json, JsonObject } from '../../lab/kernel/json.ts';
import { report } from '../../lab/report/report.ts';
import { play, type Site } from '../../lab/run/run.ts';
import { readScenario, type Scenario } from '../../lab/scenario/scenario.ts';
import { detailOf } from './aws/world.ts';

const FARGATE = {
  cluster: 'batch',
  taskDefinition: 'report:3',
  launchType: 'FARGATE',
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-a', 'subnet-b'] } },
};
const EC2 = { cluster: 'batch', taskDefinition: 'report:3', launchType: 'EC2' };
const RULE = { invokedBy: 'events.amazonaws.com' };
const WEB = {
  name: 'web',
  principalArn: 'arn:aws:sts::111122223333:assumed-role/web/session',
  callsPerSecond: 0.3,
  arrival: 'poisson',
  maxAttempts: 1,
  request: { ...FARGATE, taskDefinition: 'web-job' },
};

interface Parts {
  readonly room: JsonObject[];
  readonly ops?: JsonObject;
  readonly others?: JsonObject[];
  readonly deadlineSeconds?: number;
}

function scenario({ room, ops = RULE, others = [], deadlineSeconds = 7200 }: Parts): Scenario {
  const text = JSON.stringify({
    name: 'no room',
    seed: 5,
    remediation: {
      config: {
        mode: 'rerun',
        clusters: ['batch'],
        families: ['report'],
        callers: ['arn:aws:iam::111122223333:role/ops'],
        capacity: { rerun: true, deadlineSeconds },
      },
    },
    account: {
      clusters: ['batch'],
      taskDefinitions: [{ family: 'report', revision: 3 }, { family: 'web-job' }],
      throttledRecords: 'full',
      room,
      taskSeconds: [5, 30],
    },
    callers: [
      {
        name: 'ops',
        principalArn: 'arn:aws:sts::111122223333:assumed-role/ops/session',
        calls: 120,
        overSeconds: 20,
        maxAttempts: 1,
        request: FARGATE,
        ...ops,
      },
      ...others,
    ],
  });
  return readScenario(text, 'test.json');
}

/** Records of what `ops` did not get, and tasks that died. */
const WANT_OF_ROOM: Json = {
  source: ['aws.ecs'],
  $or: [
    { detail: { responseElements: { failures: { reason: [{ exists: true }] } }, userIdentity: roleOf('ops') } },
    { detail: { errorCode: ['ClientException'], userIdentity: roleOf('ops') } },
    { detail: { stopCode: ['TaskFailedToStart'] } },
  ],
};

function roleOf(name: string) {
  return { sessionContext: { sessionIssuer: { arn: [`arn:aws:iam::111122223333:role/${name}`] } } };
}

/** Launches what found no room whenever a task moves on or a second has passed: as soon as anybody can who sees all tasks. */
function dispatcher({ world, oracle, records, clock }: Site): void {
  const principal = { arn: 'arn:aws:sts::111122223333:assumed-role/dispatcher/session' };
  const waiting: { input: JsonObject; messageId: string }[] = [];
  let tokens = 0;
  const launch = (): void => {
    for (let next = waiting[0]; next; next = waiting[0]) {
      const left = missing({ ...next.input, clientToken: `again-${tokens++}` });
      if (left > 0) {
        next.input = { ...next.input, count: left };
        return;
      }
      waiting.shift();
      const fate = oracle.fates.of(String(next.input.referenceId));
      if (fate) records.rerunEnded(next.messageId, fate);
    }
  };
  /** How many tasks of a request are not placed. */
  const missing = (input: JsonObject): number => {
    try {
      return (world.ecs.call('RunTask', input, principal).failures as JsonObject[]).length;
    } catch (error) {
      if (error instanceof AwsError) return Number(input.count ?? 1);
      throw error;
    }
  };
  world.standIn(principal, WANT_OF_ROOM, (event, messageId) => {
    const { requestParameters, responseElements, taskArn } = detailOf(event);
    const fate = taskArn ? oracle.fates.ofTask(String(taskArn)) : undefined;
    const { failures = null } = (responseElements ?? {}) as JsonObject;
    const input = fate ? { ...fate.call.request, count: 1 } : (requestParameters as JsonObject);
    waiting.push({ input: { ...input, ...(failures && { count: (failures as Json[]).length }) }, messageId });
    clock.after(0, launch);
  });
  world.ecs.onTask(({ kind }) => {
    if (kind !== 'launched') clock.after(0, launch);
  });
  const again = (): void => {
    launch();
    if (waiting.length > 0 || clock.elapsedSeconds() < 60) clock.after(1000, again);
  };
  clock.after(1000, again);
}

const short = (scenarioOf: Parts) => report(scenario(scenarioOf), { deploy: dispatcher });

describe('what found no room comes back, and the report sets the time beside the ideal', () => {
  test.each<[string, Parts, least: number, most: number]>([
    ['Fargate', { room: [{ kind: 'fargate', tasks: 10 }] }, 0.97, 1.03],
    [
      'Fargate, several tasks a call',
      { room: [{ kind: 'fargate', tasks: 10 }], ops: { ...RULE, request: { ...FARGATE, count: 3 } } },
      0.95,
      1.05,
    ],
    [
      'instances',
      { room: [{ kind: 'instances', cluster: 'batch', tasks: 12 }], ops: { ...RULE, request: EC2 } },
      0.97,
      1.03,
    ],
    ['PROVISIONING', { room: [{ kind: 'provisioning', cluster: 'batch', tasks: 8 }], ops: {} }, 0.97, 1.03],
    // Who has no address learns of it half a minute later.
    [
      'addresses',
      { room: ['a', 'b'].map((name) => ({ kind: 'addresses', subnet: `subnet-${name}`, tasks: 5 })) },
      1,
      1.4,
    ],
  ])('%s', async (_name, parts, least, most) => {
    const { report: figures, violations } = await short(parts);
    expect(violations).toEqual([]);
    expect(figures.calls.owed).toBeGreaterThan(60);
    const { refused = 0, seconds = 0, limitSeconds = 0, ratio } = figures.room ?? {};
    expect(refused).toBeGreaterThan(0);
    expect(ratio).toBeCloseTo(seconds / limitSeconds, 4);
    expect(ratio).toBeGreaterThan(least);
    expect(ratio).toBeLessThan(most);
  });
});

test('the run without the remediation has the same calls and tasks of the same length', async () => {
  const parts = { room: [{ kind: 'fargate', tasks: 20 }], others: [WEB] };
  const lives = async (enabled: boolean) => {
    const calls = new Map<Json | undefined, Json | undefined>();
    const lengths = new Map<Json | undefined, number>();
    const run = await play(scenario(parts), {
      enabled,
      deploy: dispatcher,
      othersUntil: Date.UTC(2026, 0, 15, 3, 5),
      observe: () => ({
        request: ({ input, outcome }) => {
          const tasks = 'output' in outcome ? (outcome.output().tasks as JsonObject[]) : [];
          for (const { taskArn } of tasks) calls.set(taskArn, input.referenceId);
        },
        emitted: (detailType, render) => {
          if (detailType !== 'ECS Task State Change') return;
          const { lastStatus, taskArn, createdAt, stoppedAt } = detailOf(render());
          const length = Date.parse(String(stoppedAt)) - Date.parse(String(createdAt));
          if (lastStatus === 'STOPPED') lengths.set(calls.get(taskArn), length);
        },
      }),
    });
    const arrivals = run.ledger.calls.map(({ caller, index, madeAt }) => `${caller}/${index} ${madeAt}`);
    return { lengths, arrivals };
  };
  const [withUs, without] = [await lives(true), await lives(false)];
  expect(withUs.arrivals).toEqual(without.arrivals);
  expect(without.lengths.size).toBeGreaterThan(30);
  expect(withUs.lengths.size).toBeGreaterThan(without.lengths.size);
  // Instants are told in whole milliseconds.
  for (const [call, length] of without.lengths)
    if (withUs.lengths.has(call)) expect(Math.abs((withUs.lengths.get(call) ?? 0) - length)).toBeLessThanOrEqual(1);
});

test('others’ calls that found no room are counted with us and, over the same time, without', async () => {
  const { report: figures } = await short({ room: [{ kind: 'fargate', tasks: 12 }], others: [WEB] });
  const { othersRefusedShare = 0, othersRefusedShareWithout = 0 } = figures.room ?? {};
  expect(othersRefusedShareWithout).toBeGreaterThan(0);
  // The dispatcher leaves them nothing as long as it has calls.
  expect(othersRefusedShare).toBeGreaterThan(2 * othersRefusedShareWithout);
});

test('the same scenario and seed give the same report, byte for byte', async () => {
  const room: JsonObject[] = [
    { kind: 'fargate', tasks: 12 },
    { kind: 'provisioning', cluster: 'batch', tasks: 9 },
  ];
  const once = async () => {
    const { report: figures } = await short({ room, others: [WEB] });
    return JSON.stringify({ ...figures, wallSeconds: 0 });
  };
  expect(await once()).toBe(await once());
});

test('there is nothing to say of room that nothing bounds', async () => {
  const { report: figures } = await short({ room: [] });
  expect(figures.room).toBeNull();
});

test('where the remediation is off nothing is owed, and what others found is told', async () => {
  const off = scenario({ room: [{ kind: 'fargate', tasks: 5 }], others: [WEB] });
  const { report: figures, violations } = await report({ ...off, remediation: { ...off.remediation, enabled: false } });
  expect(violations).toEqual([]);
  const { othersRefusedShare, ...rest } = figures.room ?? {};
  expect(othersRefusedShare).toBeGreaterThan(0);
  expect(rest).toEqual({
    refused: 0,
    seconds: 0,
    limitSeconds: 0,
    ratio: null,
    othersRefusedShareWithout: othersRefusedShare,
  });
});

describe('giving up for want of room', () => {
  /** Gives each call up some seconds after it was made. */
  const quitter =
    (seconds: number) =>
    ({ world, oracle, records, clock }: Site): void => {
      const principal = { arn: 'arn:aws:sts::111122223333:assumed-role/quitter/session' };
      world.standIn(principal, WANT_OF_ROOM, (event, messageId) => {
        const fate = oracle.fates.of(String((detailOf(event).requestParameters as JsonObject).referenceId));
        if (fate) clock.at(fate.call.madeAt + seconds * 1000, () => records.rerunEnded(messageId, fate, 'noRoom'));
      });
    };
  const parts = { room: [{ kind: 'fargate', tasks: 100 }], deadlineSeconds: 600 };

  test('is forgiven when its time is over', async () => {
    const { report: figures, violations } = await report(scenario(parts), { deploy: quitter(600) });
    expect(figures.reruns.gaveUp).toEqual({ noRoom: figures.calls.owed });
    expect(violations).toEqual([]);
  });

  test('is a failure before that', async () => {
    const { report: figures, violations } = await report(scenario(parts), { deploy: quitter(500) });
    expect(violations).toEqual([`gave up for noRoom before its time: ${figures.calls.owed}`]);
  });

  test('is forgiven at once where the task never fits', async () => {
    const never = { ...parts, room: [{ kind: 'fargate', tasks: 0 }] };
    const { report: figures, violations } = await report(scenario(never), { deploy: quitter(20) });
    expect(figures.calls.owed).toBe(120);
    expect(figures.room).toMatchObject({ seconds: 0, limitSeconds: 0, ratio: null });
    expect(violations).toEqual([]);
  });
});
