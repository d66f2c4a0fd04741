import { ACCOUNT, type Changes, OPS_USER } from '../support/records.ts';

/** One throttled call in which somebody else's hand shows, and how it has to end. */
export type Attack = readonly [name: string, end: string, changes: Changes];

const OTHER = '999999999999';
const ecs = (resource: string, account = ACCOUNT, region = 'us-east-1', partition = 'aws') =>
  `arn:${partition}:ecs:${region}:${account}:${resource}`;

/** As CloudTrail records a session of a role, or another principal without one. */
const as = (arn: string, issuer?: string): Changes => ({
  detail: { userIdentity: { arn, ...(issuer && { sessionContext: { sessionIssuer: { arn: issuer } } }) } },
});
const session = (role: string, account = ACCOUNT) => `arn:aws:sts::${account}:assumed-role/${role}`;
const role = (path: string) => `arn:aws:iam::${ACCOUNT}:role/${path}`;
const asking = (request: Record<string, unknown>): Changes => ({ request });
const running = (taskDefinition: unknown) => asking({ taskDefinition });
const overriding = (overrides: object) => asking({ overrides });

const CALLERS = [
  ['an unlisted role', as(session('stranger/s'), role('stranger'))],
  ['a role whose name begins alike', as(session('cron2/s'), role('jobs/cron2'))],
  ['a role of that name in another path', as(session('cron/s'), role('other/cron'))],
  ['a role in a path of that name', as(session('evil/s'), role('jobs/cron/evil'))],
  ['a role in upper case', as(session('CRON/s'), role('jobs/CRON'))],
  ['a session that is named like the role', as(session('stranger/cron'), role('stranger'))],
  ['a session without an issuer that is named like the role', as(session('cron2/cron'))],
  ['a session of that role in another account', as(session('cron/s', OTHER))],
  ['a role of another partition', as(session('cron/s').replace('arn:aws:', 'arn:aws-cn:'))],
  ['a user that is named like the role', as(`arn:aws:iam::${ACCOUNT}:user/jobs/cron`)],
  ['a role that is named like the user', as(session('ops/s'), role('ops'))],
  ['a federated user', as(`arn:aws:sts::${ACCOUNT}:federated-user/cron`)],
  ['the root of the account', as(`arn:aws:iam::${ACCOUNT}:root`)],
  ['nobody', { detail: { userIdentity: {} } }],
  ['a pattern', as(role('*'))],
] as const;

const FAMILIES = [
  'report-admin',
  'report-admin:3',
  'Report:3',
  'report:3:3',
  'report:latest',
  'report:3 ',
  ' report:3',
  'report\n:3',
  'report/admin:3',
  '',
  '*',
  ecs('task-definition/report-admin:3'),
  ecs('task-definition/report:3', OTHER),
  ecs('task-definition/report:3', ACCOUNT, 'eu-west-1'),
  ecs('task-definition/report:3/admin'),
  ecs('task-definition/report:3:admin'),
  ecs('task-definition/'),
  ecs('service/report'),
  `arn:aws:batch:us-east-1:${ACCOUNT}:task-definition/report:3`,
  'arn:aws:ecs:report:3',
];

const CLUSTERS = [
  'batch2',
  'BATCH',
  'batch/batch',
  '',
  undefined,
  ecs('cluster/batch2'),
  ecs('cluster/batch', OTHER),
  ecs('cluster/batch', ACCOUNT, 'eu-west-1'),
  ecs('cluster/batch/batch'),
  ecs('service/batch'),
];

const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';
const volume = { name: 'data', managedEBSVolume: { roleArn: role('admin') } };

