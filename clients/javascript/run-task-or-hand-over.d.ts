import type { ECSClient, Failure, RunTaskCommandInput, Task } from '@aws-sdk/client-ecs';
import type { SQSClient } from '@aws-sdk/client-sqs';

export interface HandOverOptions {
  /** The stack's output `HandOverQueueUrl`; the queue of the Region that `ecs` calls. */
  readonly queueUrl: string;
  /**
   * Names the job, not the try: a Lambda request id, an SQS message id, DAG, run and task without the try's number. The client
   * token is derived from it. Not needed where the input has a `clientToken`, which wins.
   */
  readonly key?: string | undefined;
  /** Sends the message; by default a client with the Region and credentials of `ecs`. */
  readonly sqs?: SQSClient | undefined;
}

/** ECS took the call. `failures` says why tasks are missing; what would pass with time was handed over, unless that failed. */
export interface Started {
  readonly kind: 'started';
  readonly tasks: readonly Task[];
  readonly failures: readonly Failure[];
  /** Why the tasks that are missing could not be handed over, although another try may place them. */
  readonly handOverError?: unknown;
}

/** The call, or what is left of it, is in the queue: the stack launches it. `tasks` and `failures` are what ECS had placed. */
export interface HandedOver {
  readonly kind: 'handedOver';
  readonly messageId: string;
  readonly tasks: readonly Task[];
  readonly failures: readonly Failure[];
}

/**
 * Calls RunTask. What throttling, a failing service or want of room took of it is handed over. Throws what ECS answered
 * where another attempt would not help, and where the hand-over itself failed: then the error has it as `handOverError`.
 */
export function runTaskOrHandOver(
  ecs: ECSClient,
  input: RunTaskCommandInput,
  options: HandOverOptions,
): Promise<Started | HandedOver>;

/** The client token of a job: the same for the same key, cluster and family, whatever the revision. */
export function clientTokenOf(key: string, input: Pick<RunTaskCommandInput, 'cluster' | 'taskDefinition'>): string;

/** What an error says of itself: `status` is that of the HTTP answer, undefined where none came. */
export interface AnsweredError {
  readonly code: string;
  readonly message: string;
  readonly status: number | undefined;
}

/** Whether the same request may succeed later. */
export function mayPass(error: AnsweredError): boolean;

/** Whether `failures[].reason` tells of want of room, which comes back. */
export function isPassingFailure(reason: string): boolean;
