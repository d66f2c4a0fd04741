import type { TaskTransition } from '../aws/ecs/fake-ecs.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Account } from '../scenario/account.ts';
import type { Call, CallLedger } from './call-ledger.ts';
import { callReference } from './callers.ts';
import { isNoRoomFailure } from './hand-over.ts';

/** What became of one call, as the lab itself saw it. */
export interface CallFate {
  readonly call: Call;
  readonly count: number;
  /** Tasks of the call that were ever RUNNING, whoever started them. */
  running: number;
  /** Tasks that were launched and neither ran nor stopped yet. */
  pending: number;
  /** Tasks of the caller's own that stopped before they ran, and those of them that a throttle stopped. */
  startFailed: number;
  startThrottled: number;
  /**
   * Tasks, whoever asked for them, that stopped before they ran for another reason than a throttle, or that we asked for and
   * ECS placed nowhere for a reason that does not pass.
   */
  startRefused: number;
  /** When an attempt of ours first launched a task of it. */
  launchedByUsAt: number | undefined;
  /** Whether an execution or a verdict said why the call is not brought back. */
  hasReason: boolean;
  /** Whether that was a refusal. */
  isRefused: boolean;
}

/** What the configuration of a scenario allows, read by the lab for itself. */
interface Allowed {
  readonly mode?: string;
  readonly clusters?: readonly string[];
  readonly families?: readonly string[];
  readonly callers?: readonly (string | CallerEntry)[];
  readonly allowedRoleOverrides?: readonly string[];
  readonly allowExecuteCommand?: boolean;
  readonly allowWithoutClientToken?: boolean;
}

interface CallerEntry {
  readonly arn: string;
  readonly retriesItself?: boolean;
  readonly handsOver?: boolean;
}

/** AWS's own launchers repeat by themselves what was rejected ... */
const LAUNCHERS = ['batch', 'states', 'events', 'eventsv2', 'scheduler', 'pipes', 'ecs'].map(
  (name) => `${name}.amazonaws.com`,
);
/** ... and these watch what was accepted as well. */
const WATCHERS = ['batch', 'states', 'ecs'].map((name) => `${name}.amazonaws.com`);

/** Stop reasons that name a throttle, in the lab's own reading: never the product's code. */
const THROTTLED_START =
  /network interface provision|Rate limit exceeded|Rate exceeded|ThrottlingException|RequestLimitExceeded|toomanyrequests|Too Many Requests|pull rate limit|EphemeralStorage provisioning|ThrottleException|SlowDown|Slow Down|reduce your request rate|rate at which you may call KMS|: Throttling$/i;

/**
 * Knows what is owed, lost and duplicated from the scenario and the fakes alone: never from the product's code, which is
 * what is being judged.
 */
export class Oracle {
  readonly #allowed: Allowed;
  readonly #ledger: () => CallLedger;
  readonly #isOurs: (principalArn: string) => boolean;
  readonly #throttledRecords: Account['throttledRecords'];
  readonly #fates = new Map<string, CallFate>();
  readonly #taskCalls = new Map<string, { readonly fate: CallFate; readonly own: boolean }>();
  /** References and tokens of our own requests that ECS answered with a reason that does not pass. */
  readonly #refusedTokens = new Set<string>();
  /** Tasks that we launched for no call of the scenario. */
  #strangers = 0;

  constructor(options: {
    /** The configuration as people wrote it; undefined where the remediation is off. */
    readonly configuration: JsonObject | undefined;
    readonly ledger: () => CallLedger;
    readonly isOurs: (principalArn: string) => boolean;
    readonly throttledRecords: Account['throttledRecords'];
  }) {
    this.#allowed = (options.configuration ?? {}) as Allowed;
    this.#ledger = options.ledger;
    this.#isOurs = options.isOurs;
    this.#throttledRecords = options.throttledRecords;
  }

