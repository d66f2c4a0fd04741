import { AwsError } from '../kernel/aws-service.ts';
import type { ServiceName } from '../scenario/fault-schema.ts';

/**
 * How each service says that one of ours is too fast: name and HTTP status of the SDK's schemas. Step Functions and ECS
 * model none for our operations, nor do CloudWatch and its logs; theirs are among the errors common to all actions:
 * https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html
 */
const THROTTLES: Readonly<Record<ServiceName, readonly [code: string, message: string, status: number]>> = {
  // Of a table that is billed on demand as well: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
  dynamodb: ['ThrottlingException', 'Throughput exceeds the current capacity of your table or index', 400],
  states: ['ThrottlingException', 'Rate exceeded', 400],
  sqs: ['RequestThrottled', 'Request throttled', 403],
  ecs: ['ThrottlingException', 'Rate exceeded', 400],
  sns: ['ThrottledException', 'Rate exceeded', 429],
  cloudtrail: ['ThrottlingException', 'Rate exceeded', 429],
  cloudwatch: ['ThrottlingException', 'Rate exceeded', 400],
  logs: ['ThrottlingException', 'Rate exceeded', 400],
};

/** What each service's model calls a failure of its own; the others have the one common to all. */
const SERVER_ERRORS: Readonly<Partial<Record<ServiceName, string>>> = {
  dynamodb: 'InternalServerError',
  ecs: 'ServerException',
  sns: 'InternalErrorException',
};

/** The answer of a service that failed, before the effect of a call or after it. */
export const serverErrorOf = (service: ServiceName): AwsError =>
  new AwsError(SERVER_ERRORS[service] ?? 'InternalFailure', 'injected by the scenario', { status: 500 });

/** The answer of a service to a call of ours that came too fast. */
export function throttleOf(service: ServiceName): AwsError {
  const [code, message, status] = THROTTLES[service];
  return new AwsError(code, message, { status });
}
