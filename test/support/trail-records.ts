import { fixtureText } from './records.ts';
import type { Json } from './stacks.ts';

const { detail: PLAIN } = JSON.parse(fixtureText('rerun-plain-throttle'));
const { detail: DISGUISED } = JSON.parse(fixtureText('rerun-disguised-throttle'));

const cron = (changes: Json = {}) => ({ ...PLAIN, ...changes });
const web = (changes: Json = {}) =>
  cron({
    userIdentity: {
      ...PLAIN.userIdentity,
      arn: 'arn:aws:sts::111122223333:assumed-role/web/s',
      sessionContext: {
        ...PLAIN.userIdentity.sessionContext,
        sessionIssuer: {
          ...PLAIN.userIdentity.sessionContext.sessionIssuer,
          arn: 'arn:aws:iam::111122223333:role/web',
        },
      },
    },
    requestParameters: { ...PLAIN.requestParameters, cluster: 'batch' },
    ...changes,
  });
const user = (changes: Json = {}) =>
  cron({
    userIdentity: {
      type: 'IAMUser',
      arn: 'arn:aws:iam::111122223333:user/ops',
      accountId: '111122223333',
      userName: 'ops',
    },
    requestParameters: { ...PLAIN.requestParameters, cluster: 'default' },
    ...changes,
  });
/** A call that ECS made for its users' tasks and services, as AWS's page on its throttling shows one. */
const byEcs = (eventSource: string, eventName: string, session: string, changes: Json = {}) => ({
  eventVersion: PLAIN.eventVersion,
  userIdentity: {
    type: 'AssumedRole',
    arn: `arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForECS/${session}`,
    accountId: '111122223333',
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        arn: 'arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS',
        userName: 'AWSServiceRoleForECS',
      },
    },
    invokedBy: 'ecs.amazonaws.com',
  },
  eventSource,
  eventName,
  awsRegion: 'us-east-1',
  sourceIPAddress: 'ecs.amazonaws.com',
  userAgent: 'ecs.amazonaws.com',
  errorCode: 'ThrottlingException',
  errorMessage: 'Rate exceeded',
  recipientAccountId: '111122223333',
  ...changes,
});
const EC2_LIMIT = { errorCode: 'Client.RequestLimitExceeded', errorMessage: 'Request limit exceeded.' };
const ACCEPTED = { errorCode: undefined, errorMessage: undefined };

