/** The parts of an ARN, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** Everything after the account: `role/path/name`, `task-definition/family:3`. */
  readonly resource: string;
}

/** The parts of `text`; undefined if it is no ARN. */
export function parseArn(text: string): Arn | undefined {
  const match = /^arn:([^:]+):([^:]+):([^:]*):([^:]*):(.+)$/.exec(text);
  if (!match) return undefined;
  const [, partition = '', service = '', region = '', account = '', resource = ''] = match;
  return { partition, service, region, account, resource };
}

/** The account and Region that the stack is deployed in. Other ones are foreign. */
export interface AwsEnvironment {
  readonly account: string;
  readonly region: string;
}

/**
 * The name of the cluster in a RunTask request, which holds a name, an ARN, or nothing (`default`).
 * Undefined for an ARN of another account, Region or service, and for what is no name.
 */
export function clusterName(reference: string | undefined, awsEnvironment: AwsEnvironment): string | undefined {
  return asName(nameIn(reference ?? 'default', 'cluster', awsEnvironment));
}

/** The name or pattern (`nightly-*`) of clusters in an entry of the configuration; undefined for those of elsewhere. */
export function clusterPattern(entry: string, awsEnvironment: AwsEnvironment): string | undefined {
  return nameIn(entry, 'cluster', awsEnvironment);
}

/**
 * The family in a task definition reference: `family`, `family:revision` or an ARN of either.
 * Undefined for an ARN of another account, Region or service, and for what is no name.
 */
export function familyName(reference: string, awsEnvironment: AwsEnvironment): string | undefined {
  return asName(nameIn(reference, 'task-definition', awsEnvironment)?.replace(/:\d+$/, ''));
}

/** Clusters and families have names of these characters; anything else is free text, also where any name is listed. */
const NAME = /^[A-Za-z0-9_-]{1,255}$/;

const asName = (text: string | undefined): string | undefined =>
  text !== undefined && NAME.test(text) ? text : undefined;

function nameIn(reference: string, resourceType: string, awsEnvironment: AwsEnvironment): string | undefined {
  if (!reference.startsWith('arn:')) return reference;
  const arn = parseArn(reference);
  if (arn?.service !== 'ecs' || arn.account !== awsEnvironment.account || arn.region !== awsEnvironment.region)
    return undefined;
  return arn.resource.startsWith(`${resourceType}/`) ? arn.resource.slice(resourceType.length + 1) : undefined;
}
