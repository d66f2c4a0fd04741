import { RegionInfo } from 'aws-cdk-lib/region-info';
import { parseArn } from '../../lambda/core/arn.ts';
import type { Configuration } from './schema.ts';

/** The account and Region of a stack. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

/**
 * The ARNs of a configuration with another account, Region (clusters only; roles have none) or partition than the stack's.
 * No call could ever match them. Each has its key, what was found and what was expected.
 */
export function foreignArns(configuration: Configuration, { account, region }: Place): string[] {
  const { clusters, callers, passRoleArns, allowedRoleOverrides } = configuration;
  // Undefined for Regions that are newer than the library.
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
