import { type Duration, Stack, Token } from 'aws-cdk-lib';
import type { ICluster } from 'aws-cdk-lib/aws-ecs';
import type { IRule } from 'aws-cdk-lib/aws-events';
import type { IRole, IUser } from 'aws-cdk-lib/aws-iam';
import type { Architecture } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { RateSettings } from '../lambda/core/settings.ts';
import { checkedProps } from './config/read-config.ts';
import type { Configuration } from './config/schema.ts';

/** A role or user, or the rule that hands calls over; as a text, its ARN, or `*` for any role and user. */
export type Caller = IRole | IUser | IRule | string;

/** A caller of which more is to be said than that its calls may be re-run. */
export interface CallerProps {
  readonly caller: Caller;
  /** It repeats a lost call by itself under a new client token, as Airflow does. @default false */
  readonly retriesItself?: boolean;
  /** It hands lost calls over. Grant it what it needs with `grantHandOver`. @default false; for a rule true */
  readonly handsOver?: boolean;
}

/** Where an existing trail keeps its records. */
export interface TrailProps {
  /** @default - no saved queries on the trail's records */
  readonly logGroup?: ILogGroup;
  /** @default - no Athena queries on the trail's records */
  readonly bucket?: IBucket;
  /** Of the records in the bucket. @default - none */
  readonly keyPrefix?: string;
  /** Of an organization's trail, such as `o-exampleorgid`. @default - the trail of one account */
  readonly organizationId?: string;
}

/** Who is told, and where they find what to do. */
export interface NotificationProps {
  /** Its policy has to let CloudWatch publish, for the alarms. @default - a topic of its own */
  readonly topic?: ITopic;
  /** Subscribed to the topic of its own. @default - none */
  readonly emails?: readonly string[];
  /** Where your people find the runbook, whose sections alarms link. @default - alarms name the section */
  readonly runbookUrl?: string;
}

export interface EcsThrottleRemediationProps {
  /** `rerun` launches; `observe` does all but that, and says what it would have re-run. @default 'observe' */
  readonly mode?: Configuration['mode'];
  /** Clusters whose calls may be re-run; as a text, a name, its beginning and a trailing `*`, or an ARN. */
  readonly clusters: readonly (ICluster | string)[];
  /** Task definition families that may be re-run. A trailing `*` stands for any end. */
  readonly families: readonly string[];
  /** Whose calls may be re-run. */
  readonly callers: readonly (Caller | CallerProps)[];
  /** Task and execution roles of the families. @default - none: task definitions without roles */
  readonly passRoles?: readonly (IRole | string)[];
  /** Roles that a request may use instead of the task definition's, or for an EBS volume. @default - none */
  readonly allowedRoleOverrides?: readonly (IRole | string)[];
  /** Whether requests with `enableExecuteCommand` may be re-run. @default false */
  readonly allowExecuteCommand?: boolean;
  /** Whether calls without a client token may be re-run. Nothing then proves that they run once. @default false */
  readonly allowWithoutClientToken?: boolean;
  /** How long to wait for the caller's own retries, from the time of the call. @default Duration.seconds(30) */
  readonly grace?: Duration;
  /** The most RunTask requests for one call. @default 8 */
  readonly maxAttempts?: number;
  /** How often a task that fails to start is started again. @default 3 */
  readonly maxGenerations?: number;
  /** How long after the call a re-run may launch. @default Duration.minutes(55), the longest */
  readonly deadline?: Duration;
  /** The most tasks that all re-runs together launch in one clock hour. @default - no limit */
  readonly maxTasksPerHour?: number;
  /** How often to search for missed calls; zero for never. @default Duration.minutes(15) */
  readonly sweepEvery?: Duration;
  /** Whether calls and tasks that found no room come back, and for how long they wait. @default - they do, for two hours */
  readonly capacity?: { readonly rerun?: boolean; readonly deadline?: Duration };
  /** Limits of the rate, in permits per second. @default - 10 at first, 0.5 at least, 500 at most */
  readonly rate?: Partial<RateSettings>;
  /** The trail that brings rejected calls: none, one of its own (billed), an existing one, or where that keeps its records. */
  readonly cloudTrail: 'none' | 'create' | 'existing' | TrailProps;
  /** Queries on the logs and on the trail's records. @default - all */
  readonly investigation?: Partial<Configuration['investigation']>;
  /** Dashboard, alarms and reports. @default - all */
  readonly monitoring?: Partial<Configuration['monitoring']>;
  /** @default - a topic of its own, without subscribers */
  readonly notifications?: NotificationProps;
  /** Of the functions. @default Architecture.ARM_64 */
  readonly architecture?: Architecture;
  /** A KMS key of its own, or AWS's. @default 'customerManaged' */
  readonly encryption?: Configuration['encryption'];
  /** How long logs are kept. @default RetentionDays.ONE_MONTH */
  readonly retention?: RetentionDays;
}