export const ATTACKS: readonly Attack[] = [
  ...CALLERS.map(([who, changes]): Attack => [`a call of ${who}`, 'ignore callerNotListed', changes]),
  ...FAMILIES.map((name): Attack => [`the family ${JSON.stringify(name)}`, 'ignore familyNotListed', running(name)]),
  ...CLUSTERS.map((cluster): Attack => [`the cluster ${cluster}`, 'ignore clusterNotListed', asking({ cluster })]),
  ['a family in a list', 'refuse invalidParameter', running(['report'])],
  ['a family in an object', 'refuse invalidParameter', running({ toString: 'report' })],
  ['no family', 'refuse missingParameters', running(undefined)],
  ['no request at all', 'refuse bareRecord', { detail: { requestParameters: null } }],
  ['a task role', 'refuse roleOverride', overriding({ taskRoleArn: role('admin') })],
  ['an execution role', 'refuse roleOverride', overriding({ executionRoleArn: role('admin') })],
  ['an empty role', 'refuse roleOverride', overriding({ taskRoleArn: '' })],
  ['the role of a volume', 'refuse roleOverride', asking({ volumeConfigurations: [volume] })],
  ['the role of a second volume', 'refuse roleOverride', asking({ volumeConfigurations: [{ name: 'a' }, volume] })],
  ['a role under a name in upper case', 'refuse unknownParameter', overriding({ TaskRoleArn: role('admin') })],
  ['a role in a prototype', 'refuse unknownParameter', overriding(JSON.parse('{"__proto__":{"taskRoleArn":"x"}}'))],
  ['ECS Exec', 'refuse executeCommand', asking({ enableExecuteCommand: true })],
  [
    'an environment that is hidden',
    'refuse hiddenEnvironment',
    overriding({ containerOverrides: [{ environment: HIDDEN }] }),
  ],
  ['no client token', 'refuse noClientToken', asking({ clientToken: undefined })],
  ['fewer tasks than none', 'refuse invalidParameter', asking({ count: -1_000_000 })],
  ['a billion tasks', 'refuse invalidParameter', asking({ count: 1e9 })],
  ['a call that somebody watches', 'ignore launcherRetries', asking({ startedBy: 'AWS Step Functions' })],
  ['a call that was made by Scheduler', 'ignore launcherRetries', { detail: { userAgent: 'scheduler.amazonaws.com' } }],
  ['a call of one that retries itself', 'ignore retriesItself', as(session('airflow/s'), role('airflow'))],
  [
    'an error that is no throttle',
    'ignore notAThrottle',
    { detail: { errorCode: 'AccessDenied', errorMessage: 'Rate exceeded' } },
  ],
  [
    'an error that only talks of one',
    'ignore notAThrottle',
    {
      detail: {
        errorCode: 'InvalidParameterException',
        errorMessage: 'Override for container named x: Rate exceeded is not a container.',
      },
    },
  ],
  ['an event of another account', 'ignore otherAccount', { envelope: { account: OTHER } }],
  ['a record of another account', 'ignore otherAccount', { detail: { recipientAccountId: OTHER } }],
  ['an event of another Region', 'ignore otherRegion', { envelope: { region: 'eu-west-1' } }],
  ['a record of another Region', 'ignore otherRegion', { detail: { awsRegion: 'eu-west-1' } }],
  ['a replay', 'ignore replayed', { envelope: { 'replay-name': 'again' } }],
  ['a replay that does not say of what', 'ignore replayed', { envelope: { 'replay-name': '' } }],
  ['a record of two days ago', 'ignore stale', { detail: { eventTime: '2026-01-13T03:00:00Z' } }],
  // Partitions are IAM's and ECS's business: the only attack that costs a call.
  [
    'the family of another partition',
    'refused rejectedByEcs: AccessDeniedException',
    running(ecs('task-definition/report:3', ACCOUNT, 'us-east-1', 'aws-cn')),
  ],
  ['a forged event of an application', 'not taken in', { envelope: { source: 'my.aws.ecs' } }],
  ['a forged event without a source', 'not taken in', { envelope: { source: undefined } }],
  ['a record of another service', 'not taken in', { detail: { eventSource: 'ecs.evil.com' } }],
];

/** Calls that are as they should be, under every name that they may have. */
export const HONEST: readonly Attack[] = [
  ['the call of a listed role', 'started', {}],
  ['the call of a listed user', 'started', as(OPS_USER)],
  ['the cluster by its name', 'started', asking({ cluster: 'batch' })],
  ['the family by its ARN', 'started', running(ecs('task-definition/report:3'))],
  ['the family without a revision', 'started', running('report')],
];