/** An hour and more of an account: throttles plain and disguised, of several callers and APIs, and what is none. */
export const SAMPLE_RECORDS: readonly Json[] = [
  ...['03:00:00', '03:00:00', '03:00:02'].map((time) => cron({ eventTime: `2026-01-15T${time}Z` })),
  {
    ...DISGUISED,
    userIdentity: PLAIN.userIdentity,
    sourceIPAddress: PLAIN.sourceIPAddress,
    userAgent: PLAIN.userAgent,
    eventTime: '2026-01-15T03:00:09Z',
  },
  ...['03:00:03', '03:20:00'].map((time) => web({ eventTime: `2026-01-15T${time}Z` })),
  web({ eventName: 'StopTask', eventTime: '2026-01-15T03:30:00Z', requestParameters: { cluster: 'batch', task: 't' } }),
  ...['03:00:04', '03:00:05', '03:00:06', '03:40:00', '04:00:00'].map((time) =>
    web({ ...ACCEPTED, eventTime: `2026-01-15T${time}Z` }),
  ),
  user({ errorCode: 'Client.ThrottlingException', eventTime: '2026-01-15T04:05:00Z' }),
  user({
    errorCode: 'InvalidParameterException',
    errorMessage:
      'Error retrieving security group information for [sg-0ab]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)',
    eventTime: '2026-01-15T04:10:00Z',
  }),
  // EC2, behind ECS.
  user({
    eventSource: 'ec2.amazonaws.com',
    eventName: 'CreateNetworkInterface',
    errorCode: 'Client.RequestLimitExceeded',
    errorMessage: 'Request limit exceeded.',
    requestParameters: { subnetId: 'subnet-0ab' },
    eventTime: '2026-01-15T04:11:00Z',
  }),
  // No throttles.
  user({
    errorCode: 'InvalidParameterException',
    errorMessage: 'Invalid network configuration.',
    eventTime: '2026-01-15T04:12:00Z',
  }),
  user({ errorCode: 'AccessDenied', errorMessage: 'Rate exceeded is not the word', eventTime: '2026-01-15T04:13:00Z' }),
  // Made by ECS.
  ...['04:20:00', '04:20:01', '04:20:02'].map((time) =>
    byEcs('ec2.amazonaws.com', 'CreateNetworkInterface', 'ecs-eni-provisioning', {
      ...EC2_LIMIT,
      eventTime: `2026-01-15T${time}Z`,
    }),
  ),
  byEcs('ec2.amazonaws.com', 'CreateNetworkInterface', 'ecs-eni-provisioning', {
    ...ACCEPTED,
    eventTime: '2026-01-15T04:20:03Z',
  }),
  byEcs('ec2.amazonaws.com', 'CreateNetworkInterface', 'ecs-eni-provisioning', {
    errorCode: 'Client.InsufficientFreeAddressesInSubnet',
    errorMessage: 'The specified subnet does not have enough free addresses',
    eventTime: '2026-01-15T04:20:04Z',
  }),
  // As records differ by service: one names ECS as the caller's service alone, one by the role alone.
  ...['04:21:00', '04:21:01'].map((time) =>
    byEcs('servicediscovery.amazonaws.com', 'RegisterInstance', 'ecs-service-scheduler', {
      userIdentity: { type: 'AWSService', invokedBy: 'ecs.amazonaws.com' },
      sourceIPAddress: '203.0.113.10',
      userAgent: 'aws-internal/3',
      eventTime: `2026-01-15T${time}Z`,
    }),
  ),
  byEcs('elasticloadbalancing.amazonaws.com', 'DescribeTargetHealth', 'ecs-service-scheduler', {
    userIdentity: { arn: 'arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForECS/ecs-service-scheduler' },
    sourceIPAddress: '203.0.113.10',
    userAgent: 'aws-internal/3',
    eventTime: '2026-01-15T04:22:00Z',
  }),
].map((record, index) => ({ ...record, eventID: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}` }));

/** As a log group of a trail shows its records. */
export const trailLines = () => SAMPLE_RECORDS.map((record) => ({ '@timestamp': record.eventTime, ...record }));

const ours = (message: string, service: string, kind: string, more: Json = {}) => ({ message, service, kind, ...more });
const [CRON, REPORT] = ['arn:aws:iam::111122223333:role/jobs/cron', 'report'];
const ETL = 'arn:aws:iam::111122223333:role/etl';
const THREE = { '@timestamp': '2026-01-15T03:10:00Z' };

/** Lines of our own functions, as one storm leaves them. */
export const SAMPLE_LOG_LINES: readonly Json[] = [
  ...Array.from({ length: 40 }, () => ours('verdict', 'intake', 'rerun', { caller: CRON })),
  ...Array.from({ length: 12 }, () => ours('verdict', 'intake', 'duplicate', { caller: CRON })),
  ...Array.from({ length: 3 }, () =>
    ours('verdict', 'intake', 'refuse', { reason: 'hiddenEnvironment', caller: CRON }),
  ),
  ours('verdict', 'sweep', 'rerun'),
  ours('verdict', 'intake', 'ignore', { reason: 'launcherRetries' }),
  ...Array.from({ length: 38 }, () => ours('result', 'run-task', 'started', { caller: CRON, family: REPORT })),
  ...Array.from({ length: 2 }, () => ours('result', 'run-task', 'alreadyStarted', { caller: CRON, family: REPORT })),
  ours('result', 'run-task', 'refused', { reason: 'rejectedByEcs', caller: CRON, family: REPORT }),
  // Four calls: two of three attempts each were handed over, the third attempt of another got through, one was not heard of again.
  ...Array.from({ length: 11 }, (_, n) =>
    ours('verdict', 'intake', 'ignore', { reason: 'handedOver', caller: ETL, requestId: `request-${n}`, ...THREE }),
  ),
  ...Array.from({ length: 2 }, () =>
    ours('verdict', 'intake', 'rerun', { handedOver: 'rejected', caller: ETL, attempts: 3, ...THREE }),
  ),
];
