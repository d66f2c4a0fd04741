import {
  type ExecutionResult,
  execute,
  type HistoryStep,
  type Standing,
  StatesError,
  type TaskCall,
} from '../../asl/index.ts';
import { AwsError, type FakeService, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { type Random, randomStream, uuid } from '../../kernel/random.ts';
import type { BucketSettings } from '../../scenario/account.ts';
import { TokenBucket } from '../ecs/token-bucket.ts';
import { Execution, notRedrivable, type StateMachineOptions } from './execution.ts';
import {
  describeExecution,
  describeStateMachine,
  executionHistory,
  listExecutions,
  listStateMachines,
} from './queries.ts';
import { redriveContext, redriveUnder } from './redrive.ts';

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
  /** Hears of each step of each execution. */
  readonly onStep?: ((execution: Execution, step: HistoryStep) => void) | undefined;
  /** Whether to keep what each execution went through, for clients who ask for it. */
  readonly keepsHistory?: boolean | undefined;
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
  /** Of each state machine, by name. Names stay taken for 90 days, which no run of the lab outlasts. */
  readonly #executions = new Map<string, Map<string, Execution>>();
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
    if (!this.#executions.has(options.arn)) this.#executions.set(options.arn, new Map());
  }

  /** ARNs of all state machines. */
  get stateMachines(): Iterable<string> {
    return this.#machines.keys();
  }

  get executions(): Execution[] {
    return [...this.#executions.values()].flatMap((ofMachine) => [...ofMachine.values()]);
  }

  #executionsOf(stateMachineArn: string): Map<string, Execution> {
    return this.#executions.get(stateMachineArn) ?? new Map();
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
        return listExecutions(this.#executionsOf(this.#machine(input.stateMachineArn).arn).values(), input);
      case 'DescribeExecution':
        return describeExecution(this.#execution(input.executionArn), this.#options.clock.now());
      case 'GetExecutionHistory':
        return this.#history(input);
      case 'RedriveExecution':
        return this.#redrive(input);
      case 'StopExecution':
        return this.#stopExecution(input);
      case 'DescribeStateMachine':
        return describeStateMachine(this.#machine(input.stateMachineArn), this.#options.clock.startedAt);
      case 'ListStateMachines':
        return listStateMachines(this.#machines.values(), this.#options.clock.startedAt);
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
    const stateMachine = this.#machine(stateMachineArn);
    if (typeof name !== 'string' || !EXECUTION_NAME.test(name)) {
      throw new AwsError('InvalidName', `Invalid Name: '${String(name)}'`);
    }
    const data = parse(input, 'InvalidExecutionInput');
    const existing = this.#executionsOf(stateMachine.arn).get(name);
    if (existing && (existing.result || existing.input !== input)) {
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${existing.arn}'`);
    }
    const execution = existing ?? this.#start(stateMachine, name, String(input), data);
    return { executionArn: execution.arn, startDate: execution.startedAt / 1000 };
  }

  #stopExecution({ executionArn, error = null, cause = null }: JsonObject): JsonObject {
    const execution = this.#execution(executionArn);
    execution.stop?.(error as string | null, cause as string | null);
    return { stopDate: (execution.stoppedAt ?? this.#options.clock.now()) / 1000 };
  }

  #history(input: JsonObject): JsonObject {
    const execution = this.#execution(input.executionArn);
    if (!execution.steps) throw new UnsupportedError('states GetExecutionHistory where no history is kept');
    return executionHistory(execution, execution.steps, input);
  }

  #execution(arn: Json | undefined): Execution {
    const [, machine = '', name = ''] = /^(.*):([^:]*)$/.exec(String(arn)) ?? [];
    const execution = this.#executionsOf(machine.replace(':execution:', ':stateMachine:')).get(name);
    if (!execution) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${String(arn)}'`);
    return execution;
  }

  #machine(arn: Json | undefined): StateMachineOptions {
    const stateMachine = this.#machines.get(String(arn));
    if (!stateMachine) {
      throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${String(arn)}'`);
    }
    return stateMachine;
  }

  #start(stateMachine: StateMachineOptions, name: string, input: string, data: Json): Execution {
    const { clock, onStarted, keepsHistory = false } = this.#options;
    const execution = new Execution(stateMachine, { name, input, at: clock.now(), keepsHistory });
    this.#executionsOf(stateMachine.arn).set(name, execution);
    onStarted(execution, data);
    this.#run(execution, data);
    return execution;
  }

  /** Goes on with an execution that failed or timed out. A token that comes twice is one redrive. */
  #redrive({ executionArn, clientToken = uuid(this.#random) }: JsonObject): JsonObject {
    const { clock, onRedriven } = this.#options;
    const execution = this.#execution(executionArn);
    const { redrives, input = '{}' } = execution;
    const known = redriveUnder(redrives, clientToken, clock.now());
    if (known !== undefined) return { redriveDate: known / 1000 };
    const reason = notRedrivable(execution, clock.now());
    if (reason) throw new AwsError('ExecutionNotRedrivable', reason);
    onRedriven(execution);
    execution.redrives = [...redrives, { token: clientToken, at: clock.now() }];
    execution.result = undefined;
    execution.stoppedAt = undefined;
    this.#run(execution, JSON.parse(input));
    return { redriveDate: clock.now() / 1000 };
  }

  #run(execution: Execution, data: Json): void {
    const { clock, seed, runTask, onStep, onUnsupported } = this.#options;
    const { arn, name, stateMachine, redrives, standing, historyEvents } = execution;
    this.#open += 1;
    const context = {
      Execution: {
        Id: arn,
        Name: name,
        Input: data,
        RoleArn: stateMachine.roleArn,
        StartTime: new Date(execution.startedAt).toISOString(),
        ...redriveContext(redrives),
      },
      StateMachine: { Id: stateMachine.arn, Name: stateMachine.name },
    };
    const host = {
      clock,
      // Task tokens are drawn from it: those of a redrive are new ones.
      random: randomStream(seed, ['execution', name, ...(redrives.length > 0 ? [redrives.length] : [])].join('/')),
      runTask: (call: TaskCall) => {
        if (call.taskToken !== undefined) this.#stateMachines.set(call.taskToken, stateMachine.arn);
        return runTask(call, stateMachine);
      },
      onHistory: (step: HistoryStep) => {
        execution.historyEvents += step.events;
        execution.stateTransitions += step.transitions;
        execution.steps?.push({ ...step, at: clock.now() });
        onStep?.(execution, step);
      },
      ...(execution.steps && {
        onRunning: (stop: NonNullable<Execution['stop']>) => {
          execution.stop = stop;
        },
      }),
      onEntered: (entered: Standing) => {
        execution.standing = entered;
      },
    };
    const redrive = redrives.length > 0 && standing ? { ...standing, events: historyEvents } : undefined;
    execute(stateMachine.definition, data, host, context, redrive).then(
      (result) => this.#close(execution, result),
      (error) => onUnsupported(error),
    );
  }

  #close(execution: Execution, result: ExecutionResult): void {
    execution.result = result;
    execution.stoppedAt = this.#options.clock.now();
    execution.stop = undefined;
    if (result.status === 'SUCCEEDED') {
      if (!execution.steps) execution.input = undefined;
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
