import { RegionInfo } from 'aws-cdk-lib/region-info';
import { parseArn } from '../../lambda/core/arn.ts';
import { suggestion } from './suggestion.ts';

/** All Regions that the library knows, and their partitions. */
export const REGIONS = RegionInfo.regions.map(({ name }) => name);
const PARTITIONS = [...new Set(RegionInfo.regions.flatMap(({ partition }) => partition ?? []))];

/** What to write in place of a family that says more than its name: `report:3`, an ARN. */
export function familyHint(found: unknown): string {
  const [, family] = /^(?:arn:[^/]+:task-definition\/)?([A-Za-z0-9_-]+)(?::\d+)?$/.exec(String(found)) ?? [];
  return family === undefined || family === found ? '' : `: "${family}", which stands for all its revisions`;
}

/** What to write in place of a caller that is no role or user: a session, a service-linked role. */
export function callerHint(found: unknown): string {
  const text = typeof found === 'object' && found !== null && 'arn' in found ? found.arn : found;
  const arn = typeof text === 'string' ? parseArn(text) : undefined;
  const [type, name] = arn?.resource.split('/') ?? [];
  if (isServiceLinked(String(text))) {
    return ', and no service-linked role: a service makes its lost calls again by itself, and nobody else can use its role';
  }
  if (arn?.service !== 'sts' || type !== 'assumed-role') return '';
  return `: of a session its role, "arn:${arn.partition}:iam::${arn.account}:role/${name}" (with the role's path, if it has one)`;
}

/** Roles that services act under by themselves: their calls are never anybody's to repeat. */
export const isServiceLinked = (arn: string): boolean =>
  parseArn(arn)?.resource.startsWith('role/aws-service-role/') === true;

/** What is expected in place of an ARN of a partition that there is not. */
export function unknownPartition(text: string): string | undefined {
  const partition = parseArn(text)?.partition;
  if (partition === undefined || PARTITIONS.includes(partition)) return undefined;
  return `an ARN of a partition that there is (${PARTITIONS.join(', ')})${suggestion(partition, PARTITIONS)}`;
}
