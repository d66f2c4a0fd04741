import { UnsupportedError } from '../kernel/aws-service.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import type { Random } from '../kernel/random.ts';
import { type Journey, runMap, runParallel } from './branches.ts';
import { CancellationScope } from './cancellation-scope.ts';
import type { Exit, Fallible, State, StateMachineDefinition } from './definition.ts';
import { ErrorName, StatesError } from './errors.ts';
import { History, type HistoryStep } from './history.ts';
import { choose, fail, wait } from './leaf-states.ts';
import { checkSize } from './limits.ts';
import { matches, Retries } from './retry.ts';
import { runTask } from './task.ts';
import { type Execution, type Extra, evaluate, type TaskCall, type Variables, type Visit } from './visit.ts';

export interface ExecutionHost {
  readonly clock: { now(): number; after(milliseconds: number, run: () => void): () => void };
  /** Jitter, `$random`, `$uuid` and task tokens. */
  readonly random: Random;
  /** Rejects with a `StatesError`. A late result of a task that timed out is ignored. Absent: no Task states. */
  runTask?(call: TaskCall): Promise<Json>;
  /** Called for what Step Functions would write to the history. */
  onHistory?(step: HistoryStep): void;
  /** Given what ends the execution at once, as StopExecution does. */
  onRunning?(stop: (error: string | null, cause: string | null) => void): void;
  /** Called for each state that the execution itself enters, not those within its branches. */
  onEntered?(standing: Standing): void;
}

/** Where an execution stands: what a state began with. */
export interface Standing {
  readonly state: string;
  readonly input: Json;
  readonly variables: Variables;
}

/** What a redrive goes on from: the state that did not succeed, and how many events the history has. */
export interface Redrive extends Standing {
  readonly events: number;
}

export interface ExecutionResult {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly output: Json;
  readonly error: string | null;
  readonly cause: string | null;
}

/**
 * Runs one execution, or goes on with one that is redriven. `context` is what `$states.context` holds of the execution and
 * its state machine.
 */
export async function execute(
  definition: StateMachineDefinition,
  input: Json,
  host: ExecutionHost,
  context: JsonObject,
  redrive?: Redrive,
): Promise<ExecutionResult> {
  const { flow, timeoutSeconds, taskStates } = definition;
  if (taskStates.length > 0 && !host.runTask) {
    throw new UnsupportedError(`Task states are not supported here: ${taskStates.join(', ')}`);
  }
  const history = new History(host.onHistory?.bind(host), redrive?.events);
  const scope = new CancellationScope();
  const execution: Execution = {
    world: host,
    timers: host.clock,
    history,
    context,
    runTask: (call) => host.runTask?.(call) ?? Promise.resolve(null),
  };
  const onEntered = host.onEntered?.bind(host);
  const common = { execution, scope, flow, ...(onEntered && { onEntered }) };
  const journey = redrive
    ? { ...common, ...redrive, from: redriven(definition, redrive, history) }
    : { ...common, input, variables: {} };
  if (!redrive) history.start(input);
  const result = await race(timeoutSeconds, host, scope, finish(travel(journey)));
  history.end({ ...result });
  return result;
}

/** The branches of a Map or Parallel that did succeed are not run again: nobody here needs that. */
function redriven({ flow }: StateMachineDefinition, { state }: Redrive, history: History): Journey['from'] {
  const { type } = flow.states.get(state) ?? {};
  if (type === 'Map' || type === 'Parallel') throw new UnsupportedError(`a redrive from the ${type} state ${state}`);
  return { state, enteredId: history.redrive() };
}

async function finish(output: Promise<Json>): Promise<ExecutionResult> {
  try {
    return { status: 'SUCCEEDED', output: await output, error: null, cause: null };
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    return { status: 'FAILED', output: null, error: error.error, cause: error.cause };
  }
}

function race(
  timeoutSeconds: number | undefined,
  host: ExecutionHost,
  scope: CancellationScope,
  result: Promise<ExecutionResult>,
): Promise<ExecutionResult> {
  if (timeoutSeconds === undefined && !host.onRunning) return result;
  return new Promise((resolve, reject) => {
    const end = (status: ExecutionResult['status'], error: string | null, cause: string | null) => {
      scope.cut();
      cancel();
      resolve({ status, output: null, error, cause });
    };
    // Only the history names States.Timeout: recorded in https://github.com/floci-io/floci/issues/2733
    const cancel =
      timeoutSeconds === undefined
        ? () => {}
        : host.clock.after(timeoutSeconds * 1000, () => end('TIMED_OUT', null, null));
    host.onRunning?.((error, cause) => end('ABORTED', error, cause));
    result.then(resolve, reject).finally(cancel);
  });
}

