import { describe, expect, test } from 'vitest';
import {
  callerEntry,
  forbiddenOverride,
  listedCluster,
  listedFamily,
  type OptIn,
} from '../../../../lambda/core/opt-in/opt-in.ts';
import { HOME, SETTINGS } from '../../../support/records.ts';

const optIn = (changes: Partial<OptIn>): OptIn => ({ ...SETTINGS, ...changes });
const iam = (resource: string) => `arn:aws:iam::111122223333:${resource}`;
const session = (resource: string) => `arn:aws:sts::111122223333:assumed-role/${resource}`;

describe('a caller is listed', () => {
  test.each([
    ['as the very role', iam('role/cron'), iam('role/cron'), true],
    ['as a role with a path', iam('role/jobs/cron'), iam('role/jobs/cron'), true],
    ['as a session of the role', session('cron/i-0abc'), iam('role/cron'), true],
    ['as a session of a role with a path, which sessions do not show', session('cron/x'), iam('role/jobs/cron'), true],
    ['as a role with a path, where the record has lost it', iam('role/cron'), iam('role/jobs/cron'), true],
    ['not as a role with a path, where the entry has none', iam('role/jobs/cron'), iam('role/cron'), false],
    ['not as a user that has lost its path', iam('user/ops'), iam('user/jobs/ops'), false],
    ['as the very user', iam('user/ops'), iam('user/ops'), true],
    ['by "*", whoever it is', iam('user/ops'), '*', true],
    ['by "*", even where the record names nobody', '', '*', true],
    ['not as a role whose name only begins alike', iam('role/cron2'), iam('role/cron'), false],
    ['not as a session of a role whose name begins alike', session('cron2/x'), iam('role/cron'), false],
    ['not as a role whose name is a longer one', iam('role/cron'), iam('role/cron2'), false],
    ['not as a role of another path', iam('role/other/cron'), iam('role/jobs/cron'), false],
    ['not by a session named like the role', session('evil/cron'), iam('role/cron'), false],
    ['not by a path named like the role', iam('role/cron/evil'), iam('role/cron'), false],
    ['not as a user named like the role', iam('user/cron'), iam('role/cron'), false],
    ['not as a session of a user entry', session('ops/x'), iam('user/ops'), false],
    ['not as a federated user', 'arn:aws:sts::111122223333:federated-user/cron', iam('role/cron'), false],
    ['not in another account', 'arn:aws:iam::999999999999:role/cron', iam('role/cron'), false],
    ['not as a session in another account', 'arn:aws:sts::999999999999:assumed-role/cron/x', iam('role/cron'), false],
    ['not in another partition', 'arn:aws-cn:sts::111122223333:assumed-role/cron/x', iam('role/cron'), false],
    ['not by upper case', iam('role/Cron'), iam('role/cron'), false],
    ['not by an entry that is a pattern', iam('role/cron'), iam('role/*'), false],
    ['not by the empty name', '', iam('role/cron'), false],
  ])('%s', (_, caller, entry, isListed) => {
    expect(callerEntry(caller, [{ arn: entry }]) !== undefined).toBe(isListed);
  });

  test('by its own entry before "*", wherever that stands', () => {
    const own = { arn: iam('role/cron'), retriesItself: true };
    expect(callerEntry(session('cron/x'), [{ arn: '*' }, own])).toBe(own);
  });
});