/** Where an error of the configuration is to name a prop: all others have the name of their key. */
const PROP_NAMES: Readonly<Record<string, string>> = {
  passRoleArns: 'passRoles',
  graceSeconds: 'grace',
  deadlineSeconds: 'deadline',
  'sweep.everyMinutes': 'sweepEvery',
  'capacity.deadlineSeconds': 'capacity.deadline',
  'cloudTrail.logGroupName': 'cloudTrail.logGroup',
  'cloudTrail.bucketName': 'cloudTrail.bucket',
  'notifications.topicArn': 'notifications.topic',
  retentionDays: 'retention',
};

/** The configuration that props stand for; throws a `ConfigurationError` that names the props that cannot be used. */
export function configurationOf(scope: Construct, id: string, props: EcsThrottleRemediationProps): Configuration {
  const {
    passRoles,
    grace,
    deadline,
    sweepEvery,
    capacity,
    cloudTrail,
    notifications,
    architecture,
    retention,
    ...same
  } = props;
  const { topic, ...told } = notifications ?? {};
  const value = {
    ...same,
    clusters: props.clusters.map((cluster) => (typeof cluster === 'string' ? cluster : cluster.clusterName)),
    callers: props.callers.map((each) => callerEntry(scope, each)),
    passRoleArns: passRoles?.map(roleArn),
    allowedRoleOverrides: props.allowedRoleOverrides?.map(roleArn),
    graceSeconds: grace?.toSeconds(),
    deadlineSeconds: deadline?.toSeconds(),
    sweep: sweepEvery && { everyMinutes: sweepEvery.toMinutes() },
    capacity: capacity && { rerun: capacity.rerun, deadlineSeconds: capacity.deadline?.toSeconds() },
    cloudTrail: typeof cloudTrail === 'object' ? trailRecords(cloudTrail) : cloudTrail,
    notifications: { ...told, ...(topic && { topicArn: topic.topicArn }) },
    architecture: architecture?.name,
    retentionDays: retention,
  };
  return checkedProps(value, id, placeOf(scope), PROP_NAMES);
}

const roleArn = (role: IRole | string): string => (typeof role === 'string' ? role : role.roleArn);

function callerEntry(scope: Construct, each: Caller | CallerProps): unknown {
  if (typeof each === 'string') return each;
  const { caller, ...marks }: CallerProps = 'caller' in each ? each : { caller: each };
  const isRule = typeof caller !== 'string' && 'ruleArn' in caller;
  return { arn: principalArn(scope, caller), ...(isRule && { handsOver: true }), ...marks };
}

function principalArn(scope: Construct, caller: Caller): string {
  if (typeof caller === 'string') return caller;
  if ('roleArn' in caller) return caller.roleArn;
  if ('userArn' in caller) return caller.userArn;
  // Composed, so that it can be told from a principal's also where only the deployment knows it.
  return Stack.of(scope).formatArn({ service: 'events', resource: 'rule', resourceName: caller.ruleName });
}

function trailRecords({ logGroup, bucket, ...records }: TrailProps): object {
  return {
    ...records,
    ...(logGroup && { logGroupName: logGroup.logGroupName }),
    ...(bucket && { bucketName: bucket.bucketName }),
  };
}

function placeOf(scope: Construct) {
  const { account, region } = Stack.of(scope);
  return Token.isUnresolved(account) || Token.isUnresolved(region) ? undefined : { account, region };
}
