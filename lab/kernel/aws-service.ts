import type { JsonObject } from './json.ts';

/** Who signs a request: the ARN of the IAM role or user behind it, as in an assumed-role session. */
export interface Principal {
  readonly arn: string;
  readonly userAgent?: string;
  readonly invokedBy?: string;
}

/**
 * A fake of one AWS service. Operations take and return the JSON of the service's own protocol (an SNS answer is turned
 * into XML by the transport). What an operation does to the fake's state happens synchronously, at one virtual instant.
 */
export interface FakeService {
  /** The service's name in a scenario's `serviceError` faults: `dynamodb`, `states`, `sqs`, `ecs`, `sns`, `cloudtrail`, `cloudwatch`, `logs`. */
  readonly name: string;
  /** Throws an `AwsError` for what the real service refuses, and an `UnsupportedError` for what the fake cannot do. */
  call(operation: string, input: JsonObject, principal: Principal): JsonObject | Promise<JsonObject>;
}

/** An error as the service would answer it. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further members of the error's shape, e.g. `resourceIds` of ECS's ConflictException. */
  readonly members: JsonObject;
  /** Of the request that was refused, where the service gives its requests an id. */
  requestId: string | undefined;

  constructor(code: string, message: string, options: { status?: number; members?: JsonObject } = {}) {
    // Nobody reads where in the lab an answer of AWS's was made, and looking it up takes longer than all the rest.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = code;
    this.code = code;
    this.status = options.status ?? 400;
    this.members = options.members ?? {};
    this.requestId = undefined;
  }
}

/** No answer at all, as SDK clients report it: whether the call had its effect nobody can tell. */
export class LostConnectionError extends Error {
  // https://github.com/smithy-lang/smithy-typescript/blob/main/packages/node-http-handler/src/set-request-timeout.ts
  override readonly name = 'TimeoutError';

  constructor() {
    super('no answer came: injected by the scenario');
  }
}

/** Something the lab does not model. It is never answered with a guess. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';
}
