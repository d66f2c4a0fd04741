import { type ExecutionResult, execute, type Standing, StatesError, type TaskCall } from '../../asl/index.ts';
import { AwsError, type FakeService, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { type Random, randomStream, uuid } from '../../kernel/random.ts';
import type { BucketSettings } from '../../scenario/account.ts';
import { TokenBucket } from '../ecs/token-bucket.ts';
import { described, type Execution, notRedrivable, type StateMachineOptions } from './execution.ts';
import { Redrives } from './redrive.ts';

export interface FakeStatesOptions {
  readonly clock: VirtualClock;
  readonly seed: number;
  readonly startExecution: BucketSettings;
  /** Runs a Task's resource for a state machine; rejects with a `StatesError`. */
  readonly runTask: (call: TaskCall, stateMachine: StateMachineOptions) => Promise<Json>;
  readonly onStarted: (execution: Execution, input: Json) => void;
  readonly onClosed: (execution: Execution) => void;
  /** Hears of it before its old result is gone. */
  readonly onRedriven: (execution: Execution) => void;
  /** What the lab cannot run at all. */
  readonly onUnsupported: (error: unknown) => void;
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MAX_INPUT_BYTES = 262_144;
/** "Must be unique … 1 to 80 characters", https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const EXECUTION_NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u;

interface PendingTask {
  readonly succeed: (output: Json) => void;
  readonly fail: (error: StatesError) => void;
  readonly heartbeat: () => void;
}

/** AWS Step Functions: Standard workflows, as far as their API and their definitions are used here. */
export class FakeStates implements FakeService {
  readonly name = 'states';
  readonly #options: FakeStatesOptions;
  readonly #bucket: TokenBucket;
  readonly #machines = new Map<string, StateMachineOptions>();
  /** By ARN. Names stay taken for 90 days, which no run of the lab outlasts. */
  readonly #executions = new Map<string, Execution>();
  readonly #pending = new Map<string, PendingTask>();
  /** By task token, also of tasks that are over: the real token holds it. */
  readonly #stateMachines = new Map<string, string>();
  readonly #random: Random;
  #open = 0;

  constructor(options: FakeStatesOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.startExecution);
    this.#random = randomStream(options.seed, 'states');
  }

  createStateMachine(options: StateMachineOptions): void {
    this.#machines.set(options.arn, options);
  }

  /** ARNs of all state machines. */
  get stateMachines(): Iterable<string> {
    return this.#machines.keys();
  }

  get executions(): Iterable<Execution> {
    return this.#executions.values();
  }

  /** Executions that have not closed yet. */
  get open(): number {
    return this.#open;
  }

  call(operation: string, input: JsonObject): JsonObject {
    switch (operation) {
      case 'StartExecution':
        return this.#startExecution(input);
      case 'ListExecutions':
        return this.#listExecutions(input);
      case 'DescribeExecution':
        return this.#describeExecution(input);
      case 'RedriveExecution':
        return this.#redrive(input);
      case 'SendTaskSuccess':
        this.#take(input.taskToken).succeed(parse(input.output, 'InvalidOutput'));
        return {};
      case 'SendTaskFailure': {
        const text = (value: Json | undefined) => (typeof value === 'string' ? value : null);
        this.#take(input.taskToken).fail(new StatesError(text(input.error), text(input.cause)));
        return {};
      }
      case 'SendTaskHeartbeat':
        this.#task(input.taskToken).heartbeat();
        return {};
      default:
        throw new UnsupportedError(`states ${operation}`);
    }
  }

  /** The ARN of the state machine that gave a task token out. */
  readonly stateMachineOf = (taskToken: string): string | undefined => this.#stateMachines.get(taskToken);

  /** Registers a task that ends by its token, or when its time is over. */
  awaitToken(token: string, { heartbeat, onOver }: Pick<TaskCall, 'heartbeat' | 'onOver'>): Promise<Json> {
    onOver(() => this.#pending.delete(token));
    return new Promise((succeed, fail) => this.#pending.set(token, { succeed, fail, heartbeat }));
  }

  /** A task that is answered by this: a second answer finds it gone. */
  #take(token: Json | undefined): PendingTask {
    const task = this.#task(token);
    this.#pending.delete(String(token));
    return task;
  }

  #task(token: Json | undefined): PendingTask {
    if (typeof token !== 'string' || token === '') throw new AwsError('InvalidToken', `Invalid Token: '${token}'`);
    const task = this.#pending.get(token);
    // The service says the same of tasks that timed out and of tasks that were answered before.
    if (!task) throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    return task;
  }

  #startExecution({ stateMachineArn, name = uuid(this.#random), input = '{}' }: JsonObject): JsonObject {
    const { clock } = this.#options;
    if (!this.#bucket.take(clock.now())) throw new AwsError('ThrottlingException', 'Rate exceeded');
    const stateMachine = this.#machines.get(String(stateMachineArn));
    if (!stateMachine) {
      throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${String(stateMachineArn)}'`);
    }
    if (typeof name !== 'string' || !EXECUTION_NAME.test(name)) {
      throw new AwsError('InvalidName', `Invalid Name: '${String(name)}'`);
    }
    const data = parse(input, 'InvalidExecutionInput');
    const arn = `${stateMachine.arn.replace(':stateMachine:', ':execution:')}:${name}`;
    const existing = this.#executions.get(arn);
    if (existing && (existing.result || existing.input !== input)) {
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    const execution = existing ?? this.#start(stateMachine, arn, name, String(input), data);
    return { executionArn: execution.arn, startDate: execution.startedAt / 1000 };
  }

  /** Newest first, the first page only. */
  #listExecutions({ stateMachineArn, statusFilter, maxResults = 100 }: JsonObject): JsonObject {
    if (!this.#machines.has(String(stateMachineArn))) {
      throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${String(stateMachineArn)}'`);
    }
    const listed = [...this.#executions.values()]
      .filter(({ stateMachine, result }) => {
        const status = result?.status ?? 'RUNNING';
        return stateMachine.arn === stateMachineArn && (statusFilter === undefined || status === statusFilter);
      })
      .toSorted((a, b) => b.startedAt - a.startedAt)
      .slice(0, Number(maxResults))
      .map(described);
    return { executions: listed };
  }

  #describeExecution({ executionArn }: JsonObject): JsonObject {
    const execution = this.#executions.get(String(executionArn));
    if (!execution) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${String(executionArn)}'`);
    const { result } = execution;
    return {
      ...described(execution),
      ...(result?.status === 'SUCCEEDED' && { output: JSON.stringify(result.output) }),
    };
  }

  #start(stateMachine: StateMachineOptions, arn: string, name: string, input: string, data: Json): Execution {
    const { clock, onStarted } = this.#options;
    const execution: Execution = {
      arn,
      name,
      stateMachine,
      input,
      startedAt: clock.now(),
      stoppedAt: undefined,
      result: undefined,
      stateTransitions: 0,
      historyEvents: 0,
      redrives: new Redrives(),
      standing: undefined,
    };
    this.#executions.set(arn, execution);
    onStarted(execution, data);
    this.#run(execution, data);
    return execution;
  }

  /** Goes on with an execution that failed or timed out. A token that comes twice is one redrive. */
  #redrive({ executionArn, clientToken = uuid(this.#random) }: JsonObject): JsonObject {
    const { clock, onRedriven } = this.#options;
    const execution = this.#executions.get(String(executionArn));
    if (!execution) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${String(executionArn)}'`);
    const { redrives, input = '{}' } = execution;
    const known = redrives.find(clientToken, clock.now());
    if (known !== undefined) return { redriveDate: known / 1000 };
    const reason = notRedrivable(execution, clock.now());
    if (reason) throw new AwsError('ExecutionNotRedrivable', reason);
    onRedriven(execution);
    redrives.add(clientToken, clock.now());
    execution.result = undefined;
    execution.stoppedAt = undefined;
    this.#run(execution, JSON.parse(input));
    return { redriveDate: clock.now() / 1000 };
  }

  #run(execution: Execution, data: Json): void {
    const { clock, seed, runTask, onUnsupported } = this.#options;
    const { arn, name, stateMachine, redrives, standing, historyEvents } = execution;
    this.#open += 1;
    const context = {
      Execution: {
        Id: arn,
        Name: name,
        Input: data,
        RoleArn: stateMachine.roleArn,
        StartTime: new Date(execution.startedAt).toISOString(),
        ...redrives.context(),
      },
      StateMachine: { Id: stateMachine.arn, Name: stateMachine.name },
    };
    const host = {
      clock,
      // Task tokens are drawn from it: those of a redrive are new ones.
      random: randomStream(seed, ['execution', name, ...(redrives.count > 0 ? [redrives.count] : [])].join('/')),
      runTask: (call: TaskCall) => {
        if (call.taskToken !== undefined) this.#stateMachines.set(call.taskToken, stateMachine.arn);
        return runTask(call, stateMachine);
      },
      onHistory: ({ events, transitions }: { events: number; transitions: number }) => {
        execution.historyEvents += events;
        execution.stateTransitions += transitions;
      },
      onEntered: (entered: Standing) => {
        execution.standing = entered;
      },
    };
    const redrive = redrives.count > 0 && standing ? { ...standing, events: historyEvents } : undefined;
    execute(stateMachine.definition, data, host, context, redrive).then(
      (result) => this.#close(execution, result),
      (error) => onUnsupported(error),
    );
  }

  #close(execution: Execution, result: ExecutionResult): void {
    execution.result = result;
    execution.stoppedAt = this.#options.clock.now();
    if (result.status === 'SUCCEEDED') {
      execution.input = undefined;
      execution.standing = undefined;
    }
    this.#open -= 1;
    this.#options.onClosed(execution);
  }
}

function parse(text: Json | undefined, error: string): Json {
  if (typeof text !== 'string' || Buffer.byteLength(text) > MAX_INPUT_BYTES) {
    throw new AwsError(error, `expected at most ${MAX_INPUT_BYTES} bytes of JSON text`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AwsError(error, `Invalid JSON: ${(cause as Error).message}`);
  }
}
