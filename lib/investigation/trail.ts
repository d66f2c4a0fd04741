import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { ReadWriteType, Trail } from 'aws-cdk-lib/aws-cloudtrail';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Configuration, ExistingTrail } from '../config/schema.ts';
import { acknowledge } from '../foundation/nag.ts';

/** Where a trail leaves its records: each part may be missing, as a trail may belong to somebody else or write to one place only. */
export type TrailRecords = ExistingTrail;

export interface RemediationTrailProps {
  /** How long records are kept, in the bucket and in the log group. */
  readonly retentionDays: Configuration['retentionDays'];
  /** Encrypts the log group; where undefined, a key of AWS does. */
  readonly encryptionKey: IKey | undefined;
}

/**
 * A trail of write management events of this Region: what makes throttled RunTask calls arrive on the event bus, and what
 * queries read. The first copy of management events in an account is free, each further trail is billed per event; the log
 * group is billed for what it takes in.
 */
export class RemediationTrail extends Construct {
  readonly records: TrailRecords;

  constructor(scope: Construct, id: string, { retentionDays, encryptionKey }: RemediationTrailProps) {
    super(scope, id);
    const bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(retentionDays) }],
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    acknowledge(bucket, {
      'AwsSolutions-S1': 'It holds records of calls itself; who reads them is for a trail of data events, if wanted.',
    });
    const logGroup = new LogGroup(this, 'Logs', {
      retention: retentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(encryptionKey && { encryptionKey }),
    });
    new Trail(this, 'Trail', {
      bucket,
      isMultiRegionTrail: false,
      includeGlobalServiceEvents: false,
      managementEvents: ReadWriteType.WRITE_ONLY,
      enableFileValidation: true,
      sendToCloudWatchLogs: true,
      cloudWatchLogGroup: logGroup,
    });
    this.records = { bucketName: bucket.bucketName, logGroupName: logGroup.logGroupName };
  }
}

/** The records of the configured trail, which is created if that is configured. */
export function trailRecords(
  scope: Construct,
  { configuration, encryptionKey }: { readonly configuration: Configuration; readonly encryptionKey: IKey | undefined },
): TrailRecords {
  const { cloudTrail, retentionDays } = configuration;
  if (typeof cloudTrail === 'object') return cloudTrail;
  return cloudTrail === 'create' ? new RemediationTrail(scope, 'Trail', { retentionDays, encryptionKey }).records : {};
}
