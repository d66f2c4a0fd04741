import { Stack } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { describe, expect, test } from 'vitest';
import { beyondLimits } from '../../../lib/foundation/limits.ts';
import { type Json, plainApp, Synthesized, stacksOf } from '../../support/stacks.ts';

const many = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, index) => make(index));
const role = (name: string, partition = 'aws') => `arn:${partition}:iam::111122223333:role/${name}`;

const LISTED = {
  mode: 'rerun',
  clusters: ['batch'],
  families: ['report', 'nightly-*'],
  callers: [{ arn: role('cron'), handsOver: true }],
  passRoleArns: [role('task')],
  allowedRoleOverrides: [role('volume')],
  notifications: { emails: ['ops@example.com'] },
};
const LONG = {
  ...LISTED,
  clusters: many(60, (index) => `production-batch-${index}`),
  families: many(300, (index) => `department-report-number-${index}`),
  callers: many(100, (index) => ({ arn: role(`scheduler-${index}`), handsOver: true })),
  passRoleArns: many(200, (index) => role(`task-role-${index}`)),
};
const inPartition = (partition: string, region: string) => ({
  ...JSON.parse(JSON.stringify(LISTED).replaceAll('arn:aws:', `arn:${partition}:`)),
  environments: [{ account: '111122223333', region }],
});
const CONFIGURATIONS: readonly (readonly [string, object])[] = [
  ['plain', LISTED],
  ['with long lists', LONG],
  ['with keys of AWS', { ...LISTED, encryption: 'awsOwned' }],
  ['without a trail', { ...LISTED, cloudTrail: 'none' }],
  ['with a trail of its own', { ...LISTED, cloudTrail: 'create' }],
  ['with a trail that is known', { ...LISTED, cloudTrail: { logGroupName: 'trail', bucketName: 'records' } }],
  ['in China', inPartition('aws-cn', 'cn-northwest-1')],
  ['in GovCloud', inPartition('aws-us-gov', 'us-gov-west-1')],
  [
    'in two environments',
    { ...LISTED, environments: ['us-east-1', 'eu-west-1'].map((region) => ({ account: '111122223333', region })) },
  ],
];

/** All statements that allow or deny an action, in whatever policy of the role whose logical id begins so. */
const statements = (synthesized: Synthesized, idPrefix: string, action: string): Json[] =>
  synthesized.statements(idPrefix).filter(({ Action }) => [Action].flat().includes(action));

describe('a stack', () => {
  test.each(CONFIGURATIONS)('%s keeps within the limits of AWS once every name is resolved', (_, configuration) => {
    for (const stack of stacksOf(configuration)) expect(beyondLimits(stack)).toEqual([]);
  });

  test('that does not is an error at synth that says what is too long', () => {
    const app = plainApp();
    const stack = new Stack(app, 'Stack');
    const holder = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const resources = many(100, (index) => stack.formatArn({ service: 'sqs', resource: `a-queue-of-many-${index}` }));
    new ManagedPolicy(stack, 'Policy', {
      roles: [holder],
      statements: [new PolicyStatement({ actions: ['sqs:SendMessage'], resources })],
    });
    new Rule(stack, 'Rule', { schedule: Schedule.expression('rate(1 day)'), description: 'x'.repeat(513) });
    expect(beyondLimits(stack)).toEqual([
      expect.stringMatching(/^Stack\/Policy\/Resource: the policy: found \d{4,}, expected at most 6144$/),
      'Stack/Rule/Resource: the description: found 513, expected at most 512',
    ]);
  });
});

