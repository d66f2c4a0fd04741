import { readFileSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { describe, expect, test } from 'vitest';
import { AthenaInvestigation } from '../../../lib/investigation/athena-investigation.ts';
import { ATHENA_QUERIES } from '../../../lib/investigation/athena-queries.ts';
import { SavedQueries } from '../../../lib/investigation/saved-queries.ts';
import { RemediationTrail } from '../../../lib/investigation/trail.ts';
import { withParts } from '../../support/generated-parts.ts';
import { generatedParts, unpadded } from '../../support/monitoring-page.ts';
import { type Json, plainApp, Synthesized } from '../../support/stacks.ts';

const managed = new Synthesized({});

describe('saved queries', () => {
  const created = new Synthesized({ cloudTrail: 'create' });
  const named = new Synthesized({ cloudTrail: { logGroupName: 'org/trail' } });
  const queries = (self: Synthesized) => self.properties('AWS::Logs::QueryDefinition', 'SavedQueries');
  const namesOf = (self: Synthesized) => queries(self).map(({ Name }) => Name.replace('EcsThrottleRemediation/', ''));
  const OWN = [
    'Verdicts',
    'Results of re-runs',
    'Refusals by reason',
    'Refused and ignored calls, one by one',
    'Attempts that no message names',
  ];
  const TRAIL = [
    'Throttles by caller',
    'Throttles by API',
    'Throttles over time',
    'Throttles of calls that ECS makes',
    'RunTask throttles of one cluster',
    'Disguised throttles',
  ];

  test('read the functions’ own logs, and a trail’s where its log group is known', () => {
    expect(namesOf(managed).toSorted()).toEqual(OWN.toSorted());
    for (const self of [created, named]) expect(namesOf(self).toSorted()).toEqual([...OWN, ...TRAIL].toSorted());
    const groups = (self: Synthesized, name: string) =>
      queries(self).find(({ Name }) => Name.endsWith(`/${name}`))?.LogGroupNames;
    expect(groups(named, 'Throttles by API')).toEqual(['org/trail']);
    expect(groups(created, 'Throttles by API')).toEqual([{ Ref: created.idOf('AWS::Logs::LogGroup', 'TrailLogs') }]);
    expect(groups(managed, 'Verdicts')).toEqual(
      ['IntakeHandler', 'SweepHandler', 'RerunRunTask'].map((id) => ({
        Ref: managed.idOf('AWS::Logs::LogGroup', `${id}Logs`),
      })),
    );
  });

  test('that are left out are told of at synth', () => {
    const text = Match.stringLikeRegexp('Saved queries about callers are left out');
    Annotations.fromStack(managed.stack).hasWarning('*', text);
    Annotations.fromStack(named.stack).hasNoWarning('*', text);
  });

  test('are not there where they are not wanted', () => {
    expect(queries(new Synthesized({ investigation: { savedQueries: false } }))).toEqual([]);
  });
});

test('a trail that is created writes to a bucket of its own and to a log group, both for as long as is configured', () => {
  const created = new Synthesized({ cloudTrail: 'create', retentionDays: 90 });
  const [trail] = created.properties('AWS::CloudTrail::Trail');
  const bucket = created.idOf('AWS::S3::Bucket', 'TrailBucket');
  const logs = created.idOf('AWS::Logs::LogGroup', 'TrailLogs');
  expect(trail).toMatchObject({
    S3BucketName: { Ref: bucket },
    CloudWatchLogsLogGroupArn: { 'Fn::GetAtt': [logs, 'Arn'] },
  });
  expect(created.properties('AWS::S3::Bucket', 'TrailBucket')).toMatchObject([
    { LifecycleConfiguration: { Rules: [{ ExpirationInDays: 90 }] } },
  ]);
  expect(created.properties('AWS::Logs::LogGroup', 'TrailLogs')).toMatchObject([{ RetentionInDays: 90 }]);
});

/** Where a partition's files are. */
const PARTITION = `\${account}/CloudTrail/\${region}/\${day}`;

describe('Athena', () => {
  const created = new Synthesized({ cloudTrail: 'create' });
  const organization = new Synthesized({
    cloudTrail: { bucketName: 'org-records', keyPrefix: 'trails', organizationId: 'o-abcdefghij' },
    encryption: 'awsOwned',
  });
  const configurationOf = (self: Synthesized) => self.properties('AWS::Athena::WorkGroup')[0].WorkGroupConfiguration;

  test('has a table of the records of this account and Region, wherever they lie', () => {
    const [{ TableInput, DatabaseName }] = organization.properties('AWS::Glue::Table');
    expect(DatabaseName).toEqual({ Ref: organization.idOf('AWS::Glue::Database', 'AthenaDatabase') });
    expect(TableInput.Parameters).toMatchObject({
      'projection.enabled': 'true',
      'projection.account.values': { Ref: 'AWS::AccountId' },
      'projection.region.values': { Ref: 'AWS::Region' },
      'storage.location.template': `s3://org-records/trails/AWSLogs/o-abcdefghij/${PARTITION}`,
    });
    const own = created.properties('AWS::Glue::Table')[0].TableInput.Parameters['storage.location.template'];
    expect(own).toEqual({
      'Fn::Join': ['', ['s3://', { Ref: created.idOf('AWS::S3::Bucket', 'TrailBucket') }, `/AWSLogs/${PARTITION}`]],
    });
  });

  test('reads with the SerDe and the formats that AWS documents', () => {
    const { StorageDescriptor, PartitionKeys } = organization.properties('AWS::Glue::Table')[0].TableInput;
    expect(StorageDescriptor).toMatchObject({
      InputFormat: 'com.amazon.emr.cloudtrail.CloudTrailInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
      SerdeInfo: { SerializationLibrary: 'org.apache.hive.hcatalog.data.JsonSerDe' },
    });
    expect(PartitionKeys.map(({ Name }: Json) => Name)).toEqual(['account', 'region', 'day']);
  });

  test('ends queries that read too much, and encrypts what they find', () => {
    for (const self of [created, organization]) {
      expect(configurationOf(self)).toMatchObject({
        BytesScannedCutoffPerQuery: 10 * 1024 ** 3,
        EnforceWorkGroupConfiguration: true,
      });
    }
    const encryption = (self: Synthesized) => configurationOf(self).ResultConfiguration.EncryptionConfiguration;
    expect(encryption(created)).toEqual({
      EncryptionOption: 'SSE_KMS',
      KmsKey: { 'Fn::GetAtt': [created.idOf('AWS::KMS::Key', 'Key'), 'Arn'] },
    });
    expect(encryption(organization)).toEqual({ EncryptionOption: 'SSE_S3' });
  });

  test('knows the queries, each in that workgroup and on that database', () => {
    const queries = created.properties('AWS::Athena::NamedQuery');
    expect(queries.map(({ QueryString }) => QueryString).toSorted()).toEqual(
      ATHENA_QUERIES.map(({ sql }) => sql).toSorted(),
    );
    for (const { WorkGroup, Database } of queries) {
      expect(WorkGroup).toEqual({ Ref: created.idOf('AWS::Athena::WorkGroup', 'Athena') });
      expect(Database).toEqual({ Ref: created.idOf('AWS::Glue::Database', 'Athena') });
    }
  });

  test('is left out with a word at synth where no bucket is known, and only there', () => {
    const text = Match.stringLikeRegexp('Athena queries are left out');
    Annotations.fromStack(managed.stack).hasWarning('*', text);
    managed.template.resourceCountIs('AWS::Athena::WorkGroup', 0);
    const unwanted = new Synthesized({ cloudTrail: 'create', investigation: { athena: false } });
    Annotations.fromStack(unwanted.stack).hasNoWarning('*', text);
    unwanted.template.resourceCountIs('AWS::Glue::Table', 0);
  });

  test('stands on its own', () => {
    const stack = new Stack(plainApp());
    new AthenaInvestigation(stack, 'Athena', { trail: { bucketName: 'records' }, encryptionKey: undefined });
    Template.fromStack(stack).resourceCountIs('AWS::Athena::NamedQuery', ATHENA_QUERIES.length);
  });
});

test('a trail and the queries on it stand on their own', () => {
  const stack = new Stack(plainApp());
  const { records } = new RemediationTrail(stack, 'Trail', { retentionDays: 30, encryptionKey: undefined });
  const logs = LogGroup.fromLogGroupName(stack, 'Logs', 'function');
  new SavedQueries(stack, 'Queries', { trail: records, intakeLogs: logs, sweepLogs: logs, runTaskLogs: logs });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudTrail::Trail', 1);
  template.resourceCountIs('AWS::Logs::QueryDefinition', 11);
});

test('docs/monitoring.md shows what is deployed: npx node scripts/write-monitoring-page.ts', async () => {
  const page = readFileSync(new URL('../../../docs/monitoring.md', import.meta.url), 'utf8');
  expect(unpadded(page)).toBe(unpadded(withParts(page, await generatedParts(), 'docs/monitoring.md')));
});
