import type { Faults } from '../../faults/faults.ts';
import { AwsError, type FakeService, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { type Random, randomStream, uniform } from '../../kernel/random.ts';
import type { FakeSqs, ReceivedMessage } from '../sqs/fake-sqs.ts';
import { systemAttributes } from '../sqs/fake-sqs.ts';
import { md5 } from '../sqs/messages.ts';

/** What is wrong with an invocation, by the name under which Step Functions reports it. */
export class InvocationError extends Error {
  readonly errorType: string;

  constructor(errorType: string, message: string) {
    super(message);
    this.errorType = errorType;
  }
}

/** A sandbox of one function: runs one invocation at a time, with clients of its own. */
export interface Sandbox {
  /** `onExit` is told of a handler that dies in the midst of its work: then no reply comes. */
  invoke(payload: Json, onExit: () => void): Promise<Json>;
  /** Nothing that it still has underway takes effect any more. */
  kill(): void;
}

export interface FunctionOptions {
  readonly arn: string;
  /** The handler's name in the product's contract and in faults. */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly createSandbox: () => Sandbox;
}

export interface EventSourceOptions {
  readonly id: string;
  readonly functionArn: string;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly maximumConcurrency: number;
}

export interface FakeLambdaOptions {
  readonly clock: VirtualClock;
  readonly seed: number;
  readonly sqs: FakeSqs;
  readonly region: string;
  /** Invocations that the account runs at once; null for no such limit. */
  readonly concurrency: number | null;
  readonly faults: Pick<Faults, 'isOut' | 'crash' | 'stall'>;
  readonly onInvoked: (invocation: { handler: string; seconds: number; memoryMb: number }) => void;
  /** Receives and deletes of event sources, which SQS bills. */
  readonly onPolled: (requests: number) => void;
}

/** How long a warm function takes to be reached. */
const START_SECONDS = [0.005, 0.02] as const;
/** How long an event source takes from a message's arrival to its receive. */
const POLL_SECONDS = [0.005, 0.05] as const;
/** What Step Functions calls an invocation that the account's concurrency has no room for. */
const THROTTLED = 'Lambda.TooManyRequestsException';
/** How long an event source waits before it tries a throttled batch again, and how often before it lets go of it. */
const THROTTLED_SECONDS = [0.5, 2] as const;
const THROTTLED_TRIES = 20;
/** SQS gives at most ten messages at a time. */
const MAX_RECEIVE = 10;

interface EventSource {
  readonly options: EventSourceOptions;
  isEnabled: boolean;
  readonly poll: () => void;
}

/** AWS Lambda: sandboxes that are reused while warm, timeouts, and event sources on SQS, which clients may switch. */
export class FakeLambda implements FakeService {
  readonly name = 'lambda';
  readonly #options: FakeLambdaOptions;
  readonly #functions = new Map<string, { options: FunctionOptions; idle: Sandbox[] }>();
  readonly #eventSources = new Map<string, EventSource>();
  readonly #random: Random;
  #running = 0;
  /** The most invocations that ran at once. */
  maxConcurrent = 0;

  constructor(options: FakeLambdaOptions) {
    this.#options = options;
    this.#random = randomStream(options.seed, 'lambda');
  }

  /** Gives up sandboxes that are idle. */
  forget(): void {
    for (const { idle } of this.#functions.values()) idle.length = 0;
  }

  createFunction(options: FunctionOptions): void {
    this.#functions.set(options.arn, { options, idle: [] });
  }

  call(operation: string, input: JsonObject): JsonObject {
    switch (operation) {
      case 'ListFunctions':
        return {
          Functions: [...this.#functions.values()].map(({ options: { arn, timeoutSeconds, memoryMb } }) => ({
            FunctionName: arn.slice(arn.lastIndexOf(':') + 1),
            FunctionArn: arn,
            Timeout: timeoutSeconds,
            MemorySize: memoryMb,
          })),
        };
      case 'ListEventSourceMappings':
        return { EventSourceMappings: [...this.#eventSources.values()].map(shown) };
      case 'GetEventSourceMapping':
        return shown(this.#eventSource(input));
      case 'UpdateEventSourceMapping': {
        const source = this.#eventSource(input);
        const unknown = Object.keys(input).find((name) => !['UUID', 'Enabled', 'FunctionName'].includes(name));
        if (unknown) throw new UnsupportedError(`lambda UpdateEventSourceMapping with ${unknown}`);
        if (typeof input.Enabled === 'boolean') source.isEnabled = input.Enabled;
        source.poll();
        return shown(source);
      }
      default:
        throw new UnsupportedError(`lambda ${operation}`);
    }
  }

  #eventSource({ UUID: id }: JsonObject): EventSource {
    const source = this.#eventSources.get(String(id));
    if (source) return source;
    const message = 'The resource you requested does not exist.';
    throw new AwsError('ResourceNotFoundException', message, { status: 404 });
  }

  /** Invokes synchronously; rejects with an `InvocationError`. */
  async invoke(functionArn: string, payload: Json): Promise<Json> {
    const { clock, faults, onInvoked } = this.#options;
    const entry = this.#functions.get(functionArn);
    if (!entry) throw new InvocationError('Lambda.ResourceNotFoundException', `Function not found: ${functionArn}`);
    const { options, idle } = entry;
    const stall = faults.stall(options.handler);
    if (stall?.moment === 'before') await clock.sleep(stall.milliseconds);
    await clock.sleep(uniform(this.#random, START_SECONDS) * 1000);
    if (faults.isOut(options.handler))
      throw new InvocationError('Lambda.ServiceException', 'the function is out of service');

    const { concurrency } = this.#options;
    if (concurrency !== null && this.#running >= concurrency) {
      throw new InvocationError(THROTTLED, 'Rate Exceeded.');
    }
    const sandbox = idle.pop() ?? options.createSandbox();
    const startedAt = clock.now();
    this.#running += 1;
    this.maxConcurrent = Math.max(this.maxConcurrent, this.#running);
    const ended = () => {
      this.#running -= 1;
      const { handler, memoryMb } = options;
      onInvoked({ handler, memoryMb, seconds: (clock.now() - startedAt) / 1000 });
    };
    const crashes = faults.crash(options.handler, 'work');
    if (crashes === 'before') {
      sandbox.kill();
      ended();
      throw exited();
    }
    return new Promise((resolve, reject) => {
      let isOver = false;
      const lose = (error: InvocationError) => {
        isOver = true;
        sandbox.kill();
        ended();
        reject(error);
      };
      const cancel = clock.after(options.timeoutSeconds * 1000, () =>
        lose(new InvocationError('Sandbox.Timedout', `Task timed out after ${options.timeoutSeconds} seconds`)),
      );
      const settle = (answer: () => void) => {
        if (isOver) return;
        cancel();
        if (crashes === 'after') return lose(exited());
        ended();
        idle.push(sandbox);
        answer();
      };
      const finish = (answer: () => void) => {
        if (stall?.moment === 'after') clock.after(stall.milliseconds, () => settle(answer));
        else settle(answer);
      };
      const exit = () => {
        const place = idle.indexOf(sandbox);
        if (place < 0) {
          cancel();
          lose(exited());
        } else {
          // What an invocation left underway may end its sandbox after the reply.
          idle.splice(place, 1);
          sandbox.kill();
        }
      };
      sandbox.invoke(payload, exit).then(
        (reply) => finish(() => resolve(reply)),
        (error) => finish(() => reject(new InvocationError(errorType(error), errorMessage(error)))),
      );
    });
  }

  /**
   * Polls a queue as a Lambda event source with ReportBatchItemFailures: what a batch does not name as failed is deleted,
   * what it names, or all if the invocation fails, comes back when its visibility timeout is over.
   */
  createEventSource(options: EventSourceOptions): void {
    const { id, functionArn, queueArn, batchSize, maximumConcurrency } = options;
    const { clock, sqs, onPolled } = this.#options;
    let running = 0;
    let isPolling = false;
    const poll = () => {
      if (!source.isEnabled || isPolling || running >= maximumConcurrency || sqs.depth(queueArn).visible === 0) return;
      isPolling = true;
      clock.after(uniform(this.#random, POLL_SECONDS) * 1000, () => {
        isPolling = false;
        const messages = sqs.receive(queueArn, Math.min(batchSize, MAX_RECEIVE));
        onPolled(1);
        if (messages.length > 0) {
          running += 1;
          run(messages).finally(() => {
            running -= 1;
            poll();
          });
        }
        poll();
      });
    };
    const run = async (messages: readonly ReceivedMessage[]): Promise<void> => {
      const failed = await this.#runBatch(functionArn, queueArn, messages);
      const done = messages.filter(({ id }) => !failed.has(id));
      for (const { receiptHandle } of done) sqs.delete(queueArn, receiptHandle);
      if (done.length > 0) onPolled(1);
    };
    const source: EventSource = { options, isEnabled: true, poll };
    this.#eventSources.set(id, source);
    sqs.onArrival(queueArn, poll);
  }

  /** The ids of messages that the batch did not get done. */
  async #runBatch(functionArn: string, queueArn: string, messages: readonly ReceivedMessage[]): Promise<Set<string>> {
    const all = new Set(messages.map(({ id }) => id));
    const Records = messages.map((message) => this.#record(queueArn, message));
    try {
      const reply = (await this.#invokeUnthrottled(functionArn, { Records })) as JsonObject | null;
      const failures = (reply?.batchItemFailures ?? []) as { itemIdentifier: string }[];
      return new Set(failures.map(({ itemIdentifier }) => itemIdentifier));
    } catch (error) {
      if (error instanceof InvocationError) return all;
      throw error;
    }
  }

  /** An event source keeps its batch while the function has no room, but not for ever. */
  async #invokeUnthrottled(functionArn: string, payload: Json): Promise<Json> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.invoke(functionArn, payload);
      } catch (error) {
        const isThrottled = error instanceof InvocationError && error.errorType === THROTTLED;
        if (!isThrottled || tries >= THROTTLED_TRIES) throw error;
        await this.#options.clock.sleep(uniform(this.#random, THROTTLED_SECONDS) * 1000);
      }
    }
  }

  #record(queueArn: string, message: ReceivedMessage): JsonObject {
    return {
      messageId: message.id,
      receiptHandle: message.receiptHandle,
      body: message.body,
      attributes: systemAttributes(message) as JsonObject,
      messageAttributes: attributesInEvent(message),
      // No handler of ours reads it.
      get md5OfBody() {
        return md5(message.body);
      },
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: this.#options.region,
    };
  }
}

const shown = ({ options, isEnabled }: EventSource): JsonObject => ({
  UUID: options.id,
  BatchSize: options.batchSize,
  EventSourceArn: options.queueArn,
  FunctionArn: options.functionArn,
  State: isEnabled ? 'Enabled' : 'Disabled',
});

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
const attributesInEvent = ({ attributes }: ReceivedMessage): JsonObject =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType: dataType, StringValue, BinaryValue }]) => [
      name,
      {
        dataType,
        ...(StringValue !== undefined && { stringValue: StringValue }),
        ...(BinaryValue !== undefined && { binaryValue: BinaryValue }),
        stringListValues: [],
        binaryListValues: [],
      },
    ]),
  );

const exited = () => new InvocationError('Runtime.ExitError', 'RequestId: lab Error: Runtime exited with error');
const errorType = (error: unknown) => (error instanceof Error ? error.name : 'Error');
const errorMessage = (error: unknown) => (error instanceof Error ? error.message : String(error));
