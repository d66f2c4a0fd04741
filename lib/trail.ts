import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { ReadWriteType, Trail } from 'aws-cdk-lib/aws-cloudtrail';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Configuration } from './config.ts';
import { acknowledge } from './nag.ts';

export interface TrailProps {
  readonly configuration: Configuration;
}

/**
 * A trail of write management events of this Region: what makes throttled RunTask calls arrive on the event bus.
 * The first copy of management events in an account is free, each further trail is billed per event.
 */
export function createTrail(scope: Construct, { configuration }: TrailProps): Trail {
  const bucket = new Bucket(scope, 'TrailBucket', {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    lifecycleRules: [{ expiration: Duration.days(configuration.retentionDays) }],
    removalPolicy: RemovalPolicy.RETAIN,
  });
  acknowledge(bucket, {
    'AwsSolutions-S1':
      'A trail needs a bucket, but what counts here is its events on the bus: nobody reads these files, and they expire.',
  });
  return new Trail(scope, 'Trail', {
    bucket,
    isMultiRegionTrail: false,
    includeGlobalServiceEvents: false,
    managementEvents: ReadWriteType.WRITE_ONLY,
    enableFileValidation: true,
  });
}
