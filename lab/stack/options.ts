import type { TableOptions } from '../aws/dynamodb/fake-dynamodb.ts';
import type { QueueOptions } from '../aws/sqs/fake-sqs.ts';
import { UnsupportedError } from '../kernel/aws-service.ts';
import { type Place, queueUrl, type Resource } from './template.ts';

/** A queue of a template as the fake SQS takes it. */
export function queueOptions({ arn, logicalId, properties }: Resource<'AWS::SQS::Queue'>, place: Place): QueueOptions {
  const { RedrivePolicy: redrive } = properties;
  return {
    name: logicalId,
    arn,
    url: queueUrl(logicalId, place),
    visibilityTimeoutSeconds: properties.VisibilityTimeout,
    delaySeconds: properties.DelaySeconds,
    retentionSeconds: properties.MessageRetentionPeriod,
    ...(redrive && {
      deadLetter: { targetArn: redrive.deadLetterTargetArn, maxReceiveCount: redrive.maxReceiveCount },
    }),
  };
}

/** A table of a template as the fake DynamoDB takes it. */
export function tableOptions({ logicalId, properties }: Resource<'AWS::DynamoDB::Table'>): TableOptions {
  const [key] = properties.KeySchema;
  const definition = properties.AttributeDefinitions.find(({ AttributeName }) => AttributeName === key.AttributeName);
  if (!definition) throw new UnsupportedError(`${logicalId}: a key of no type`);
  return { tableName: logicalId, partitionKey: { name: key.AttributeName, type: definition.AttributeType } };
}

/** Units of rate expressions. */
const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Milliseconds between two runs of a schedule. */
export function intervalMs(expression: string): number {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (count === undefined) throw new UnsupportedError(`the schedule ${expression}`);
  return Number(count) * (UNIT_MS[unit] ?? 0);
}
