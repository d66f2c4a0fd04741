import type { Json } from '../kernel/json.ts';
import { uuid } from '../kernel/random.ts';
import type { Timers } from './cancellation-scope.ts';
import type { TaskState } from './definition.ts';
import { ErrorName, StatesError } from './errors.ts';
import { SECONDS } from './fields.ts';
import type { HistoryDetail } from './history.ts';
import { checkSize } from './limits.ts';
import type { Template } from './template.ts';
import { evaluate, evaluateNumber, evaluationError, type TaskCall, type Visit } from './visit.ts';

interface Deadlines {
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

/** Runs the resource once and returns its result. */
export async function runTask(visit: Visit<TaskState>): Promise<Json> {
  const { state, execution } = visit;
  const waitsForToken = state.resource.endsWith('.waitForTaskToken');
  const taskToken = waitsForToken ? { taskToken: uuid(execution.world.random) } : {};
  const within = withToken(visit, taskToken.taskToken);

  const input = state.arguments === undefined ? visit.input : await evaluate(within, state.arguments);
  checkSize(input, state.name);
  const seconds = async (template: Template | undefined, field: string) =>
    template === undefined ? undefined : evaluateNumber(within, template, field, SECONDS);
  const deadlines = {
    timeoutSeconds: await seconds(state.timeoutSeconds, 'TimeoutSeconds'),
    heartbeatSeconds: await seconds(state.heartbeatSeconds, 'HeartbeatSeconds'),
  };
  checkDeadlines(visit, deadlines);

  // TaskScheduled, TaskStarted and, where the call returns before the task is done, TaskSubmitted.
  const scheduled = { resource: state.resource, parameters: input, ...deadlines };
  execution.history.record('taskStarted', state.name, waitsForToken ? 3 : 2, 0, scheduled);
  let ended: HistoryDetail = { resource: state.resource };
  try {
    const result = await call(visit, { resource: state.resource, arguments: input, ...taskToken }, deadlines);
    ended = { ...ended, output: result };
    return checkSize(result, producer(state.resource));
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    ended = { ...ended, error: error.error, cause: error.cause };
    throw error.ofResource();
  } finally {
    execution.history.record('taskEnded', state.name, 1, 0, ended);
  }
}

/** As CreateStateMachine checks it where both are numbers. How the service says it of evaluated ones is not known. */
function checkDeadlines(visit: Visit, { timeoutSeconds, heartbeatSeconds }: Deadlines): void {
  if (timeoutSeconds === undefined || heartbeatSeconds === undefined || heartbeatSeconds < timeoutSeconds) return;
  const bound = `HeartbeatSeconds must be smaller than TimeoutSeconds (${timeoutSeconds})`;
  throw evaluationError(visit, `${bound} but was: ${heartbeatSeconds}`);
}

function withToken(visit: Visit<TaskState>, token: string | undefined): Visit<TaskState> {
  return token === undefined ? visit : { ...visit, context: { ...visit.context, Task: { Token: token } } };
}

/** Settles with the task or with a deadline, whichever is first: a late result is nobody's. */
function call(visit: Visit, task: Omit<TaskCall, 'heartbeat' | 'onOver'>, deadlines: Deadlines): Promise<Json> {
  const { execution, scope } = visit;
  const timeout = new Deadline(execution.timers, deadlines.timeoutSeconds);
  const heartbeat = new Deadline(execution.timers, deadlines.heartbeatSeconds);
  let notify = () => {};
  const stop = () => {
    timeout.stop();
    heartbeat.stop();
    notify();
  };
  const onOver = (run: () => void) => {
    notify = run;
  };
  const forget = scope.onCut(stop);
  const settled = new Promise<Json>((resolve, reject) => {
    timeout.start(() => reject(new StatesError(ErrorName.timeout, null)));
    heartbeat.start(() => reject(new StatesError(ErrorName.timeout, null, ErrorName.heartbeatTimeout)));
    execution.runTask({ ...task, heartbeat: () => heartbeat.restart(), onOver }).then(resolve, reject);
  });
  return scope.keep(
    settled.finally(() => {
      stop();
      forget();
    }),
  );
}

/** Fires once, unless it is stopped or started anew before. */
class Deadline {
  readonly #timers: Timers;
  readonly #seconds: number | undefined;
  #fire: (() => void) | undefined;
  #cancel: (() => void) | undefined;

  constructor(timers: Timers, seconds: number | undefined) {
    this.#timers = timers;
    this.#seconds = seconds;
  }

  start(fire: () => void): void {
    this.#fire = fire;
    this.restart();
  }

  restart(): void {
    this.#cancel?.();
    if (this.#fire && this.#seconds !== undefined) {
      this.#cancel = this.#timers.after(this.#seconds * 1000, this.#fire);
    }
  }

  stop(): void {
    this.#cancel?.();
    this.#fire = undefined;
  }
}

/** `lambda` of `arn:aws:states:::lambda:invoke`; the ARN itself of a function or an activity. */
function producer(resource: string): string {
  return /^arn:[^:]+:states:::([^.]+?):[^:]+$/.exec(resource)?.[1] ?? resource;
}
