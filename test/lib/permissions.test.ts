import { describe, expect, test } from 'vitest';
import { type Json, Synthesized } from '../support/stacks.ts';

const ROLE = 'arn:aws:iam::111122223333:role/task';
const OVERRIDE = 'arn:aws:iam::111122223333:role/override';
const LISTED = {
  mode: 'rerun',
  clusters: ['batch', 'arn:aws:ecs:us-east-1:111122223333:cluster/other'],
  families: ['report', 'export'],
  callers: ['*'],
  passRoleArns: [ROLE, OVERRIDE],
  allowedRoleOverrides: [OVERRIDE],
};
const rerun = new Synthesized(LISTED);
const observe = new Synthesized({ ...LISTED, mode: 'observe' });
const unlisted = new Synthesized({ ...LISTED, families: [] });

const granting = (synthesized: Synthesized, action: string): Json[] =>
  synthesized.statements('').filter(({ Action }) => [Action].flat().includes(action));
/** The end of an ARN that is joined from tokens. */
const endOf = (arn: Json): string => (typeof arn === 'string' ? arn : arn['Fn::Join'][1].at(-1));

describe('permissions', () => {
  test.each([
    ['while observing', observe],
    ['where no family is listed', unlisted],
  ])('to launch are granted to nobody %s', (_, synthesized) => {
    for (const action of ['ecs:RunTask', 'ecs:TagResource', 'iam:PassRole'])
      expect(granting(synthesized, action)).toEqual([]);
  });

  test('to launch are granted to run-task alone, for listed families on listed clusters', () => {
    expect(granting(rerun, 'ecs:RunTask')).toEqual(
      rerun.statements('RerunRunTask').filter(({ Action }) => Action === 'ecs:RunTask'),
    );
    const [statement, ...others] = granting(rerun, 'ecs:RunTask');
    expect(others).toEqual([]);
    expect(statement.Resource.map(endOf)).toEqual([':task-definition/report:*', ':task-definition/export:*']);
    expect(Object.keys(statement.Condition)).toEqual(['ArnLike']);
    expect(statement.Condition.ArnLike['ecs:cluster'].map(endOf)).toEqual([
      ':cluster/batch',
      'arn:aws:ecs:us-east-1:111122223333:cluster/other',
    ]);
  });

  test('to tag hold for what RunTask creates on listed clusters', () => {
    const [statement] = granting(rerun, 'ecs:TagResource');
    expect(statement.Condition).toEqual({ StringEquals: { 'ecs:CreateAction': 'RunTask' } });
    expect(statement.Resource.map(endOf)).toEqual([':task/batch/*', ':task/other/*']);
  });

  test('to pass roles hold for the listed ones, each once, and to ECS', () => {
    expect(granting(rerun, 'iam:PassRole')).toEqual([
      expect.objectContaining({
        Resource: [ROLE, OVERRIDE],
        Condition: { StringEquals: { 'iam:PassedToService': ['ecs-tasks.amazonaws.com', 'ecs.amazonaws.com'] } },
      }),
    ]);
  });

  test('on everything are needed for log delivery alone', () => {
    const everywhere = rerun.statements('').filter(({ Resource }) => [Resource].flat().includes('*'));
    for (const { Action } of everywhere) for (const action of [Action].flat()) expect(action).toMatch(/^logs:/);
    expect(everywhere).toHaveLength(2);
  });

  test.each([
    ['start re-runs', 'states:StartExecution', 'IntakeHandler'],
    ['answer parked executions', 'states:SendTaskSuccess', 'TurnstileHandler'],
    ['write the pace', 'dynamodb:PutItem', 'TurnstileHandler'],
    ['count notices', 'dynamodb:UpdateItem', 'RerunRunTask'],
    ['count notices', 'dynamodb:UpdateItem', 'IntakeHandler'],
    ['park', 'sqs:SendMessage', 'RerunStateMachine'],
    ['publish', 'sns:Publish', 'NotificationsDigest'],
    ['read the count', 'dynamodb:GetItem', 'NotificationsDigest'],
  ])('to %s (%s) belong to %s', (_, action, role) => {
    expect(rerun.statements(role).flatMap(({ Action }) => Action)).toContain(action);
  });

  test('of the turnstile are no more than its three services', () => {
    const services = rerun
      .statements('TurnstileHandler')
      .flatMap(({ Action }) => Action)
      .map((action: string) => action.split(':')[0]);
    expect(new Set(services)).toEqual(new Set(['sqs', 'kms', 'dynamodb', 'states']));
  });
});
