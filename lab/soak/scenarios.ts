import fc from 'fast-check';
import type { JsonObject } from '../kernel/json.ts';
import { faults } from './faults.ts';
import { chance, range, whole } from './values.ts';

/** Random small scenarios, as the text of a scenario file would have them. */

const ACCOUNT = '111122223333';
const FAMILIES = ['report', 'export'];
const CLUSTERS = ['batch', 'night'];
const SUBNETS = ['subnet-0aaa', 'subnet-0bbb'];
/** The most tasks that one call asks for. */
const MOST_TASKS = 10;
/** For how long there is live traffic where room is limited. */
const LIVE_SECONDS = 600;

/** Few configurations, so that a soak synthesizes few templates. `maxAttempts` is out of the way: giving up for it is a violation. */
const CONFIGURATIONS: readonly JsonObject[] = [
  {},
  { graceSeconds: 0, sweep: { everyMinutes: 5 }, allowWithoutClientToken: true, capacity: { deadlineSeconds: 1200 } },
  { deadlineSeconds: 600, maxGenerations: 1, maxTasksPerHour: 15, capacity: { deadlineSeconds: 21_600 } },
  { graceSeconds: 120, maxGenerations: 6, families: ['*'], clusters: ['*'] },
  { capacity: { rerun: false } },
];

const config = fc.constantFrom(...CONFIGURATIONS).map((changes) => ({
  mode: 'rerun',
  clusters: CLUSTERS,
  families: FAMILIES,
  callers: [
    `arn:aws:iam::${ACCOUNT}:role/cron`,
    { arn: `arn:aws:iam::${ACCOUNT}:role/airflow`, retriesItself: true },
    `arn:aws:iam::${ACCOUNT}:role/ops`,
    { arn: `arn:aws:iam::${ACCOUNT}:role/desk`, handsOver: true },
  ],
  maxAttempts: 100,
  ...changes,
}));

const failure = { family: fc.constantFrom(...FAMILIES), probability: chance(0.5) };

const account = fc.record({
  clusters: fc.constant(CLUSTERS),
  taskDefinitions: fc.constant(FAMILIES.map((family) => ({ family, revision: 3 }))),
  buckets: fc.record(
    {
      clusterResourceModify: fc.record({ burst: whole(1, 6), refillPerSecond: fc.constantFrom(0.2, 1, 5) }),
      fargateRunTask: fc.record({ burst: whole(1, 4), refillPerSecond: fc.constantFrom(0.5, 2) }),
      startExecution: fc.record({ burst: whole(1, 5), refillPerSecond: fc.constantFrom(0.5, 5) }),
    },
    { requiredKeys: ['clusterResourceModify'] },
  ),
  startFailures: fc.array(
    fc.record({
      ...failure,
      stoppedReason: fc.constantFrom(
        'Timeout waiting for network interface provisioning to complete.',
        'CannotPullECRContainerError: ThrottlingException: Rate exceeded',
        'CannotPullContainerError: pull image manifest has been retried 1 time(s): report:3: not found',
      ),
      afterSeconds: range(1, 180),
    }),
    { maxLength: 2 },
  ),
  placementFailures: fc.array(
    fc.record({ ...failure, reason: fc.constantFrom('RESOURCE:MEMORY', 'AGENT', 'ATTRIBUTE') }),
    { maxLength: 2 },
  ),
  room: fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant('fargate'),
        launchType: fc.constantFrom('FARGATE', 'FARGATE_SPOT'),
        tasks: whole(1, 8),
      }),
      fc.record({ kind: fc.constant('instances'), cluster: fc.constantFrom(...CLUSTERS), tasks: whole(1, 8) }),
      fc.record({ kind: fc.constant('addresses'), subnet: fc.constantFrom(...SUBNETS), tasks: whole(1, 8) }),
      fc.record({ kind: fc.constant('provisioning'), cluster: fc.constantFrom(...CLUSTERS), tasks: whole(1, 12) }),
    ),
    { maxLength: 3 },
  ),
  // Where there is little room, long ones make others wait for longer than a token lives.
  taskSeconds: fc.oneof({ weight: 3, arbitrary: range(1, 300) }, { weight: 1, arbitrary: range(600, 3600) }),
  disguisedShare: chance(1),
  cloudTrailDelaySeconds: range(0, 300),
  eventHistoryDelaySeconds: range(10, 900),
  throttledRecords: fc.constantFrom('full', 'bare'),
});

const capacity = fc.constantFrom<JsonObject>(
  { launchType: 'FARGATE' },
  { launchType: 'EC2' },
  ...['FARGATE', 'FARGATE_SPOT', 'gpu'].map((capacityProvider) => ({
    capacityProviderStrategy: [{ capacityProvider, weight: 1 }],
  })),
);
const subnets = fc.oneof(fc.constant(SUBNETS.slice(0, 1)), fc.shuffledSubarray(SUBNETS, { minLength: 1 }));