  /** Listens to the fake ECS; returns the fate that a transition is part of. */
  readonly task = (transition: TaskTransition): CallFate | undefined => {
    if (transition.kind === 'launched') {
      const own = !this.#isOurs(transition.principal.arn);
      const fate = this.fateOf(String(transition.input.referenceId));
      if (!fate) {
        if (!own) this.#strangers += 1;
        return undefined;
      }
      fate.pending += 1;
      if (!own) fate.launchedByUsAt ??= transition.at;
      this.#taskCalls.set(transition.taskArn, { fate, own });
      return fate;
    }
    const entry = this.#taskCalls.get(transition.taskArn);
    if (!entry) return undefined;
    const { fate, own } = entry;
    if (transition.kind === 'running') {
      fate.running += 1;
      fate.pending -= 1;
      return fate;
    }
    if (transition.everRan) this.#taskCalls.delete(transition.taskArn);
    else {
      fate.pending -= 1;
      if (own) fate.startFailed += 1;
      if (!THROTTLED_START.test(transition.stoppedReason)) fate.startRefused += 1;
      else if (own) fate.startThrottled += 1;
    }
    return fate;
  };

  /** Listens to the answers to our own requests; an answer that ECS repeats under its token tells nothing new. */
  readonly answered = (input: JsonObject, failures: readonly JsonObject[]): void => {
    const fate = this.fateOf(String(input.referenceId));
    const final = failures.filter((failure) => !isNoRoomFailure(failure)).length;
    const token = `${input.referenceId} ${input.clientToken}`;
    if (!fate || final === 0 || this.#refusedTokens.has(token)) return;
    this.#refusedTokens.add(token);
    fate.startRefused += final;
  };

  /** The fate of the call that a request's `referenceId` names. */
  fateOf(reference: string): CallFate | undefined {
    const known = this.#fates.get(reference);
    if (known) return known;
    const call = this.#ledger().byReference(reference);
    if (!call) return undefined;
    const fate: CallFate = {
      call,
      count: Number(call.request.count ?? 1),
      running: 0,
      pending: 0,
      startFailed: 0,
      startThrottled: 0,
      startRefused: 0,
      launchedByUsAt: undefined,
      hasReason: false,
      isRefused: false,
    };
    this.#fates.set(reference, fate);
    return fate;
  }

  /** The fate of the call that a task belongs to which never ran. */
  fateOfTask(taskArn: string): CallFate | undefined {
    return this.#taskCalls.get(taskArn)?.fate;
  }

  /** The fates of all finite callers' calls so far. */
  *finite(): Generator<CallFate> {
    for (const call of this.#ledger().calls) {
      const fate = call.finite ? this.fateOf(callReference(call.caller, call.index)) : undefined;
      if (fate) yield fate;
    }
  }

  /** Whether the caller's own attempts did not start all of the call and the remediation owes the rest. */
  owesRejected({ call, count }: CallFate): boolean {
    if (call.doneAt === undefined || call.taskArns.length >= count) return false;
    if (call.messageIds.length > 0 && this.#isTakenOver(call)) return true;
    const isThrottled = call.state === 'throttled';
    // What was answered has a record that holds its request, also where the answer was that there is no room.
    const isUnplaced = call.failures.some(isNoRoomFailure);
    if (!isUnplaced && !(isThrottled && this.#throttledRecords === 'full')) return false;
    // CloudTrail is all that is left of such a call, and it hides environment values.
    return this.#isAllowed(call, 'rejected') && !hasEnvironment(call.request) && this.#hasToken(call);
  }

  /** Whether a call that its caller handed over is to be run: in the stack's words, with all that makes it one call. */
  #isTakenOver(call: Call): boolean {
    return (call.state === 'neverAttempted' || call.tokens.length > 0) && this.#isAllowed(call, 'handedOver');
  }

  /**
   * Whether throttling took a call of a listed caller, and nothing that holds its request is left of it: nobody can run it,
   * so people have to be told.
   */
  isLostForGood({ call }: CallFate): boolean {
    return (
      call.state === 'throttled' &&
      this.#throttledRecords === 'bare' &&
      call.messageIds.length === 0 &&
      this.#isAllowed(call, 'rejected')
    );
  }

  /** Whether the configuration says that the caller hands over what throttling takes. */
  saysHandsOver({ call }: CallFate): boolean {
    return this.#entryOf(call)?.handsOver === true;
  }

  /** Whether the call is owed and ended in a refusal. */
  isOwedRefused(fate: CallFate): boolean {
    return fate.isRefused && this.owes(fate) && fate.running < this.#owedTasks(fate);
  }

  /** Whether tasks of the caller's own died before they ran, and the remediation owes them. */
  owesStartFailed({ call, startThrottled }: CallFate): boolean {
    return startThrottled > 0 && this.#isAllowed(call, 'startFailed');
  }

  owes(fate: CallFate): boolean {
    return this.owesRejected(fate) || this.owesStartFailed(fate);
  }

  /** Whether nothing is to be waited for any more. */
  isSettled(fate: CallFate): boolean {
    if (fate.call.doneAt === undefined || fate.pending > 0) return false;
    return fate.running >= this.#owedTasks(fate) || fate.hasReason || !this.owes(fate);
  }

  isLost(fate: CallFate): boolean {
    return this.owes(fate) && fate.running < this.#owedTasks(fate) && !fate.hasReason;
  }

  /** Of a caller that starts over by itself only what was accepted is owed; failed starts for other reasons never are. */
  #owedTasks(fate: CallFate): number {
    const { call, count, startRefused } = fate;
    return (this.owesRejected(fate) ? count : call.taskArns.length) - startRefused;
  }

  /** Tasks that ran beyond their call's count, and tasks that nobody asked for. */
  duplicated(): number {
    let sum = this.#strangers;
    for (const { running, count } of this.#fates.values()) sum += Math.max(0, running - count);
    return sum;
  }

  #entryOf(call: Call): CallerEntry | undefined {
    const entries = (this.#allowed.callers ?? []).map((caller) =>
      typeof caller === 'string' ? { arn: caller } : caller,
    );
    return (
      entries.find(({ arn }) => arn !== '*' && roleOf(arn) === roleOf(call.principal.arn)) ??
      entries.find(({ arn }) => arn === '*')
    );
  }

  #isAllowed(call: Call, as: 'rejected' | 'handedOver' | 'startFailed'): boolean {
    const { mode, clusters = [], families = [] } = this.#allowed;
    const { cluster = 'default', taskDefinition, overrides, enableExecuteCommand, volumeConfigurations } = call.request;
    const entry = this.#entryOf(call);
    const { taskRoleArn, executionRoleArn } = (overrides ?? {}) as JsonObject;
    const roles = [
      taskRoleArn,
      executionRoleArn,
      ...((volumeConfigurations ?? []) as JsonObject[]).map(
        ({ managedEBSVolume }) => (managedEBSVolume as JsonObject | undefined)?.roleArn,
      ),
    ].filter((role) => role !== undefined);
    return (
      mode === 'rerun' &&
      entry !== undefined &&
      (as === 'handedOver' ? entry.handsOver === true : as === 'startFailed' || !entry.retriesItself) &&
      !(as === 'handedOver' ? [] : as === 'startFailed' ? WATCHERS : LAUNCHERS).includes(
        call.principal.invokedBy ?? call.principal.userAgent ?? '',
      ) &&
      !isWatched(call.request) &&
      isListed(lastPart(String(cluster)), clusters.map(lastPart)) &&
      isListed(lastPart(String(taskDefinition)).replace(/:\d+$/, ''), families) &&
      roles.every((role) => this.#allowed.allowedRoleOverrides?.includes(String(role))) &&
      (!enableExecuteCommand || this.#allowed.allowExecuteCommand === true)
    );
  }

  #hasToken({ tokens }: Call): boolean {
    return tokens.length > 0 || this.#allowed.allowWithoutClientToken === true;
  }
}

/** Tasks that Step Functions, Batch or a service started say so. */
function isWatched({ startedBy, group, cluster }: JsonObject): boolean {
  return (
    /^(AWS Step Functions$|ecs-svc\/)/.test(String(startedBy)) ||
    String(group).startsWith('service:') ||
    /^AWSBatch-|_Batch_/.test(lastPart(String(cluster)))
  );
}

const isListed = (name: string, list: readonly string[]) => list.includes(name) || list.includes('*');
const lastPart = (reference: string) => reference.slice(reference.lastIndexOf('/') + 1);

/** The account, kind and name of what an ARN names: `111122223333/role/cron`. */
function roleOf(arn: string): string {
  const [, , , , account, resource = ''] = arn.split(':');
  const [kind, ...path] = resource.split('/');
  return kind === 'assumed-role' ? `${account}/role/${path[0]}` : `${account}/${kind}/${path.at(-1)}`;
}

function hasEnvironment({ overrides }: JsonObject): boolean {
  const containers = ((overrides as JsonObject | undefined)?.containerOverrides ?? []) as JsonObject[];
  return containers.some(({ environment }) => environment !== undefined);
}
