import { RegionInfo } from 'aws-cdk-lib/region-info';
import { parseArn } from '../../lambda/core/arn.ts';
import type { Configuration } from './schema.ts';

/** Where a stack goes. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

/**
 * The ARNs of a configuration that are not of a stack's account, Region (of clusters alone; roles have none) or partition:
 * no call there could ever match them. Each by its key, with what was found and what was expected.
 */
export function foreignArns(configuration: Configuration, { account, region }: Place): string[] {
  const { clusters, callers, passRoleArns, allowedRoleOverrides } = configuration;
  // Unknown for Regions that are newer than the library.
  const partition = RegionInfo.get(region).partition;
  const lists = { clusters, callers: callers.map(({ arn }) => arn), passRoleArns, allowedRoleOverrides };
  return Object.entries(lists).flatMap(([key, entries]) =>
    entries.flatMap((entry, index) => {
      const arn = parseArn(entry);
      if (!arn) return [];
      const isHome =
        arn.account === account &&
        (arn.region === '' || arn.region === region) &&
        (partition === undefined || arn.partition === partition);
      const expected = `of account ${account}${arn.region && ` in ${region}`}${partition ? `, partition ${partition}` : ''}`;
      return isHome ? [] : [`${key}[${index}]: found ${JSON.stringify(entry)}, expected an ARN ${expected}`];
    }),
  );
}