const request = fc
  .record({
    cluster: fc.constantFrom(...CLUSTERS, `arn:aws:ecs:us-east-1:${ACCOUNT}:cluster/night`),
    taskDefinition: fc.constantFrom('report', 'report:3', 'export:3'),
    count: fc.oneof(fc.constant(1), whole(1, MOST_TASKS)),
    capacity,
    subnets,
  })
  .map(({ capacity, subnets, ...rest }) => ({
    ...rest,
    ...capacity,
    networkConfiguration: { awsvpcConfiguration: { subnets } },
  }));

const principal = (role: string) => fc.constant(`arn:aws:sts::${ACCOUNT}:assumed-role/${role}/session`);
const arrivals = { startAt: whole(0, 90), calls: whole(1, 10), overSeconds: whole(0, 60), request };
const ARRIVAL_KEYS = Object.keys(arrivals) as (keyof typeof arrivals)[];

const caller = fc.oneof(
  { weight: 4, arbitrary: fc.record({ principalArn: principal('cron'), maxAttempts: whole(1, 4), ...arrivals }) },
  {
    weight: 2,
    arbitrary: fc.record({
      principalArn: principal('airflow'),
      maxAttempts: whole(1, 3),
      retriesWithNewToken: fc.record({ after: whole(1, 60), times: whole(1, 3) }),
      ...arrivals,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      principalArn: principal('desk'),
      handsOver: fc.constant(true),
      copies: whole(1, 3),
      neverAttempts: fc.boolean(),
      callerErrors: fc.constantFrom(0, 0, 0.3),
      maxAttempts: whole(1, 4),
      ...arrivals,
    }),
  },
  // Without a token a second attempt of the client's own would be a second call: nobody could tell.
  {
    weight: 1,
    arbitrary: fc.record({
      principalArn: principal('ops'),
      maxAttempts: fc.constant(1),
      clientToken: fc.constant(null),
      ...arrivals,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record(
      {
        principalArn: principal('cron'),
        maxAttempts: fc.constant(1),
        invokedBy: fc.constantFrom(
          ...['events', 'scheduler', 'pipes', 'states'].map((name) => `${name}.amazonaws.com`),
        ),
        clientToken: fc.constant(null),
        ...arrivals,
      },
      { requiredKeys: ['principalArn', 'maxAttempts', 'invokedBy', ...ARRIVAL_KEYS] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      principalArn: principal('stranger'),
      maxAttempts: fc.constant(1),
      callsPerSecond: fc.constantFrom(0.02, 0.1),
      arrival: fc.constantFrom('even', 'poisson'),
      request,
    }),
  },
);

const serviceEvent = fc.record({ at: whole(0, 200), name: fc.constantFrom('ECS', 'SERVICE_DISCOVERY') }).map(
  ({ at, name }): JsonObject => ({
    at,
    event: {
      version: '0',
      id: `service-event-${at}`,
      'detail-type': 'ECS Service Action',
      source: 'aws.ecs',
      account: ACCOUNT,
      region: 'us-east-1',
      time: '2026-01-15T03:00:00Z',
      resources: [`arn:aws:ecs:us-east-1:${ACCOUNT}:service/batch/api`],
      detail: {
        eventType: 'ERROR',
        eventName: `${name}_OPERATION_THROTTLED`,
        clusterArn: `arn:aws:ecs:us-east-1:${ACCOUNT}:cluster/batch`,
        createdAt: '2026-01-15T03:00:00.000Z',
      },
    },
  }),
);

export const scenarios: fc.Arbitrary<JsonObject> = fc
  .record({
    name: fc.constant('soak'),
    seed: fc.nat(),
    remediation: fc.record({ config }),
    account,
    callers: fc
      .array(caller, { minLength: 1, maxLength: 3 })
      .map((list) => list.map((entry, index) => ({ name: `caller-${index}`, ...entry }))),
    events: fc.array(serviceEvent, { maxLength: 2 }),
    faults,
  })
  .map((scenario) => ({
    ...scenario,
    account: { ...scenario.account, room: fittingRoom(scenario.remediation.config, scenario.account.room) },
    callers: leavingRoom(scenario.account.room.length > 0, scenario.callers),
  }))
  .map((scenario) => JSON.parse(JSON.stringify(scenario)) as JsonObject);

/** Where nobody awaits room, a job that nobody attempted and that never fits is tried for a day, which is longer than the lab plays. */
function fittingRoom<Room extends { tasks: number }>(config: object, room: readonly Room[]) {
  const { capacity = {} } = config as { capacity?: { rerun?: boolean } };
  const { rerun = true } = capacity;
  return rerun ? room : room.map((limit) => ({ ...limit, tasks: limit.tasks + MOST_TASKS }));
}

/** Live traffic ends where room is limited: it could keep a room full for ever, and jobs that nobody attempted wait for a day. */
function leavingRoom<Caller extends object>(isRoomLimited: boolean, callers: readonly Caller[]) {
  return callers.map((caller) => {
    if (!isRoomLimited || !('callsPerSecond' in caller)) return caller;
    const { callsPerSecond, arrival: _, ...rest } = caller as Caller & { callsPerSecond: number; arrival: string };
    return { ...rest, calls: Math.ceil(callsPerSecond * LIVE_SECONDS), overSeconds: LIVE_SECONDS };
  });
}
