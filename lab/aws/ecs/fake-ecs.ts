import { isDeepStrictEqual } from 'node:util';
import { AwsError, type FakeService, type Principal, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import { type Random, randomStream, uuid } from '../../kernel/random.ts';
import type { Account } from '../../scenario/account.ts';
import type { Emit } from '../eventbridge/fake-eventbridge.ts';
import type { Answered, ApiRequest, Refused } from './api-request.ts';
import { Catalog, type Cluster } from './catalog.ts';
import { ClientTokens, Launch } from './client-tokens.ts';
import { Fleet } from './fleet.ts';
import { decodeDescribeClusters, decodeDescribeTasks, decodeListTasks, decodeStopTask, page } from './queries.ts';
import type { Rooms } from './rooms.ts';
import { checkRunTask, countOf, decodeRunTask, type RunTaskRequest } from './run-task-request.ts';
import { type StopCode, statusOf, type Task, type TaskStatus, taskArn } from './task.ts';
import type { TaskLives } from './task-lives.ts';
import { taskInApi } from './task-view.ts';
import { Throttles } from './throttles.ts';

export interface FakeEcsOptions {
  readonly clock: VirtualClock;
  readonly account: Account;
  readonly seed: number;
  /** Throws what ECS answers to a principal without the permission; nobody lacks one where this is absent. */
  readonly authorize?: (operation: string, input: JsonObject, principal: Principal) => void;
  /** Hears of every request, whoever sent it and however it ended: CloudTrail. */
  readonly onRequest: (request: ApiRequest) => void;
  /** Where events go: the bus. Undefined where nobody hears it. */
  readonly emit: Emit | undefined;
}

/** What the lab's oracle sees of tasks: at once and complete, whatever becomes of the events. */
export type TaskTransition =
  | {
      readonly kind: 'launched';
      readonly taskArn: string;
      readonly at: number;
      readonly input: JsonObject;
      readonly clientToken: string | undefined;
      readonly principal: Principal;
    }
  | { readonly kind: 'running'; readonly taskArn: string; readonly at: number }
  | {
      readonly kind: 'stopped';
      readonly taskArn: string;
      readonly at: number;
      readonly stopCode: StopCode;
      readonly stoppedReason: string;
      readonly everRan: boolean;
    };

interface Operation {
  readonly readOnly: boolean;
  /** Takes from the buckets, then does the work. */
  readonly handle: (input: JsonObject, principal: Principal) => Answered;
}

/** Amazon ECS as far as throttled standalone tasks are concerned. */
export class FakeEcs implements FakeService {
  readonly name = 'ecs';
  readonly #options: FakeEcsOptions;
  readonly #throttles: Throttles;
  readonly #catalog: Catalog;
  readonly #tokens = new ClientTokens();
  readonly #fleet: Fleet;
  readonly #requestIds: Random;
  #lastInput: JsonObject = {};
  #lastRefusal: Refused = { code: '', message: '' };
  readonly #listeners: ((transition: TaskTransition) => void)[] = [];

  readonly #operations: Readonly<Record<string, Operation>> = {
    RunTask: { readOnly: false, handle: (input, principal) => this.#runTask(input, principal) },
    StopTask: { readOnly: false, handle: (input) => this.#stopTask(input) },
    DescribeTasks: { readOnly: true, handle: (input) => this.#describeTasks(input) },
    DescribeClusters: { readOnly: true, handle: (input) => this.#describeClusters(input) },
    ListClusters: { readOnly: true, handle: () => this.#listClusters() },
    ListTasks: { readOnly: true, handle: (input) => this.#listTasks(input) },
  };

  constructor(options: FakeEcsOptions) {
    const { account, clock, seed, emit } = options;
    this.#options = options;
    this.#throttles = new Throttles(account, seed);
    this.#catalog = new Catalog(account);
    this.#requestIds = randomStream(seed, 'ecs/requests');
    this.#fleet = new Fleet({ clock, account, seed, emit, onTransition: (task, status) => this.#passOn(task, status) });
  }

  /** The room of the account, and the lives of its tasks. */
  get rooms(): Rooms {
    return this.#fleet.rooms;
  }

  get lives(): TaskLives {
    return this.#fleet.lives;
  }

  onTask(listener: (transition: TaskTransition) => void): void {
    this.#listeners.push(listener);
  }

  call(operation: string, input: JsonObject, principal: Principal): JsonObject {
    const { readOnly, handle } = this.#operations[operation] ?? unsupported(operation);
    const requestId = uuid(this.#requestIds);
    const eventId = uuid(this.#requestIds);
    const record = (outcome: ApiRequest['outcome']) =>
      this.#options.onRequest({
        operation,
        readOnly,
        principal,
        input,
        outcome,
        at: this.#options.clock.now(),
        requestId,
        eventId,
      });
    try {
      // Whether ECS looks at the permission or at its buckets first is unknown.
      this.#options.authorize?.(operation, input, principal);
      const answered = handle(input, principal);
      // No record shows what was read.
      record(readOnly ? READ : answered);
      return answered.output();
    } catch (error) {
      if (error instanceof AwsError) {
        error.requestId = requestId;
        const { code, message } = error;
        // Of thousands of throttled calls each is refused like the one before.
        const isSame = this.#lastRefusal.code === code && this.#lastRefusal.message === message;
        if (!isSame) this.#lastRefusal = { code, message };
        record(this.#lastRefusal);
      }
      throw error;
    }
  }

  #runTask(input: JsonObject, principal: Principal): Answered {
    const now = this.#options.clock.now();
    this.#share(input);
    const request = decodeRunTask(input);
    this.#throttles.admitRunTask(request, now);
    const cluster = this.#cluster(request.cluster);
    const definition = this.#catalog.taskDefinition(request.taskDefinition);
    // https://github.com/remind101/empire/issues/353
    if (!definition) throw new AwsError('ClientException', 'TaskDefinition not found.');
    checkRunTask(request, definition);

    const { clientToken } = request;
    const repeated = clientToken == null ? undefined : this.#tokens.repeated(cluster, clientToken, input, now);
    if (repeated) return repeated;

    const need = this.rooms.admit(request, cluster);
    const tasks: Task[] = [];
    const failures: JsonObject[] = [];
    for (let n = 0; n < countOf(request); n++) {
      const placed = this.#fleet.launch(request, cluster, definition, need);
      if (!isTask(placed)) failures.push(placed);
      else {
        tasks.push(placed);
        this.#tell({ ...launched(placed, request), input, principal });
      }
    }
    const launch = new Launch(input, now, tasks, failures);
    if (clientToken != null) this.#tokens.remember(cluster, clientToken, launch);
    return launch;
  }

  /** Calls are kept, and of thousands most ask for the same: a part that is like the one before is that one. */
  #share(input: JsonObject): void {
    for (const name of Object.keys(input)) {
      const known = this.#lastInput[name];
      if (isObject(known) && known !== input[name] && isDeepStrictEqual(known, input[name])) input[name] = known;
    }
    this.#lastInput = input;
  }

  #stopTask(input: JsonObject): Answered {
    const { cluster, task: reference, reason } = decodeStopTask(input);
    this.#throttles.admitWrite(this.#options.clock.now());
    const task = this.#fleet.find(reference, this.#cluster(cluster));
    if (!task) throw new AwsError('InvalidParameterException', 'The referenced task was not found.');
    this.#fleet.stop(task, reason ?? 'Task stopped by user');
    return { output: () => ({ task: taskInApi(task, 'STOPPED') }) };
  }

  #describeTasks(input: JsonObject): Answered {
    const { cluster: reference, tasks: references, include } = decodeDescribeTasks(input);
    this.#throttles.admitRead(this.#options.clock.now());
    const cluster = this.#cluster(reference);
    const arnOf = (task: string) => (task.startsWith('arn:') ? task : taskArn({ cluster, id: task }));
    const found = references.map(
      (task): Task | JsonObject => this.#fleet.find(task, cluster) ?? { arn: arnOf(task), reason: 'MISSING' },
    );
    const shown = ({ tags, ...task }: JsonObject): JsonObject =>
      include?.includes('TAGS') ? { ...task, tags: tags ?? [] } : task;
    const output = () => ({
      tasks: found.filter(isTask).map((task) => shown(taskInApi(task, statusOf(task)))),
      failures: found.filter((entry): entry is JsonObject => !isTask(entry)),
    });
    return { output };
  }

  #describeClusters(input: JsonObject): Answered {
    const { clusters: references } = decodeDescribeClusters(input);
    this.#throttles.admitRead(this.#options.clock.now());
    const prefix = this.#catalog.arnPrefix;
    const found = references.map((reference) => {
      const cluster = this.#catalog.cluster(reference);
      const arn = reference.startsWith('arn:') ? reference : `${prefix}:cluster/${reference}`;
      return cluster ? this.#fleet.clusterInApi(cluster) : { arn, reason: 'MISSING' };
    });
    const output = () => ({
      clusters: found.filter((entry) => 'clusterArn' in entry),
      failures: found.filter((entry) => 'reason' in entry),
    });
    return { output };
  }

  /** In one page: the real one has a hundred clusters on each. */
  #listClusters(): Answered {
    this.#throttles.admitRead(this.#options.clock.now());
    const clusterArns = this.#catalog.clusters.map(({ arn }) => arn);
    return { output: () => ({ clusterArns }) };
  }

  #listTasks(input: JsonObject): Answered {
    const query = decodeListTasks(input);
    this.#throttles.admitRead(this.#options.clock.now());
    const cluster = this.#cluster(query.cluster);
    const status = query.desiredStatus ?? 'RUNNING';
    // "Although you can filter results based on a desired status of PENDING, this doesn't return any results."
    const answer = page((place) => (status === 'PENDING' ? [] : this.#fleet.list(status, place)), cluster, query);
    return { output: () => answer };
  }

  #cluster(reference: string | null | undefined): Cluster {
    const cluster = this.#catalog.cluster(reference);
    if (!cluster) throw new AwsError('ClusterNotFoundException', 'Cluster not found.');
    return cluster;
  }

  #passOn(task: Task, status: TaskStatus): void {
    const { stopCode, stoppedReason } = task;
    const step = { taskArn: task.arn, at: this.#options.clock.now() };
    if (status === 'RUNNING') this.#tell({ kind: 'running', ...step });
    if (status === 'STOPPED' && stopCode !== undefined && stoppedReason !== undefined)
      this.#tell({ kind: 'stopped', ...step, stopCode, stoppedReason, everRan: task.startedAt !== undefined });
  }

  #tell(transition: TaskTransition): void {
    for (const listener of this.#listeners) listener(transition);
  }
}

function launched(task: Task, { clientToken }: RunTaskRequest) {
  return {
    kind: 'launched',
    taskArn: task.arn,
    at: task.createdAt,
    clientToken: clientToken ?? undefined,
  } as const;
}

const READ: Answered = { output: () => ({}) };

const isTask = (placed: Task | JsonObject): placed is Task => 'createdAt' in placed;

function unsupported(operation: string): never {
  throw new UnsupportedError(`the lab's ECS does not know the operation ${operation}`);
}
