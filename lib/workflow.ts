import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  CustomerManagedEncryptionConfiguration,
  LogLevel,
  QueryLanguage,
  type StateMachineProps,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { Configuration } from './config.ts';

/** What all our state machines have in common: Standard, JSONata, every step logged, and never what it carries. */
export function workflowDefaults(
  scope: Construct,
  { configuration, encryptionKey }: { readonly configuration: Configuration; readonly encryptionKey: IKey | undefined },
): Partial<StateMachineProps> {
  const destination = new LogGroup(scope, 'Logs', {
    // State machines deliver to groups under this prefix without growing a resource policy that CloudWatch Logs limits.
    logGroupName: `/aws/vendedlogs/states/${scope.node.addr}`,
    retention: configuration.retentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
    ...(encryptionKey && { encryptionKey }),
  });
  return {
    stateMachineType: StateMachineType.STANDARD,
    queryLanguage: QueryLanguage.JSONATA,
    logs: { destination, level: LogLevel.ALL, includeExecutionData: false },
    ...(encryptionKey && { encryptionConfiguration: new CustomerManagedEncryptionConfiguration(encryptionKey) }),
  };
}
