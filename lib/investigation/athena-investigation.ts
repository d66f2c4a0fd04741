import { Annotations, Duration, Names, RemovalPolicy, Size, Stack } from 'aws-cdk-lib';
import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../foundation/nag.ts';
import { ATHENA_QUERIES, TRAIL_TABLE } from './athena-queries.ts';
import type { TrailRecords } from './trail.ts';
import { trailTable } from './trail-table.ts';

export interface AthenaInvestigationProps {
  /** The trail whose bucket is queried. Without a bucket nothing is deployed. */
  readonly trail: TrailRecords;
  /** Encrypts results; if undefined, S3's own key does. */
  readonly encryptionKey: IKey | undefined;
}

/** A query that would read more is ended: about 0.05 US dollars' worth. https://aws.amazon.com/athena/pricing/ */
const MOST_SCANNED = Size.gibibytes(10);
const RESULTS_KEPT = Duration.days(30);

/** Athena on a trail's files: who throttles whom, as far back as there are records. It costs nothing until it is used. */
export class AthenaInvestigation extends Construct {
  constructor(scope: Construct, id: string, { trail, encryptionKey }: AthenaInvestigationProps) {
    super(scope, id);
    const { bucketName } = trail;
    if (!bucketName) {
      Annotations.of(this).addWarningV2(
        'ecs-throttle-remediation:athena',
        'Athena queries are left out: no bucket of a trail is known. If this account may read the one that a trail writes to, ' +
          'name it in cloudTrail.bucketName; if not, set investigation.athena to false.',
      );
      return;
    }
    const { account, region, stackName } = Stack.of(this);
    const database = new CfnDatabase(this, 'Database', {
      catalogId: account,
      databaseInput: {
        // Athena accepts only lower case, digits and underscores everywhere.
        name: Names.uniqueResourceName(this, { maxLength: 100, separator: '_' }).toLowerCase(),
        description: 'CloudTrail records, to find out who causes ECS throttling',
      },
    });
    new CfnTable(this, 'Table', {
      catalogId: account,
      databaseName: database.ref,
      tableInput: trailTable(TRAIL_TABLE, { ...trail, bucketName }, { account, region }),
    });
    const workGroup = this.#workGroup(`${stackName}-${region}`, encryptionKey);
    for (const { name, description, sql } of ATHENA_QUERIES) {
      new CfnNamedQuery(this, name.replaceAll(' ', ''), {
        name,
        description,
        database: database.ref,
        workGroup: workGroup.ref,
        queryString: sql,
      });
    }
  }

  #workGroup(name: string, encryptionKey: IKey | undefined): CfnWorkGroup {
    const results = new Bucket(this, 'Results', {
      ...(encryptionKey
        ? { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }
        : { encryption: BucketEncryption.S3_MANAGED }),
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      lifecycleRules: [{ expiration: RESULTS_KEPT, abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    acknowledge(results, { 'AwsSolutions-S1': 'It holds results of queries, which can be asked again, for a month.' });
    return new CfnWorkGroup(this, 'WorkGroup', {
      name,
      description: 'Who causes ECS throttling: encrypted results, and a limit to what a query may read',
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        bytesScannedCutoffPerQuery: MOST_SCANNED.toBytes(),
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        resultConfiguration: {
          outputLocation: results.s3UrlForObject(),
          encryptionConfiguration: encryptionKey
            ? { encryptionOption: 'SSE_KMS', kmsKey: encryptionKey.keyArn }
            : { encryptionOption: 'SSE_S3' },
        },
      },
    });
  }
}
