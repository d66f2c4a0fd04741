import { afterEach, describe, expect, it, test, vi } from 'vitest';
import type { JsonObject } from '../../../lab/kernel/json.ts';
import { report } from '../../../lab/report/report.ts';
import { readScenario } from '../../../lab/scenario/scenario.ts';
import { playIncidents, STORM } from '../../support/incident.ts';
import { listen, unknownErrors } from './listen.ts';
import { eventful, scenarioOf } from './scenarios.ts';
import { memberProblems, problemsOf, statusesOf } from './sdk-models.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('every answer of a whole run', () => {
  const always = ['ecs RunTask', 'dynamodb UpdateItem', 'states SendTaskSuccess', 'states StartExecution'];
  it.each<[string, JsonObject, string[]]>([
    ['with faults', scenarioOf('faults.json'), always],
    ['with duplicates', scenarioOf('duplicates.json'), always],
    [
      'with failed starts and a sweep',
      eventful(),
      [...always, 'ecs ListTasks', 'ecs DescribeTasks', 'cloudtrail LookupEvents', 'sqs SendMessage'],
    ],
  ])('has the shape of the model: %s', async (_, scenario, operations) => {
    const heard = listen();
    await report(readScenario(JSON.stringify(scenario), 'test.json'));
    expect([...heard.problems]).toEqual([]);
    expect(unknownErrors(heard)).toEqual([]);
    expect([...heard.answers.keys()]).toEqual(expect.arrayContaining(operations));
  });
});

test('every answer that an incident report asks for has the shape of the model', async () => {
  const heard = listen();
  const { reports } = await playIncidents(STORM);
  expect(reports).toHaveLength(1);
  expect([...heard.problems]).toEqual([]);
  const asked = ['cloudwatch DescribeAlarms', 'logs StartQuery', 'logs GetQueryResults', 'states ListExecutions'];
  expect([...heard.answers.keys()]).toEqual(expect.arrayContaining(asked));
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

  it.each<[string, string, string, ...number[]]>([
    ['sqs', 'SendMessage', 'QueueDoesNotExist', 400],
    ['sqs', 'DeleteMessage', 'ReceiptHandleIsInvalid', 404],
    ['sqs', 'SendMessage', 'ReceiptHandleIsInvalid'],
    ['sqs', 'SendMessage', 'MissingParameter', 400],
    ['sns', 'Publish', 'MissingParameter'],
    ['ecs', 'RunTask', 'AccessDeniedException', 403, 400],
    ['ecs', 'RunTask', 'ThrottlingException', 400],
    ['ecs', 'RunTask', 'ServerException', 500],
    ['ecs', 'ListTasks', 'ConflictException'],
    ['cloudtrail', 'LookupEvents', 'ThrottlingException', 429],
    ['states', 'StartExecution', 'ExecutionAlreadyExists', 400],
    ['states', 'SendTaskSuccess', 'ExecutionAlreadyExists'],
    ['states', 'StartExecution', 'NoSuchError'],
    ['sns', 'Publish', 'NotFoundException', 404],
  ])('the statuses of %s %s %s', (service, operation, code, ...statuses) => {
    expect(statusesOf(service, operation, code)).toEqual(statuses);
  });

  it.each<[string, string, object, string]>([
    ['ecs', 'ConflictException', { resourceIds: ['arn'] }, ''],
    ['ecs', 'ConflictException', { resourceArns: ['arn'] }, 'ConflictException.resourceArns: no such member'],
    ['ecs', 'ThrottlingException', { resourceIds: [] }, 'ThrottlingException.resourceIds: no such member'],
    ['dynamodb', 'ConditionalCheckFailedException', { Item: { a: 1 } }, 'Item.a: found 1'],
  ])('the members of %s %s %o', (service, code, members, problem) => {
    expect(memberProblems(service, code, members).join()).toContain(problem);
    expect(memberProblems(service, code, members)).toHaveLength(problem === '' ? 0 : 1);
  });
});
