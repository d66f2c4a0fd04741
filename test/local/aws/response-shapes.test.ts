import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { JsonObject } from '../../../local/kernel/json.ts';
import { report } from '../../../local/report.ts';
import { readScenario } from '../../../local/scenario.ts';
import { listen, unknownErrors } from './listen.ts';
import { problemsOf, statusOf } from './sdk-models.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const scenarioOf = (name: string): JsonObject =>
  JSON.parse(readFileSync(new URL(`../../../local/scenarios/${name}`, import.meta.url), 'utf8'));

const SERVICE_THROTTLED = {
  version: '0',
  id: '00000000-0000-4000-8000-000000000001',
  'detail-type': 'ECS Service Action',
  source: 'aws.ecs',
  account: '111122223333',
  time: '2026-01-15T03:00:05Z',
  region: 'us-east-1',
  resources: ['arn:aws:ecs:us-east-1:111122223333:service/night/api'],
  detail: {
    eventType: 'ERROR',
    eventName: 'ECS_OPERATION_THROTTLED',
    clusterArn: 'arn:aws:ecs:us-east-1:111122223333:cluster/night',
    createdAt: '2026-01-15T03:00:05.000Z',
  },
};

/** Faults apart, everything in it: starts that fail, a service's throttle, calls that cannot be repeated. */
function eventful(): JsonObject {
  const { account, callers, faults: _, ...rest } = scenarioOf('faults.json');
  const [caller] = callers as JsonObject[];
  const stoppedReason = 'Timeout waiting for network interface provisioning to complete.';
  const without = {
    ...caller,
    name: 'without token',
    calls: 5,
    request: { ...(caller?.request as JsonObject), clientToken: null },
  };
  return {
    ...rest,
    account: {
      ...(account as JsonObject),
      startFailures: [{ family: 'nightly-report', probability: 0.2, stoppedReason }],
    },
    callers: [caller as JsonObject, without],
    events: [{ at: 5, event: SERVICE_THROTTLED }],
  };
}

describe('every answer of a whole run', () => {
  const always = ['ecs RunTask', 'dynamodb UpdateItem', 'states SendTaskSuccess', 'states StartExecution'];
  it.each<[string, JsonObject, string[]]>([
    ['with faults', scenarioOf('faults.json'), always],
    ['with duplicates', scenarioOf('duplicates.json'), always],
    [
      'with failed starts and a sweep',
      eventful(),
      [...always, 'ecs ListTasks', 'ecs DescribeTasks', 'cloudtrail LookupEvents', 'sns Publish', 'sqs SendMessage'],
    ],
  ])('has the shape of the model: %s', async (_, scenario, operations) => {
    const heard = listen();
    await report(readScenario(JSON.stringify(scenario), 'test.json'));
    expect([...heard.problems]).toEqual([]);
    expect(unknownErrors(heard)).toEqual([]);
    expect([...heard.answers.keys()]).toEqual(expect.arrayContaining(operations));
  });
});

describe('the check of shapes finds', () => {
  const task = { taskArn: 'arn', lastStatus: 'RUNNING', containers: [{ name: 'app' }], createdAt: 1768446000 };
  it.each<[string, string, string, unknown, string]>([
    ['nothing in what is right', 'ecs', 'RunTask', { tasks: [task], failures: [] }, ''],
    ['a member by another name', 'ecs', 'RunTask', { Tasks: [] }, 'RunTask.Tasks: no such member in the model'],
    ['a date that is text', 'ecs', 'RunTask', { tasks: [{ ...task, createdAt: 'now' }] }, 'createdAt: found "now"'],
    ['no list', 'ecs', 'RunTask', { tasks: task }, 'RunTask.tasks: found'],
    ['text in a list', 'ecs', 'RunTask', { tasks: ['arn'] }, 'RunTask.tasks[0]: found "arn", expected an object'],
    ['a required member', 'states', 'StartExecution', { executionArn: 'arn' }, 'startDate: found nothing'],
    ['a number that is text', 'dynamodb', 'Query', { Count: '1' }, 'Query.Count: found "1"'],
    ['a value of no type', 'dynamodb', 'GetItem', { Item: { a: { X: '1' } } }, 'GetItem.Item.a.X: no such member'],
    ['an attribute that is no text', 'sqs', 'GetQueueAttributes', { Attributes: { a: 1 } }, 'Attributes.a: found 1'],
    ['an operation that is none', 'sns', 'PublishAll', {}, 'sns has no operation PublishAll'],
  ])('%s', (_, service, operation, output, problem) => {
    expect(problemsOf(service, operation, output).join()).toContain(problem);
    expect(problemsOf(service, operation, output)).toHaveLength(problem === '' ? 0 : 1);
  });

  it.each([
    ['sqs', 'QueueDoesNotExist', 400],
    ['ecs', 'AccessDeniedException', 403],
    ['ecs', 'ThrottlingException', 400],
    ['ecs', 'ServerException', 500],
    ['states', 'ExecutionAlreadyExists', 400],
    ['sns', 'NotFoundException', 404],
    ['states', 'NoSuchError', undefined],
  ])('the status of %s %s: %s', (service, code, status) => {
    expect(statusOf(service, code)).toBe(status);
  });
});
