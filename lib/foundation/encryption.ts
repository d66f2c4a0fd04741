import { RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { Construct } from 'constructs';
import type { Configuration } from '../config/schema.ts';

/**
 * The key that encrypts everything the stack stores; undefined if AWS-owned keys are configured.
 * The key's policy names the services that write for us without a role of ours.
 */
export function encryptionKey(scope: Construct, encryption: Configuration['encryption']): IKey | undefined {
  if (encryption === 'awsOwned') return undefined;
  const { partition, region, account } = Stack.of(scope);
  const key = new Key(scope, 'Key', {
    description: 'ecs-throttle-remediation: queues, state machines, table, topic and logs',
    enableKeyRotation: true,
    // Execution histories and dead-letter queues outlive the stack. Without the key nobody could read them.
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'RulesWriteToQueues',
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
      resources: ['*'],
      // Not aws:SourceAccount or aws:SourceArn: AWS does not support them where EventBridge writes to encrypted topics, and
      // does not promise them for queues: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
      conditions: {
        ArnLike: { 'kms:EncryptionContext:aws:sqs:arn': `arn:${partition}:sqs:${region}:${account}:*` },
      },
    }),
  );
  key.addToResourcePolicy(
    new PolicyStatement({
      // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
      sid: 'AlarmsPublishToTopic',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['kms:GenerateDataKey*', 'kms:Decrypt'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    }),
  );
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'LogGroups',
      principals: [new ServicePrincipal(logsPrincipal(scope))],
      actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
      resources: ['*'],
      conditions: {
        ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:*` },
      },
    }),
  );
  key.addToResourcePolicy(
    new PolicyStatement({
      // Log entries of encrypted state machines. The condition is the encryption context that their roles use.
      sid: 'LogDelivery',
      principals: [new ServicePrincipal('delivery.logs.amazonaws.com')],
      actions: ['kms:Decrypt'],
      resources: ['*'],
      conditions: {
        StringEquals: { 'kms:EncryptionContext:SourceArn': `arn:${partition}:logs:${region}:${account}:*` },
      },
    }),
  );
  return key;
}

/** `logs.cn-north-1.amazonaws.com.cn`: https://docs.amazonaws.cn/en_us/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html */
function logsPrincipal(scope: Construct): string {
  const { region, urlSuffix } = Stack.of(scope);
  // Where the place is not known, the suffix of whatever it will be; of China alone it is documented to differ.
  if (Token.isUnresolved(region)) return `logs.${region}.${urlSuffix}`;
  return `logs.${region}.amazonaws.com${RegionInfo.get(region).partition === 'aws-cn' ? '.cn' : ''}`;
}

/** Lets a grantee read from and write to encrypted queues and topics, and start encrypted state machines. */
export function grantUse(key: IKey | undefined, grantee: IGrantable): void {
  key?.grant(grantee, 'kms:Decrypt', 'kms:GenerateDataKey');
}

/** Lets a grantee also read and write encrypted tables. These are the actions that the library grants for tables. */
export function grantTableUse(key: IKey | undefined, grantee: IGrantable): void {
  grantUse(key, grantee);
  key?.grant(grantee, 'kms:Encrypt', 'kms:ReEncryptFrom', 'kms:ReEncryptTo', 'kms:GenerateDataKeyWithoutPlaintext');
}
