import { RegionInfo } from 'aws-cdk-lib/region-info';
import { parseArn } from '../../lambda/core/arn.ts';
import { isKnownAtDeployment } from './deployment-text.ts';
import { unknownPartition } from './hints.ts';
import type { Configuration } from './schema.ts';

/** The account and Region of a stack. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

/**
 * The ARNs of a configuration that no call in a stack's place could ever match: of another account, Region (roles have none)
 * or partition, or of a partition that there is not. Each by its key, with what was found and what was expected.
 */
export function foreignArns(configuration: Configuration, place: Place | undefined): string[] {
  const { clusters, callers, passRoleArns, allowedRoleOverrides, notifications } = configuration;
  const lists = { clusters, callers: callers.map(({ arn }) => arn), passRoleArns, allowedRoleOverrides };
  const entries = Object.entries(lists).flatMap(([key, list]) =>
    list.map((entry, index) => [`${key}[${index}]`, entry] as const),
  );
  const { topicArn } = notifications;
  return [
    ...entries.flatMap(([key, entry]) => problem(key, entry, place)),
    // Alarms reach topics of their own Region alone; another account may own it.
    ...(topicArn === undefined ? [] : problem('notifications.topicArn', topicArn, place, true)),
  ];
}

function problem(key: string, entry: string, place: Place | undefined, isAnyAccount = false): string[] {
  const arn = isKnownAtDeployment(entry) ? undefined : parseArn(entry);
  if (!arn) return [];
  const found = `${key}: found ${JSON.stringify(entry)}, expected`;
  const bogus = unknownPartition(entry);
  if (bogus !== undefined) return [`${found} ${bogus}`];
  if (!place) return [];
  const { account, region } = place;
  const { partition } = RegionInfo.get(region);
  const isHome =
    (isAnyAccount || arn.account === account) &&
    (arn.region === '' || arn.region === region) &&
    (partition === undefined || arn.partition === partition);
  const ofAccount = isAnyAccount ? '' : ` of account ${account}`;
  const where = `${arn.region && ` in ${region}`}${partition ? `, partition ${partition}` : ''}`;
  return isHome ? [] : [`${found} an ARN${ofAccount}${where}`];
}
