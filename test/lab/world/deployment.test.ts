import { describe, expect, test } from 'vitest';
import { Faults } from '../../../lab/faults/faults.ts';
import { VirtualClock } from '../../../lab/kernel/clock.ts';
import type { Json, JsonObject } from '../../../lab/kernel/json.ts';
import { Usage } from '../../../lab/report/cost.ts';
import { readScenario } from '../../../lab/scenario/scenario.ts';
import { mergedConfiguration, synthesize, type Template } from '../../../lab/stack/synthesize.ts';
import { deploy } from '../../../lab/world/deployment.ts';
import { World } from '../../../lab/world/world.ts';

const PLACE = { account: '111122223333', region: 'us-east-1' };
const CONFIG = mergedConfiguration({
  mode: 'rerun',
  clusters: ['default'],
  families: ['report'],
  callers: ['arn:aws:iam::111122223333:role/cron'],
  encryption: 'awsOwned',
  // Only what the event brings about: no sweep by the clock or by an alarm.
  sweep: { everyMinutes: 0 },
  monitoring: { alarmsStartSweeps: false },
});
const WHOLE = synthesize(CONFIG, PLACE);

/** The stack without the statements that grant an action, as if somebody had forgotten them. */
function without(action: string, type: string): Template {
  const strip = (value: Json): Json => {
    if (Array.isArray(value)) return value.filter((entry) => !grants(entry, action)).map(strip);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, strip(inner)]));
  };
  const resources = Object.entries(WHOLE.Resources).map(([id, resource]) => [
    id,
    resource.Type === type ? (strip(resource as unknown as Json) as JsonObject) : resource,
  ]);
  return { Resources: Object.fromEntries(resources) };
}

const grants = (entry: Json, action: string) =>
  [(entry as JsonObject | null)?.Action].flat().includes(action) && (entry as JsonObject).Effect === 'Allow';

/** The account with the stack in it, once `event` has been on the bus and everything has settled. */
async function afterwards(template: Template, hours = 2) {
  const clock = new VirtualClock();
  const scenario = readScenario(
    JSON.stringify({ name: 'test', seed: 1, account: { taskDefinitions: [{ family: 'report' }] } }),
    'test',
  );
  const delivered: string[] = [];
  const failures: Json[] = [];
  const nothing = () => {};
  const world = new World({
    clock,
    scenario,
    faults: new Faults([], 1, clock),
    usage: new Usage(),
    observer: {
      request: nothing,
      delivered: (_, messageId) => delivered.push(messageId),
      moved: nothing,
      executionStarted: nothing,
      executionRedriven: nothing,
      executionClosed: ({ result }) => failures.push(result?.error ?? null),
      log: nothing,
      metric: nothing,
    },
  });
  deploy(world, template);
  world.bus.put(EVENT);
  await clock.run({ until: clock.now() + hours * 3_600_000 });
  world.check();
  const dead = [...world.deadLetterQueues].map((arn) => world.sqs.depth(arn).visible);
  return {
    delivered,
    failures,
    dead: dead.reduce((sum, n) => sum + n, 0),
    executions: [...world.states.executions].length,
  };
}

const EVENT: JsonObject = {
  account: PLACE.account,
  region: PLACE.region,
  source: 'aws.ecs',
  'detail-type': 'AWS API Call via CloudTrail',
  detail: {
    eventID: 'one',
    eventTime: '2026-01-15T03:00:00Z',
    eventSource: 'ecs.amazonaws.com',
    eventName: 'RunTask',
    awsRegion: PLACE.region,
    errorCode: 'ThrottlingException',
    errorMessage: 'Rate exceeded',
    userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/cron/session' },
    requestParameters: { taskDefinition: 'report:1', clientToken: 'token', launchType: 'EC2' },
  },
};

describe('a permission that the template lacks is missed', () => {
  test('with all of them the event becomes a launch', async () => {
    expect(await afterwards(WHOLE)).toMatchObject({ failures: [null], dead: 0, executions: 1 });
  });

  test('a rule that no queue admits loses its events', async () => {
    const { delivered, dead, executions } = await afterwards(without('sqs:SendMessage', 'AWS::SQS::QueuePolicy'));
    expect(delivered).toEqual([expect.stringContaining('refused')]);
    expect([dead, executions]).toEqual([0, 0]);
  });

  test('a rule that only the dead-letter queue admits leaves them there', async () => {
    const { IntakeQueuePolicy: _, ...kept } = Object.fromEntries(
      Object.entries(WHOLE.Resources).map(([id, resource]) => [
        id.replace(/^IntakeQueuePolicy.*/, 'IntakeQueuePolicy'),
        resource,
      ]),
    );
    expect(await afterwards({ Resources: kept as Template['Resources'] })).toMatchObject({ dead: 1, executions: 0 });
  });

  test('an intake that may not start executions leaves its message to the dead-letter queue', async () => {
    const template = without('states:StartExecution', 'AWS::IAM::Policy');
    // An outage of half a day must lose nothing.
    expect(await afterwards(template, 12)).toMatchObject({ dead: 0, executions: 0 });
    expect(await afterwards(template, 24)).toMatchObject({ dead: 1, executions: 0 });
  });

  test('a state machine that may not invoke its function fails', async () => {
    const template = without('lambda:InvokeFunction', 'AWS::IAM::Policy');
    // It asks again for half a day, as an outage might end.
    expect((await afterwards(template, 6)).failures).toEqual([]);
    expect((await afterwards(template, 36)).failures).toEqual(['Lambda.AWSLambdaException']);
  });

  test('what Lambda and Step Functions refuse to create fails the deployment', async () => {
    await expect(afterwards(without('sqs:ReceiveMessage', 'AWS::IAM::Policy'))).rejects.toThrow(
      /may not read the queue/,
    );
    await expect(afterwards(without('sts:AssumeRole', 'AWS::IAM::Role'))).rejects.toThrow(/may not assume/);
  });
});
