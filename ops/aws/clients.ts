import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';

/** Where and as whom AWS is asked; what is not said the SDK's default chain knows. */
export interface AwsOptions {
  readonly profile?: string | undefined;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
  };
}

/** Clients of the services that the stack is made of, each made when it is first asked for. */
export interface Clients {
  readonly cloudFormation: Sender<CloudFormationClient>;
  readonly cloudTrail: Sender<CloudTrailClient>;
  readonly cloudWatch: Sender<CloudWatchClient>;
  readonly dynamoDb: Sender<DynamoDBClient>;
  readonly ecs: Sender<ECSClient>;
  readonly events: Sender<EventBridgeClient>;
  readonly iam: Sender<IAMClient>;
  readonly lambda: Sender<LambdaClient>;
  readonly logs: Sender<CloudWatchLogsClient>;
  readonly sfn: Sender<SFNClient>;
  readonly sns: Sender<SNSClient>;
  readonly sqs: Sender<SQSClient>;
  readonly sts: Sender<STSClient>;
}
type Sender<C extends { send: unknown }> = Pick<C, 'send'>;

const CLIENTS = {
  cloudFormation: CloudFormationClient,
  cloudTrail: CloudTrailClient,
  cloudWatch: CloudWatchClient,
  dynamoDb: DynamoDBClient,
  ecs: ECSClient,
  events: EventBridgeClient,
  iam: IAMClient,
  lambda: LambdaClient,
  logs: CloudWatchLogsClient,
  sfn: SFNClient,
  sns: SNSClient,
  sqs: SQSClient,
  sts: STSClient,
} as const;

/** Asynchronous, as commands that work offline do not load the clients. */
export type MakeClients = (options: AwsOptions) => Promise<Clients>;

export const makeClients: MakeClients = async ({ profile, region, endpoint, credentials }) => {
  const config = {
    ...(profile !== undefined && { profile }),
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && { credentials }),
  };
  const clients = {};
  for (const [name, Client] of Object.entries(CLIENTS)) {
    let client: unknown;
    Object.defineProperty(clients, name, { get: () => (client ??= new Client(config)) });
  }
  return clients as Clients;
};
