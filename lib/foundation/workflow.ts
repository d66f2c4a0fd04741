import { Duration, Names, RemovalPolicy } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  CustomerManagedEncryptionConfiguration,
  DefinitionBody,
  type IChainable,
  JitterType,
  LogLevel,
  QueryLanguage,
  type RetryProps,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { Configuration } from '../config/schema.ts';
import { acknowledge } from './nag.ts';

const NO_TRACING = 'Each step is in the execution history and in the logs; traces would need xray:* on all resources.';

export interface WorkflowProps {
  readonly configuration: Configuration;
  readonly encryptionKey: IKey | undefined;
  readonly comment: string;
  readonly start: IChainable;
}

/**
 * Retries while a service does not answer. They last half a day: a late re-run can outlast such an outage, so it must not end
 * the call. They are rare, as an execution's history holds 25,000 events.
 */
export const OUTAGE_RETRY: RetryProps = {
  errors: ['States.ALL'],
  interval: Duration.seconds(1),
  backoffRate: 2,
  maxDelay: Duration.minutes(5),
  maxAttempts: 300,
  jitterStrategy: JitterType.FULL,
};

/**
 * Retries while the account runs as many functions as it may. In a storm on a new account that passes within a second or two, and waits
 * that double would outlast it; where it does not pass these last half a day, too.
 */
export const BUSY_RETRY: RetryProps = {
  ...OUTAGE_RETRY,
  errors: ['Lambda.TooManyRequestsException'],
  backoffRate: 1.1,
  maxAttempts: 350,
};

/** The common parts of our state machines: Standard, JSONata, each step logged, never its data. */
export class Workflow extends StateMachine {
  /** The name of the state machine with this id. Its own definition needs it and cannot refer to the resource. */
  static nameOf(scope: Construct, id: string): string {
    return Names.uniqueResourceName(scope, { maxLength: 80 - id.length }) + id;
  }

  constructor(scope: Construct, id: string, { configuration, encryptionKey, comment, start }: WorkflowProps) {
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      // For groups under this prefix, log delivery adds nothing to the resource policy, whose size CloudWatch Logs limits.
      logGroupName: `/aws/vendedlogs/states/${Names.uniqueResourceName(scope, { maxLength: 200 })}-${id}`,
      retention: configuration.retentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(encryptionKey && { encryptionKey }),
    });
    super(scope, id, {
      // It has a name because the library writes the name into the condition of the key's grant, where it must not be empty.
      stateMachineName: Workflow.nameOf(scope, id),
      stateMachineType: StateMachineType.STANDARD,
      queryLanguage: QueryLanguage.JSONATA,
      comment,
      definitionBody: DefinitionBody.fromChainable(start),
      logs: { destination: logGroup, level: LogLevel.ALL, includeExecutionData: false },
      ...(encryptionKey && {
        encryptionConfiguration: new CustomerManagedEncryptionConfiguration(
          // By ARN, so that the library adds no statement without a condition for log delivery. Our own statement has one.
          Key.fromKeyArn(scope, `${id}Key`, encryptionKey.keyArn),
        ),
      }),
    });
    acknowledge(this, {
      'AwsSolutions-SF2': NO_TRACING,
      'Serverless-StepFunctionStateMachineXray': NO_TRACING,
      'AwsSolutions-IAM5[Resource::*]':
        'Log delivery has no resources to name: CloudWatch Logs documents these actions so.',
    });
  }
}
