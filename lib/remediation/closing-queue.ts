import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import type { Construct } from 'constructs';
import type { Configuration } from '../config/schema.ts';
import { HANDLER_MEMORY_MB } from '../foundation/handler-function.ts';
import { acknowledge } from '../foundation/nag.ts';
import { ownFunctions } from '../foundation/trust.ts';

export interface ClosingProps {
  readonly configuration: Configuration;
  readonly encryptionKey: IKey | undefined;
}

/** What the CDK calls the one function of all its custom resources in a stack. */
const PROVIDER_ID = `AWS${AwsCustomResource.PROVIDER_FUNCTION_UUID.replaceAll('-', '')}`;

/** Nobody may send to a queue. */
export function denyAll(queue: Queue): PolicyStatement {
  return new PolicyStatement({
    sid: 'Closed',
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['sqs:SendMessage'],
    resources: [queue.queueArn],
  });
}

/**
 * Closes a queue that outlives its stack. CloudFormation would take its policy away and leave it open to whomever IAM lets
 * in, and nobody would read what they send. Whatever reads the queue is to go after this: let it depend on that.
 */
export function closeWhenStackGoes(scope: Construct, queue: Queue, props: ClosingProps): Construct {
  const { configuration, encryptionKey } = props;
  const logGroup = new LogGroup(scope, 'ClosingLogs', {
    retention: configuration.retentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
    ...(encryptionKey && { encryptionKey }),
  });
  // Not the library's role: that may write to all log groups of the account.
  const role = new Role(scope, 'ClosingRole', { assumedBy: ownFunctions(scope) });
  logGroup.grantWrite(role);
  const statement = Stack.of(scope).resolve(denyAll(queue).toStatementJson());
  const closing = new AwsCustomResource(scope, 'Closing', {
    onDelete: {
      service: 'SQS',
      action: 'setQueueAttributes',
      parameters: {
        QueueUrl: queue.queueUrl,
        Attributes: { Policy: Stack.of(scope).toJsonString({ Version: '2012-10-17', Statement: [statement] }) },
      },
      physicalResourceId: PhysicalResourceId.of('closing'),
    },
    policy: AwsCustomResourcePolicy.fromStatements([
      new PolicyStatement({ actions: ['sqs:SetQueueAttributes'], resources: [queue.queueArn] }),
    ]),
    role,
    logGroup,
    memorySize: HANDLER_MEMORY_MB,
    installLatestAwsSdk: false,
  });
  acknowledge(Stack.of(scope).node.findChild(PROVIDER_ID), {
    'Serverless-LambdaDLQ': 'It runs when the stack goes, and CloudFormation fails where it does not answer.',
    'Serverless-LambdaTracing': 'It makes one API call, which its log and CloudFormation’s events tell of.',
  });
  // Deleted in the other order: first the policy that lets callers in, then this, which closes.
  queue.node.findChild('Policy').node.addDependency(closing);
  return closing;
}
