import { UnsupportedError } from '../kernel/aws-service.ts';
import type { Statement } from './resources.ts';
import type { DeployedTemplate } from './template.ts';

/** Who may do what, as a template says. Everything is found by ARN. */
export interface Policies {
  /** What roles are allowed. */
  readonly ofRoles: ReadonlyMap<string, readonly Statement[]>;
  /** What resources let others do to them: queue, topic and key policies, and the trust policies of roles. */
  readonly ofResources: ReadonlyMap<string, readonly Statement[]>;
  /** The customer-managed key under which a resource is stored. */
  readonly keys: ReadonlyMap<string, string>;
  /** The role that a state machine's executions have. */
  readonly executionRoles: ReadonlyMap<string, string>;
}

export function policiesOf(deployed: DeployedTemplate): Policies {
  const attached = deployed.all('AWS::IAM::Policy');
  const managed = deployed.all('AWS::IAM::ManagedPolicy');
  const byArn = new Map(managed.map(({ arn, properties }) => [arn, properties.PolicyDocument]));
  const named = (arn: string): readonly Statement[] => {
    const statements = byArn.get(arn);
    if (!statements) throw new UnsupportedError(`the managed policy ${arn}`);
    return statements;
  };

  const ofRoles = new Map<string, readonly Statement[]>();
  const ofResources = new Map<string, readonly Statement[]>();
  for (const { arn, logicalId, properties } of deployed.all('AWS::IAM::Role')) {
    const own = [...attached, ...managed].filter(({ properties: { Roles } }) => Roles.includes(logicalId));
    ofRoles.set(arn, [
      ...own.flatMap(({ properties: { PolicyDocument } }) => PolicyDocument),
      ...properties.ManagedPolicyArns.flatMap(named),
    ]);
    ofResources.set(arn, properties.AssumeRolePolicyDocument);
  }
  for (const { arn, properties } of deployed.all('AWS::KMS::Key')) ofResources.set(arn, properties.KeyPolicy);
  for (const { properties } of deployed.all('AWS::SQS::QueuePolicy')) {
    for (const url of properties.Queues) ofResources.set(queueArn(url), properties.PolicyDocument);
  }
  for (const { properties } of deployed.all('AWS::SNS::TopicPolicy')) {
    for (const arn of properties.Topics) ofResources.set(arn, properties.PolicyDocument);
  }

  const machines = deployed.all('AWS::StepFunctions::StateMachine');
  const keys = [
    ...deployed.all('AWS::SQS::Queue').map(({ arn, properties }) => [arn, properties.KmsMasterKeyId] as const),
    ...deployed.all('AWS::SNS::Topic').map(({ arn, properties }) => [arn, properties.KmsMasterKeyId] as const),
    ...deployed
      .all('AWS::DynamoDB::Table')
      .map(({ arn, properties }) => [arn, properties.SSESpecification?.KMSMasterKeyId] as const),
    ...machines.map(({ arn, properties }) => [arn, properties.EncryptionConfiguration?.KmsKeyId] as const),
  ].filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  return {
    ofRoles,
    ofResources,
    keys: new Map(keys),
    executionRoles: new Map(machines.map(({ arn, properties }) => [arn, properties.RoleArn])),
  };
}

/** `https://sqs.us-east-1.amazonaws.com/111122223333/jobs` → `arn:aws:sqs:us-east-1:111122223333:jobs` */
export function queueArn(url: string): string {
  const [, region, account, name] = /^https:\/\/sqs\.([\w-]+)\.amazonaws\.com\/(\d{12})\/([\w-]+)$/.exec(url) ?? [];
  return `arn:aws:sqs:${region}:${account}:${name}`;
}
