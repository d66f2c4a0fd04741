import { StatesError, type TaskCall } from '../../asl/index.ts';
import {
  AwsError,
  type FakeService,
  LostConnectionError,
  type Principal,
  UnsupportedError,
} from '../../kernel/aws-service.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { type FakeLambda, InvocationError } from '../lambda/fake-lambda.ts';
import type { RequestMiddleware } from '../sdk/request-middleware.ts';
import type { FakeStates } from './fake-states.ts';

export interface IntegrationsOptions {
  readonly lambda: FakeLambda;
  readonly states: () => FakeStates;
  readonly mayInvoke: (functionArn: string, roleArn: string) => boolean;
  /** By the service's name in a resource ARN: `sqs`, `sns`, `dynamodb`. */
  readonly services: Readonly<Record<string, FakeService>>;
  /** Stands between an integration and its service: latency and faults. */
  readonly around: RequestMiddleware;
}

/** `arn:aws:states:::sqs:sendMessage.waitForTaskToken` */
const RESOURCE = /^arn:[\w-]+:states:::(?<service>[a-z]+):(?<action>[A-Za-z]+)(?<pattern>\.waitForTaskToken)?$/;

/** What Step Functions calls a service's exceptions: `SQS.SqsException`, `DynamoDB.ThrottlingException`. */
const ERROR_PREFIX: Readonly<Record<string, string>> = {
  sqs: 'SQS',
  sns: 'SNS',
  dynamodb: 'DynamoDB',
};

/** The optimized integrations that our definitions use; any other resource is refused loudly. */
export function integrations(options: IntegrationsOptions) {
  return async (call: TaskCall, principal: Principal): Promise<Json> => {
    const { service = '', action = '', pattern } = RESOURCE.exec(call.resource)?.groups ?? {};
    const input = call.arguments as JsonObject;
    if (service === 'lambda' && action === 'invoke' && !pattern) return invoke(options, input, principal);
    const fake = options.services[service];
    if (!fake || (pattern && call.taskToken === undefined)) throw new UnsupportedError(`the resource ${call.resource}`);

    // Registered first: the answer may come before the call that asks for it has returned.
    const token = call.taskToken;
    const answer = token === undefined ? undefined : options.states().awaitToken(token, call);
    const result = await callService(options, fake, action, input, principal);
    return answer ?? result;
  };
}

async function invoke(
  { lambda, mayInvoke }: IntegrationsOptions,
  { FunctionName, Payload = {} }: JsonObject,
  { arn: roleArn }: Principal,
): Promise<Json> {
  try {
    if (!mayInvoke(String(FunctionName), roleArn)) {
      const message = `User: ${roleArn} is not authorized to perform: lambda:InvokeFunction on resource: ${FunctionName}`;
      throw new InvocationError('Lambda.AWSLambdaException', message);
    }
    const reply = await lambda.invoke(String(FunctionName), Payload);
    return { ExecutedVersion: '$LATEST', Payload: reply, StatusCode: 200 };
  } catch (error) {
    if (!(error instanceof InvocationError)) throw error;
    const { errorType, message } = error;
    throw new StatesError(errorType, JSON.stringify({ errorMessage: message, errorType, trace: [] }));
  }
}

async function callService(
  { around }: IntegrationsOptions,
  fake: FakeService,
  action: string,
  input: JsonObject,
  principal: Principal,
): Promise<JsonObject> {
  const operation = action.charAt(0).toUpperCase() + action.slice(1);
  // A message body that is an object travels as its JSON text.
  const body = input.MessageBody;
  const sent = typeof body === 'object' && body !== null ? { ...input, MessageBody: JSON.stringify(body) } : input;
  try {
    return await around(fake.name, operation, () => fake.call(operation, sent, principal), sent);
  } catch (error) {
    // Seen as Lambda.SdkClientException: https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
    const code =
      error instanceof AwsError ? error.code : error instanceof LostConnectionError ? 'SdkClientException' : undefined;
    if (code === undefined) throw error;
    throw new StatesError(`${ERROR_PREFIX[fake.name] ?? fake.name}.${code}`, (error as Error).message);
  }
}