describe('long lists', () => {
  const long = new Synthesized(LONG);
  const endOf = (arn: Json): string => (typeof arn === 'string' ? arn : arn['Fn::Join'][1].at(-1)).split('/').at(-1);
  const listed = (idPrefix: string, action: string, effect = 'Allow') =>
    statements(long, idPrefix, action)
      .filter(({ Effect }) => Effect === effect)
      .flatMap(({ Resource }) => [Resource].flat().map(endOf));

  test('are granted whole', () => {
    expect(listed('RerunRunTask', 'ecs:RunTask').toSorted()).toEqual(
      LONG.families.map((name) => `${name}:*`).toSorted(),
    );
    expect(listed('RerunRunTask', 'iam:PassRole')).toEqual(
      expect.arrayContaining([...LONG.passRoleArns, ...LONG.allowedRoleOverrides].map(endOf)),
    );
    expect(listed('IntakeHandler', 'iam:GetRole').toSorted()).toEqual(
      LONG.callers.map(({ arn }) => endOf(arn)).toSorted(),
    );
  });

  test('of clusters bind every family, by one Deny where each statement has no room for them', () => {
    const run = statements(long, 'RerunRunTask', 'ecs:RunTask');
    const [deny, ...others] = run.filter(({ Sid }) => Sid === 'OnListedClusters');
    expect(others).toEqual([]);
    expect(deny).toMatchObject({ Sid: 'OnListedClusters', Resource: '*' });
    const allowed = statements(long, 'RerunRunTask', 'ecs:RunTask').filter(({ Effect }) => Effect === 'Allow');
    expect(new Set(allowed.map(({ Sid }) => Sid))).toEqual(new Set(['RunBesideDeny']));
    expect(deny.Condition.ArnNotLike['ecs:cluster'].map(endOf)).toEqual(LONG.clusters);
  });

  test('of clusters are looked at whole, each in the statement that names it', () => {
    const look = statements(long, 'SweepHandler', 'ecs:ListTasks');
    expect(look.flatMap(({ Condition }) => [Condition.ArnLike['ecs:cluster']].flat().map(endOf)).toSorted()).toEqual(
      LONG.clusters.toSorted(),
    );
  });

  test('leave the functions behind their permissions', () => {
    const policies = Object.keys(long.template.findResources('AWS::IAM::ManagedPolicy'));
    const launch = policies.filter((id) => id.startsWith('RerunLaunch'));
    expect(launch.length).toBeGreaterThan(3);
    const [runTask] = Object.entries<Json>(long.handlers()).filter(([id]) => id.startsWith('RerunRunTask'));
    expect(runTask?.[1].DependsOn).toEqual(expect.arrayContaining(launch));
  });

  test('that no role has room for are an error that says what to do', () => {
    const families = many(2000, (index) => `department-report-number-${index}`);
    expect(() => stacksOf({ ...LISTED, families })).toThrow(
      /families.*found lists that take \d+ managed policies, expected at most 20 on one role\. .*"nightly-\*"/,
    );
    const clusters = many(200, (index) => `production-batch-${index}`);
    expect(() => stacksOf({ ...LISTED, clusters })).toThrow(/clusters: found 200 .*"batch-\*"/);
  });

  test('that need a raised quota say so', () => {
    const families = many(800, (index) => `department-report-number-${index}`);
    const [stack] = stacksOf({ ...LISTED, families });
    const warnings = stack?.node.findAll().flatMap(({ node }) => node.metadata.map(({ data }) => String(data)));
    expect(warnings).toEqual(expect.arrayContaining([expect.stringMatching(/L-0DA4ABF3\) of 1\d:/)]));
  });
});

test('a name pattern is the same pattern in IAM', () => {
  const patterns = new Synthesized({ ...LISTED, clusters: ['batch-*'] });
  const [run] = statements(patterns, 'RerunRunTask', 'ecs:RunTask');
  expect(JSON.stringify(run.Resource)).toContain(':task-definition/nightly-*:*');
  expect(JSON.stringify(run.Condition)).toContain(':cluster/batch-*');
  expect(JSON.stringify(statements(patterns, 'SweepHandler', 'ecs:DescribeTasks'))).toContain(':task/batch-*/*');
  expect(statements(patterns, 'SweepHandler', 'ecs:ListClusters')).toHaveLength(1);
});
