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
const anything = new Synthesized({ ...LISTED, clusters: ['*'], families: ['*'] });
const noRoles = new Synthesized({ ...LISTED, passRoleArns: [], allowedRoleOverrides: [] });

const granting = (synthesized: Synthesized, action: string): Json[] =>
  synthesized.statements('').filter(({ Action, Effect }) => Effect === 'Allow' && [Action].flat().includes(action));
const denied = (synthesized: Synthesized): string[] =>
  synthesized.statements('').flatMap(({ Sid, Effect }) => (Effect === 'Deny' && Sid ? [Sid] : []));
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
      rerun.statements('RerunRunTask').filter(({ Action, Effect }) => Effect === 'Allow' && Action === 'ecs:RunTask'),
    );
    const [statement, ...others] = granting(rerun, 'ecs:RunTask');
    expect(others).toEqual([]);
    expect(statement.Resource.map(endOf)).toEqual([':task-definition/export:*', ':task-definition/report:*']);
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

  test('to launch anything hold for this account and Region all the same', () => {
    const [run] = granting(anything, 'ecs:RunTask');
    const [tag] = granting(anything, 'ecs:TagResource');
    const own = (end: string) => ({
      'Fn::Join': ['', ['arn:aws:ecs:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }, end]],
    });
    const inPartition = (arn: Json) =>
      JSON.parse(JSON.stringify(arn).replace('arn:",{"Ref":"AWS::Partition"},":ecs:', 'arn:aws:ecs:'));
    expect(inPartition(run.Resource)).toEqual(own(':task-definition/*:*'));
    expect(inPartition(run.Condition.ArnLike['ecs:cluster'])).toEqual([own(':cluster/*')]);
    expect(inPartition(tag.Resource)).toEqual(own(':task/*/*'));
  });

  test('to pass roles hold for the listed ones, and for volumes only where a request may name them', () => {
    const passed = granting(rerun, 'iam:PassRole').map(({ Resource, Condition }) => [
      Condition.StringEquals['iam:PassedToService'],
      [Resource].flat().toSorted(),
    ]);
    expect(passed).toEqual([
      ['ecs-tasks.amazonaws.com', [OVERRIDE, ROLE]],
      ['ecs.amazonaws.com', [OVERRIDE]],
    ]);
    expect(granting(noRoles, 'iam:PassRole')).toEqual([]);
    expect(granting(noRoles, 'ecs:RunTask')).toHaveLength(1);
  });

  test('to launch hold for no shell and no volume that the configuration does not allow', () => {
    expect(denied(rerun)).toEqual(['NoExecuteCommand']);
    expect(denied(noRoles)).toEqual(['NoExecuteCommand', 'NoVolumes']);
    expect(denied(new Synthesized({ ...LISTED, allowExecuteCommand: true }))).toEqual([]);
    expect(denied(observe)).toEqual([]);
  });

  test('to look at tasks hold for the listed clusters', () => {
    const clusters = [':cluster/batch', 'arn:aws:ecs:us-east-1:111122223333:cluster/other'];
    for (const action of ['ecs:ListTasks', 'ecs:DescribeTasks']) {
      const [statement, ...others] = granting(rerun, action);
      expect(others).toEqual([]);
      expect(statement.Condition.ArnLike['ecs:cluster'].map(endOf)).toEqual(clusters);
    }
    const [describeTasks] = granting(rerun, 'ecs:DescribeTasks');
    expect(describeTasks.Resource.map(endOf)).toEqual([':task/batch/*', ':task/other/*']);
    expect(granting(rerun, 'ecs:ListClusters')).toEqual([]);
    expect(granting(anything, 'ecs:ListClusters')).toHaveLength(1);
  });

  test.each([
    ['start re-runs', 'states:StartExecution', 'IntakeHandler'],
    ['answer parked executions', 'states:SendTaskSuccess', 'RateLimiterHandler'],
    ['write the rate', 'dynamodb:PutItem', 'RateLimiterHandler'],
    ['count notices', 'dynamodb:UpdateItem', 'RerunRunTask'],
    ['count notices', 'dynamodb:UpdateItem', 'IntakeHandler'],
    ['keep launch records', 'dynamodb:PutItem', 'IntakeHandler'],
    ['keep launch records', 'dynamodb:BatchWriteItem', 'RerunRunTask'],
    ['read launch records', 'dynamodb:BatchGetItem', 'RerunRunTask'],
    ['look a launch up', 'cloudtrail:LookupEvents', 'RerunRunTask'],
    ['count traffic', 'dynamodb:UpdateItem', 'IntakeHandler'],
    ['see the traffic', 'dynamodb:BatchGetItem', 'RateLimiterHandler'],
    ['start re-runs', 'states:StartExecution', 'SweepHandler'],
    ['keep what it read', 'dynamodb:PutItem', 'SweepHandler'],
    ['take a lease', 'dynamodb:UpdateItem', 'SweepHandler'],
    ['give a lease back', 'dynamodb:DeleteItem', 'SweepHandler'],
    ['look', 'cloudtrail:LookupEvents', 'SweepHandler'],
    ['start sweeps', 'states:StartExecution', 'SweepRuleRole'],
    ['park', 'sqs:SendMessage', 'RerunStateMachine'],
    ['publish', 'sns:Publish', 'NotificationsDigest'],
    ['read the count', 'dynamodb:GetItem', 'NotificationsDigest'],
  ])('to %s (%s) belong to %s', (_, action, role) => {
    expect(rerun.statements(role).flatMap(({ Action }) => Action)).toContain(action);
  });

  test('of the rate limiter are no more than its three services, its log and its key', () => {
    const services = rerun
      .statements('RateLimiterHandler')
      .flatMap(({ Action }) => Action)
      .map((action: string) => action.split(':')[0]);
    expect(new Set(services)).toEqual(new Set(['sqs', 'kms', 'dynamodb', 'states', 'logs']));
  });
});
