import { FakeCloudTrail } from '../../../lab/aws/cloudtrail/fake-cloudtrail.ts';
import type { ApiRequest } from '../../../lab/aws/ecs/api-request.ts';
import { FakeEcs, type TaskTransition } from '../../../lab/aws/ecs/fake-ecs.ts';
import type { Emit } from '../../../lab/aws/eventbridge/fake-eventbridge.ts';
import { AwsError, type Principal } from '../../../lab/kernel/aws-service.ts';
import { LAB_EPOCH_MS, VirtualClock } from '../../../lab/kernel/clock.ts';
import type { JsonObject } from '../../../lab/kernel/json.ts';
import type { Account } from '../../../lab/scenario/account.ts';
import { readScenario } from '../../../lab/scenario/scenario.ts';

export const CRON: Principal = { arn: 'arn:aws:sts::111122223333:assumed-role/cron/session' };

/** A complete, valid RunTask. */
export const RUN_TASK: JsonObject = {
  cluster: 'batch',
  taskDefinition: 'report:3',
  count: 1,
  launchType: 'FARGATE',
  networkConfiguration: {
    awsvpcConfiguration: { subnets: ['subnet-0aaa', 'subnet-0bbb'], securityGroups: ['sg-0aaa'] },
  },
};

export function accountWith(overrides: JsonObject = {}): Account {
  const account = {
    clusters: ['default', 'batch', 'other'],
    taskDefinitions: [
      { family: 'report', revision: 2 },
      { family: 'report', revision: 3, containers: ['app', 'sidecar'] },
      { family: 'report', revision: 4, status: 'INACTIVE' },
      { family: 'web-job', revision: 1 },
    ],
    disguisedShare: 0,
    ...overrides,
  };
  return readScenario(JSON.stringify({ name: 'test', seed: 1, account }), 'test').account;
}

/** A fake ECS with CloudTrail behind it; everything they say is kept in arrays. */
export function world(overrides: JsonObject = {}, seed = 1) {
  const clock = new VirtualClock();
  const account = accountWith(overrides);
  const events: JsonObject[] = [];
  const requests: ApiRequest[] = [];
  const transitions: TaskTransition[] = [];
  const emit: Emit = (_, render) => void events.push(render());
  const trail = new FakeCloudTrail({ clock, account, seed, emit });
  const onRequest = (request: ApiRequest) => {
    requests.push(request);
    trail.record(request);
  };
  const ecs = new FakeEcs({ clock, account, seed, emit, onRequest });
  ecs.onTask((transition) => transitions.push(transition));

  return {
    clock,
    account,
    ecs,
    trail,
    events,
    requests,
    transitions,
    /** Plays until this many seconds after the lab's beginning. */
    playUntil: (seconds: number) => {
      const until = LAB_EPOCH_MS + seconds * 1000;
      // Time passes also where nothing else happens.
      clock.at(until, () => {});
      return clock.run({ until });
    },
    call: (operation: string, input: JsonObject, principal = CRON) => ecs.call(operation, input, principal),
    runTask: (input: JsonObject = {}, principal = CRON) => ecs.call('RunTask', { ...RUN_TASK, ...input }, principal),
    taskEvents: (status: string) =>
      events.filter(
        (event) => event['detail-type'] === 'ECS Task State Change' && detailOf(event).lastStatus === status,
      ),
    records: () => events.filter((event) => event['detail-type'] === 'AWS API Call via CloudTrail').map(detailOf),
  };
}

export const detailOf = (event: JsonObject | undefined): JsonObject => event?.detail as JsonObject;
export const objects = (value: unknown): JsonObject[] => value as JsonObject[];
export const arnsOf = (answer: JsonObject): string[] => objects(answer.tasks).map(({ taskArn }) => String(taskArn));

/** The error that `run` is refused with. */
export function refusalOf(run: () => unknown): AwsError {
  try {
    run();
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error('expected a refusal, found an answer');
}