/** Walks a flow from its start to its end. */
async function travel(journey: Journey): Promise<Json> {
  const { execution, scope, flow } = journey;
  let { input, variables, from } = journey;
  let name: string | null = from?.state ?? flow.startAt;
  while (name !== null) {
    const state = flow.states.get(name);
    if (state === undefined) throw new Error(`no state ${name}: the definition was not read by parseDefinition`);
    // A redrive is an event of its own, and billed as the transition that it is, not a second entry.
    const enteredId = from?.enteredId ?? execution.history.record('stateEntered', name, 1, 1, { input });
    from = undefined;
    journey.onEntered?.({ state: name, input, variables });
    const entered = { Name: name, EnteredTime: new Date(execution.world.clock.now()).toISOString() };
    const context = { ...execution.context, State: entered };
    const left = await stay({ execution, scope, state, input, variables, enteredId, context });
    execution.history.record('stateExited', name, 1, 0, { output: left.output });
    ({ output: input, variables, next: name } = left);
  }
  return input;
}

interface Leaving {
  readonly output: Json;
  readonly variables: Variables;
  readonly next: string | null;
}

function stay(visit: Visit): Promise<Leaving> {
  const { state } = visit;
  return isFallible(state) ? persist({ ...visit, state }) : attempt(visit);
}

/** Attempts the state until it succeeds, is caught, or fails for good. */
async function persist(visit: Visit<FallibleState>): Promise<Leaving> {
  const { state, execution, scope } = visit;
  const retries = new Retries(state.retry, state.type);
  for (let count = 0; ; count++) {
    const counted = withRetryCount(visit, count);
    try {
      return await attempt(counted);
    } catch (error) {
      if (!(error instanceof StatesError)) throw error;
      const delay = retries.next(error, execution.world.random);
      if (delay === undefined) return handle(counted, error);
      execution.history.record('stateRetried', state.name, 0, 1);
      await scope.sleep(execution.timers, delay);
    }
  }
}

type FallibleState = Extract<State, Fallible>;
const isFallible = (state: State): state is FallibleState => 'retry' in state;

function withRetryCount(visit: Visit<FallibleState>, count: number): Visit<FallibleState> {
  const { context } = visit;
  return { ...visit, context: { ...context, State: { ...(context.State as JsonObject), RetryCount: count } } };
}

async function handle(visit: Visit<FallibleState>, error: StatesError): Promise<Leaving> {
  report(visit, error);
  const catcher = visit.state.catch.find(({ errorEquals }) => matches(error, errorEquals, visit.state.type));
  if (catcher === undefined) throw error;
  const errorOutput = error.toErrorOutput();
  try {
    return await leave(visit, catcher, errorOutput, { errorOutput });
  } catch (secondError) {
    if (secondError instanceof StatesError) report(visit, secondError);
    throw secondError;
  }
}

/** Parallel and Map report their failure, after their retries, unless the execution is past all handling. */
function report({ state, execution }: Visit<FallibleState>, { error }: StatesError): void {
  if (state.type !== 'Task' && error !== ErrorName.runtime) execution.history.record('stateFailed', state.name, 1);
}

async function attempt(visit: Visit): Promise<Leaving> {
  const { state, input } = visit;
  switch (state.type) {
    case 'Pass':
    case 'Succeed':
      return leave(visit, state, input);
    case 'Choice':
      return leave(visit, await choose({ ...visit, state }), input);
    case 'Wait':
      await wait({ ...visit, state });
      return leave(visit, state, input);
    case 'Fail':
      return fail({ ...visit, state });
    case 'Map':
      return leaveWith(visit, state, await runMap({ ...visit, state }, travel));
    case 'Parallel':
      return leaveWith(visit, state, await runParallel({ ...visit, state }, travel));
    case 'Task':
      return leaveWith(visit, state, await runTask({ ...visit, state }));
    default:
      return state satisfies never;
  }
}

const leaveWith = (visit: Visit, exit: Exit, result: Json): Promise<Leaving> => leave(visit, exit, result, { result });

/** Assign and Output see the same values: what is assigned here is for the states that follow. */
async function leave(visit: Visit, exit: Exit, otherwise: Json, extra?: Extra): Promise<Leaving> {
  const { state, variables } = visit;
  const assigned = exit.assign === undefined ? undefined : await evaluate(visit, exit.assign, extra);
  if (assigned !== undefined) checkSize(assigned, state.name);
  const output = exit.output === undefined ? otherwise : await evaluate(visit, exit.output, extra);
  return {
    output: checkSize(output, state.name),
    variables: assigned === undefined ? variables : { ...variables, ...(assigned as JsonObject) },
    next: exit.next,
  };
}
