import { Annotations, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export interface LogGroupProps {
  /** @default - a key of AWS's */
  readonly encryptionKey?: IKey | undefined;
  /** @default RetentionDays.ONE_MONTH */
  readonly retention?: RetentionDays | undefined;
}

/** An encrypted log group with a retention. */
export function logGroup(scope: Construct, id: string, { encryptionKey, retention }: LogGroupProps): LogGroup {
  return new LogGroup(scope, id, {
    retention: retention ?? RetentionDays.ONE_MONTH,
    ...(encryptionKey && { encryptionKey }),
  });
}

/**
 * Lets CloudWatch Logs encrypt this account's log groups with a key. The library does not grant this, and without it the
 * stack does not deploy. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
 */
export function letLogGroupsUse(scope: Construct, key: IKey): void {
  const { partition, region, account } = Stack.of(scope);
  const { statementAdded } = key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
      actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
      resources: ['*'],
      // All groups of the account: the names of groups are not known before the key exists.
      conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:*` } },
    }),
  );
  if (statementAdded) return;
  Annotations.of(scope).addWarningV2(
    'ecs-throttle-remediation:keyPolicy',
    `encryptionKey was not made in this app: its policy has to let logs.${region}.amazonaws.com use it, or the log groups are not created.`,
  );
}
