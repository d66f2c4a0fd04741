import type { CfnTable } from 'aws-cdk-lib/aws-glue';
import type { TrailRecords } from './trail.ts';

/** The columns that queries need and that people look at next. Other columns would only cost reading time. */
const COLUMNS: Readonly<Record<string, string>> = {
  eventtime: 'string',
  eventsource: 'string',
  eventname: 'string',
  awsregion: 'string',
  sourceipaddress: 'string',
  useragent: 'string',
  errorcode: 'string',
  errormessage: 'string',
  useridentity:
    'struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,accesskeyid:string,username:string,' +
    'sessioncontext:struct<sessionissuer:struct<type:string,principalid:string,arn:string,accountid:string,username:string>>>',
  requestparameters: 'string',
  responseelements: 'string',
  requestid: 'string',
  eventid: 'string',
  recipientaccountid: 'string',
};

/** CloudTrail's folders follow from these, so no partition has to be added by hand. */
const PARTITIONS = ['account', 'region', 'day'] as const;

export interface TrailPlace {
  readonly account: string;
  readonly region: string;
}

/**
 * The table of one account's and Region's records, whether its own trail or the organization's wrote them.
 * https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html
 */
export function trailTable(
  name: string,
  { bucketName, keyPrefix, organizationId }: TrailRecords & { readonly bucketName: string },
  { account, region }: TrailPlace,
): CfnTable.TableInputProperty {
  const logs = ['s3:/', bucketName, keyPrefix, 'AWSLogs', organizationId]
    .filter((part) => part !== undefined)
    .join('/');
  return {
    name,
    description: 'CloudTrail records of this account and Region',
    tableType: 'EXTERNAL_TABLE',
    partitionKeys: PARTITIONS.map((key) => ({ name: key, type: 'string' })),
    parameters: {
      EXTERNAL: 'TRUE',
      classification: 'cloudtrail',
      'projection.enabled': 'true',
      'projection.account.type': 'enum',
      'projection.account.values': account,
      'projection.region.type': 'enum',
      'projection.region.values': region,
      'projection.day.type': 'date',
      'projection.day.format': 'yyyy/MM/dd',
      'projection.day.range': 'NOW-3YEARS,NOW',
      'projection.day.interval': '1',
      'projection.day.interval.unit': 'DAYS',
      'storage.location.template': `${logs}/\${account}/CloudTrail/\${region}/\${day}`,
    },
    storageDescriptor: {
      location: `${logs}/${account}/CloudTrail/${region}`,
      inputFormat: 'com.amazon.emr.cloudtrail.CloudTrailInputFormat',
      outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
      serdeInfo: { serializationLibrary: 'org.apache.hive.hcatalog.data.JsonSerDe' },
      columns: Object.entries(COLUMNS).map(([column, type]) => ({ name: column, type })),
    },
  };
}
