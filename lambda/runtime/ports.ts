import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ECSClient } from '@aws-sdk/client-ecs';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { METRICS } from '../core/contract.ts';
import type { Environment } from './environment.ts';

/** The AWS clients that handlers use. Each handler asks for those that it needs. */
export interface Clients {
  readonly ecs: Pick<ECSClient, 'send'>;
  readonly sfn: Pick<SFNClient, 'send'>;
  readonly dynamoDb: Pick<DynamoDBClient, 'send'>;
  readonly cloudTrail: Pick<CloudTrailClient, 'send'>;
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly iam: Pick<IAMClient, 'send'>;
  readonly cloudWatch: Pick<CloudWatchClient, 'send'>;
  readonly logs: Pick<CloudWatchLogsClient, 'send'>;
}

/** Everything that a handler is built from. */
export interface HandlerDependencies<Needed extends keyof Clients> extends Ports {
  readonly environment: Environment;
  readonly clients: Pick<Clients, Needed>;
}

/** What handlers need besides AWS. The lab has its own. */
export interface Ports {
  readonly clock: Clock;
  /** A number in [0, 1) that nobody can guess: the key of our tokens is made of such. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Returns at once if `milliseconds` is not positive. */
  sleep(milliseconds: number): Promise<void>;
}

/** Values that a log line may hold: names, identities, counts. Never a request, an environment value or a command. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Structured log lines. */
export interface Log {
  info(message: string, fields: LogFields): void;
  warn(message: string, fields: LogFields): void;
  error(message: string, fields: LogFields): void;
}

export interface Metrics {
  /** Adds `value` to a metric under the given dimensions. */
  add(name: (typeof METRICS)[keyof typeof METRICS], value: number, dimensions?: Readonly<Record<string, string>>): void;
}