describe('a cluster is listed', () => {
  const arn = 'arn:aws:ecs:us-east-1:111122223333:cluster/batch';
  test.each([
    ['name by name', 'batch', ['batch'], 'batch'],
    ['ARN by name', arn, ['batch'], 'batch'],
    ['name by ARN', 'batch', [arn], 'batch'],
    ['nothing by "default"', undefined, ['default'], 'default'],
    ['anything by "*"', 'other', ['*'], 'other'],
    ['name by its beginning', 'nightly-eu', ['nightly-*'], 'nightly-eu'],
    ['name by the beginning of an ARN', 'batch', [`${arn.slice(0, -2)}*`], 'batch'],
    ['not a name that begins otherwise', 'a-nightly-eu', ['nightly-*'], undefined],
    ['not by a "*" elsewhere', 'nightly', ['*nightly', 'night*y'], undefined],
    [
      'not by the beginning of an ARN of another Region',
      'batch',
      ['arn:aws:ecs:eu-west-1:111122223333:cluster/b*'],
      undefined,
    ],
    ['not a name that begins alike', 'batch2', ['batch'], undefined],
    ['not nothing by another name', undefined, ['batch'], undefined],
    [
      'not an ARN of another account, not even by "*"',
      'arn:aws:ecs:us-east-1:999999999999:cluster/batch',
      ['*'],
      undefined,
    ],
    [
      'not by an ARN of another account',
      'arn:aws:ecs:us-east-1:999999999999:cluster/batch',
      ['arn:aws:ecs:us-east-1:999999999999:cluster/batch'],
      undefined,
    ],
    ['not where nothing is listed', 'batch', [], undefined],
  ])('%s', (_, reference, clusters, name) => {
    expect(listedCluster(reference, optIn({ clusters }), HOME)).toBe(name);
  });
});

describe('a family is listed', () => {
  test.each([
    ['whatever its revision', 'report:3', ['report'], 'report'],
    ['by ARN', 'arn:aws:ecs:us-east-1:111122223333:task-definition/report:3', ['report'], 'report'],
    ['by "*"', 'other', ['*'], 'other'],
    ['by its beginning', 'nightly-report:3', ['web', 'nightly-*'], 'nightly-report'],
    ['not where it begins otherwise', 'nightly', ['nightly-*'], undefined],
    ['not where the name only begins alike', 'report-admin', ['report'], undefined],
    ['not where the name only begins alike, with revision', 'report-admin:3', ['report'], undefined],
    ['not where it is shorter', 'report', ['report-admin'], undefined],
    ['not from another account', 'arn:aws:ecs:us-east-1:999999999999:task-definition/report:3', ['report'], undefined],
    ['not from another Region', 'arn:aws:ecs:eu-west-1:111122223333:task-definition/report:3', ['*'], undefined],
  ])('%s', (_, reference, families, name) => {
    expect(listedFamily(reference, optIn({ families }), HOME)).toBe(name);
  });
});

describe('an override', () => {
  const role = iam('role/task');
  const request = (overrides: object) => ({ taskDefinition: 'report', ...overrides });
  const places: [string, object][] = [
    ['taskRoleArn', { overrides: { taskRoleArn: role } }],
    ['executionRoleArn', { overrides: { executionRoleArn: role } }],
    ['managedEBSVolume.roleArn', { volumeConfigurations: [{ name: 'v', managedEBSVolume: { roleArn: role } }] }],
  ];

  test.each(places)('of %s needs that very role to be allowed', (_, overrides) => {
    const of = (allowedRoleOverrides: string[]) =>
      forbiddenOverride(request(overrides), optIn({ allowedRoleOverrides }));
    expect(of([])).toBe('roleOverride');
    expect(of([`${role}2`, '*'])).toBe('roleOverride');
    expect(of([role])).toBeUndefined();
  });

  test('of one allowed and one other role is forbidden', () => {
    const both = request({ overrides: { taskRoleArn: role, executionRoleArn: iam('role/admin') } });
    expect(forbiddenOverride(both, optIn({ allowedRoleOverrides: [role] }))).toBe('roleOverride');
  });

  test.each([
    [true, false, 'executeCommand'],
    [true, true, undefined],
    [false, false, undefined],
  ])('enableExecuteCommand %s where it is allowed: %s', (enableExecuteCommand, allowExecuteCommand, reason) => {
    expect(forbiddenOverride(request({ enableExecuteCommand }), optIn({ allowExecuteCommand }))).toBe(reason);
  });
});
