import type { VirtualClock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { type Random, randomStream, uniform, uuid } from '../../kernel/random.ts';
import type { Timer } from '../../kernel/timer-queue.ts';
import type { Account } from '../../scenario/account.ts';
import type { Emit } from '../eventbridge/fake-eventbridge.ts';
import type { Cluster, TaskDefinition } from './catalog.ts';
import type { RoomNeed } from './room.ts';
import { noAddressReason, Rooms, triedSubnet } from './rooms.ts';
import { launchTypeOf, type RunTaskRequest } from './run-task-request.ts';
import { type StopCode, statusOf, type Task, type TaskStatus, taskArn } from './task.ts';
import { type TaskLife, TaskLives } from './task-lives.ts';
import { TASK_STATE_CHANGE, taskStateChange } from './task-view.ts';

/** "Currently, stopped tasks appear in the returned results for at least one hour": the fake keeps to the least. */
const VISIBLE_AFTER_STOP_MS = 3_600_000;
const NO_ADDRESS_SECONDS = [5, 30] as const;
const EVENT_DELAY_SECONDS = [0.1, 2] as const;

export interface FleetOptions {
  readonly clock: VirtualClock;
  readonly account: Account;
  readonly seed: number;
  /** Where task state changes go. Undefined where nobody hears of them. */
  readonly emit: Emit | undefined;
  readonly onTransition: (task: Task, status: TaskStatus) => void;
}

/** The tasks of the account: launches them, lets them live and die, and forgets them an hour later. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly rooms: Rooms;
  readonly lives: TaskLives;
  #launches = 0;
  readonly #live = new Map<string, Task>();
  readonly #stopped = new Map<string, Task>();
  /** In the order of stopping, which is the order of forgetting: a task's place is its `stopNumber`. */
  readonly #inOrder: (Task | undefined)[] = [];
  #forgotten = 0;
  /** The next step in the life of each live task. */
  readonly #nextStep = new Map<Task, Timer>();

  constructor(options: FleetOptions) {
    const { account, clock, seed } = options;
    this.#options = options;
    this.rooms = new Rooms(account.room, clock.now);
    this.lives = new TaskLives(account, seed);
  }

  /** One task of a call that needs so much room, or the reason why it could not be placed. */
  launch(request: RunTaskRequest, cluster: Cluster, definition: TaskDefinition, need: RoomNeed): Task | JsonObject {
    const { account, clock, seed } = this.#options;
    const number = this.#launches++;
    const random = randomStream(seed, `ecs/task/${number}`);
    const strikes = (entry: { family: string; probability: number }) =>
      entry.family === definition.family && random() < entry.probability;

    const id = uuid(random).replaceAll('-', '');
    const unplaced = account.placementFailures.find(strikes)?.reason ?? this.rooms.unplaced(need, random);
    if (unplaced !== undefined) return placementFailure(unplaced, request, cluster, id);
    const call = callOf(request, number);
    const address = this.rooms.address(need);
    const task: Task = {
      number,
      id,
      arn: taskArn({ cluster, id }),
      cluster,
      definition,
      request,
      createdAt: clock.now(),
      place: this.lives.take(call),
      holding: this.rooms.hold(need, address),
      subnet: address ? address.subnet : triedSubnet(need, random),
    };
    this.#live.set(id, task);
    this.#announce(task, eventDelay(random));

    const failure = address ? account.startFailures.find(strikes) : undefined;
    if (!address)
      this.#fail(task, uniform(random, NO_ADDRESS_SECONDS), noAddressReason(request, task.subnet), eventDelay(random));
    else if (failure)
      this.#fail(task, uniform(random, failure.afterSeconds), failure.stoppedReason, eventDelay(random));
    else this.#run(task, this.lives.of(call, task.place), [eventDelay(random), eventDelay(random)]);
    return task;
  }

  #fail(task: Task, seconds: number, reason: string, delay: number): void {
    this.#after(task, seconds, () => this.#stop(task, 'TaskFailedToStart', reason, delay));
  }

  /** The delays of its events are drawn before: of thousands of tasks that run, each would keep its chances. */
  #run(task: Task, { startSeconds, runSeconds }: TaskLife, [running, stopped]: readonly [number, number]): void {
    this.#after(task, startSeconds, () => {
      task.startedAt = this.#options.clock.now();
      this.#announce(task, running);
      this.#after(task, runSeconds, () =>
        this.#stop(task, 'EssentialContainerExited', 'Essential container in task exited', stopped),
      );
    });
  }

  /** Ends a task because somebody asked for it: at once, where the real one takes up to `stopTimeout`. */
  stop(task: Task, reason: string): void {
    if (!this.#live.has(task.id)) return;
    const next = this.#nextStep.get(task);
    if (next) this.#options.clock.cancel(next);
    this.#stop(task, 'UserInitiated', reason, eventDelay(randomStream(this.#options.seed, `ecs/stop/${task.number}`)));
  }

  /** A visible task by its ID or ARN. */
  find(reference: string, cluster: Cluster): Task | undefined {
    this.#forget();
    const id = reference.slice(reference.lastIndexOf('/') + 1);
    const task = this.#live.get(id) ?? this.#stopped.get(id);
    return task?.cluster === cluster && (reference === id || reference === task.arn) ? task : undefined;
  }

  /** The visible tasks that are to run, by creation, or those after a place that are to be stopped, by the time of it. */
  *list(desiredStatus: 'RUNNING' | 'STOPPED', after: number): Iterable<Task> {
    if (desiredStatus === 'RUNNING') return yield* this.#live.values();
    this.#forget();
    for (let place = Math.max(this.#forgotten, after + 1); place < this.#inOrder.length; place++)
      yield this.#inOrder[place] as Task;
  }

  /** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html */
  clusterInApi(cluster: Cluster): JsonObject {
    const statuses = [...this.#live.values()].filter((task) => task.cluster === cluster).map(statusOf);
    return {
      clusterArn: cluster.arn,
      clusterName: cluster.name,
      status: 'ACTIVE',
      registeredContainerInstancesCount: 0,
      runningTasksCount: statuses.filter((status) => status === 'RUNNING').length,
      pendingTasksCount: statuses.filter((status) => status === 'PROVISIONING').length,
      activeServicesCount: 0,
    };
  }

  #stop(task: Task, stopCode: StopCode, stoppedReason: string, delay: number): void {
    const stopNumber = this.#inOrder.push(task) - 1;
    Object.assign(task, { stoppedAt: this.#options.clock.now(), stopCode, stoppedReason, stopNumber });
    if (task.startedAt === undefined) this.lives.giveBack(callOf(task.request, task.number), task.place);
    this.#nextStep.delete(task);
    this.#live.delete(task.id);
    this.#forget();
    this.#stopped.set(task.id, task);
    this.#announce(task, delay);
  }

  #forget(): void {
    const before = this.#options.clock.now() - VISIBLE_AFTER_STOP_MS;
    for (let task = this.#inOrder[this.#forgotten]; task; task = this.#inOrder[this.#forgotten]) {
      if ((task.stoppedAt ?? 0) > before) return;
      this.#stopped.delete(task.id);
      this.#inOrder[this.#forgotten++] = undefined;
    }
  }

  #after(task: Task, seconds: number, step: () => void): void {
    const { clock } = this.#options;
    this.#nextStep.set(task, clock.timer(clock.now() + seconds * 1000, step));
  }

  #announce(task: Task, delay: number): void {
    const { clock, emit, onTransition } = this.#options;
    const status = statusOf(task);
    const at = clock.now();
    if (status !== 'PROVISIONING') this.rooms.release(task.holding, status, task.startedAt !== undefined);
    onTransition(task, status);
    if (emit) clock.after(delay, () => emit(TASK_STATE_CHANGE, () => taskStateChange(task, status, at)));
  }
}

/** After how many milliseconds an event of a task comes. */
const eventDelay = (random: Random): number => uniform(random, EVENT_DELAY_SECONDS) * 1000;

/** The call that a request repeats, wherever it bears a mark of it. */
const callOf = ({ referenceId }: RunTaskRequest, launch: number): string => `${referenceId ?? `launch/${launch}`}`;

/** EC2 names the instance that did not fit; Fargate has none to name. */
function placementFailure(reason: string, request: RunTaskRequest, cluster: Cluster, id: string): JsonObject {
  if (launchTypeOf(request) === 'FARGATE') return { reason };
  return { arn: `${cluster.arn.replace(':cluster/', ':container-instance/')}/${id}`, reason };
}
