import { type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  type CfnFunction,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { ENVIRONMENT, type HandlerName, SETTINGS_VALUES } from '../../lambda/core/contract.ts';
import { settingsPlaceholder, settingsSchema } from '../../lambda/core/settings.ts';
import { isKnownAtDeployment } from '../config/deployment-text.ts';
import type { Configuration } from '../config/schema.ts';
import { bundledHandler } from './bundle.ts';
import { grantTableUse } from './encryption.ts';
import { acknowledge } from './nag.ts';
import type { SplitGrants } from './split-grants.ts';
import { ownFunctions } from './trust.ts';

/** Key of the CloudFormation metadata that names the handler a function runs. */
export const HANDLER_METADATA_KEY = 'ecs-throttle-remediation:handler';

/** Key of the metadata that shows the settings in the function's code: of an asset a template holds only the hash. */
export const SETTINGS_METADATA_KEY = 'ecs-throttle-remediation:settings';

/** Memory of each function, in MB. Lambda bills by it. */
export const HANDLER_MEMORY_MB = 256;

export interface HandlerFunctionProps {
  readonly handler: HandlerName;
  readonly description: string;
  readonly configuration: Configuration;
  readonly timeout: Duration;
  readonly encryptionKey: IKey | undefined;
  /** Values by their names in the contract. */
  readonly environment: Partial<Record<keyof typeof ENVIRONMENT, string>>;
}

/** A Lambda function of one of `lambda/*.ts`, with its log group, and the settings beside its code. */
export class HandlerFunction extends LambdaFunction {
  readonly executionRole: Role;

  constructor(scope: Construct, id: string, props: HandlerFunctionProps) {
    const { handler, configuration, encryptionKey } = props;
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: configuration.retentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(encryptionKey && { encryptionKey }),
    });
    // Not the library's default role: that may write to all log groups of the account.
    const role = new Role(scope, `${id}Role`, { assumedBy: ownFunctions(scope) });
    logGroup.grantWrite(role);
    const { text, values } = splitSettings(settingsOf(configuration));
    super(scope, id, {
      description: props.description,
      role,
      code: bundledHandler(handler, text),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: configuration.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      memorySize: HANDLER_MEMORY_MB,
      timeout: props.timeout,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      ...(encryptionKey && { environmentEncryption: encryptionKey }),
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        [ENVIRONMENT.accountId]: Stack.of(scope).account,
        ...(values.length > 0 && { [SETTINGS_VALUES]: Stack.of(scope).toJsonString(values) }),
        ...Object.fromEntries(
          Object.entries(props.environment).map(([key, value]) => [
            ENVIRONMENT[key as keyof typeof ENVIRONMENT],
            value,
          ]),
        ),
      },
    });
    this.executionRole = role;
    // The function uses the key for its environment, the table's items, and the state machines and queues that it calls.
    grantTableUse(encryptionKey, this);
    acknowledge(this, {
      'Serverless-LambdaDLQ':
        'Such a queue is for asynchronous invocations: this one is invoked by a queue or a workflow, which tries again.',
      'Serverless-LambdaTracing':
        'Each step is in the execution history and in the logs; traces would need xray:* on all resources.',
    });
    const resource = this.node.defaultChild as CfnFunction;
    resource.addMetadata(HANDLER_METADATA_KEY, handler);
    resource.addMetadata(SETTINGS_METADATA_KEY, JSON.parse(text));
  }

  /** Has the function change after its permissions: with new settings alone it would be refused what they list. */
  needs(grants: SplitGrants | undefined): void {
    if (grants && grants.policies.length > 0) this.node.addDependency(...grants.policies);
  }
}

/**
 * The settings as the text of a file, and what only the deployment knows of them: a file beside the code is written before, so
 * that it names those values by their place in an environment variable.
 */
function splitSettings(settings: object): { readonly text: string; readonly values: readonly string[] } {
  const values: string[] = [];
  const text = JSON.stringify(settings, (_, value) => {
    if (typeof value !== 'string' || !isKnownAtDeployment(value)) return value;
    return settingsPlaceholder(values.push(value) - 1);
  });
  return { text, values };
}

function settingsOf(configuration: Configuration): object {
  const known = Object.keys(settingsSchema.shape) as (keyof typeof settingsSchema.shape)[];
  return Object.fromEntries(known.map((key) => [key, configuration[key]]));
}
