import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { ReadWriteType, Trail } from 'aws-cdk-lib/aws-cloudtrail';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Configuration, ExistingTrail } from '../config/schema.ts';
import { acknowledge } from '../foundation/nag.ts';

/** Where a trail keeps its records. Each part may be missing: the trail may belong to another account, or write to one place only. */
export type TrailRecords = ExistingTrail;

export interface RemediationTrailProps {
  /** How long records are kept, in the bucket and in the log group. */
  readonly retentionDays: Configuration['retentionDays'];
  /** Encrypts the log group; if undefined, a key of AWS does. */
  readonly encryptionKey: IKey | undefined;
}

/**
 * A trail of this Region's write management events. It brings throttled RunTask calls to the event bus, and queries read its
 * records. The first copy of management events in an account is free; each further trail is billed by event. The log group
 * is billed by the data that it takes in.
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

/** The records of the configured trail. Creates the trail if `cloudTrail` is `create`. */
export function trailRecords(
  scope: Construct,
  { configuration, encryptionKey }: { readonly configuration: Configuration; readonly encryptionKey: IKey | undefined },
): TrailRecords {
  const { cloudTrail, retentionDays } = configuration;
  if (typeof cloudTrail === 'object') return cloudTrail;
  return cloudTrail === 'create' ? new RemediationTrail(scope, 'Trail', { retentionDays, encryptionKey }).records : {};
}
