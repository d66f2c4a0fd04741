import type { TaskTransition } from '../aws/ecs/fake-ecs.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Call, CallLedger } from './call-ledger.ts';
import { callReference } from './callers.ts';
import { attemptOf, isNoRoomFailure, isNoRoomStop, NoRoomAttempts } from './no-room.ts';

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
  /** Tasks of the caller's own that died for want of room. */
  startNoRoom: number;
  /** When the first task of the caller's own stopped before it ran. */
  startFailedAt: number | undefined;
  /**
   * Tasks, whoever asked for them, that stopped before they ran for another reason than a throttle or, where the configuration
   * brings that back, want of room, or that we asked for and
   * ECS placed nowhere for a reason that does not pass.
   */
  startRefused: number;
  /** When an attempt of ours first launched a task of it. */
  launchedByUsAt: number | undefined;
  /** When an attempt of ours last launched a task of it that ran. */
  startedByUsAt: number | undefined;
  /** What said why it is not brought back, if anything did: executions, as long as that is their end, and messages by id. */
  reasons: Map<unknown, Reason> | undefined;
}

export interface Reason {
  /** Whether it is about a task that failed to start; else about what the caller's own attempts did not start. */
  readonly isOfTask: boolean;
  /** Whether it is a refusal without excuse. */
  readonly isRefusal: boolean;
}

/** A task that has not run its course yet. */
interface TaskOfCall {
  readonly fate: CallFate;
  readonly own: boolean;
  /** When it was launched, and by which request. */
  readonly at: number;
  readonly input: JsonObject;
  /** When it stopped, if it did. */
  stoppedAt?: number;
}

/** Stop reasons that name a throttle, in the lab's own reading: never the product's code. */
const THROTTLED_START =
  /network interface provision|Rate limit exceeded|Rate exceeded|ThrottlingException|RequestLimitExceeded|toomanyrequests|Too Many Requests|pull rate limit|EphemeralStorage provisioning|ThrottleException|SlowDown|Slow Down|reduce your request rate|rate at which you may call KMS|: Throttling$/i;

/** What became of each call: what the fake ECS tells of its tasks, and what it answered to our own requests for it. */
export class Fates {
  readonly #ledger: () => CallLedger;
  readonly #isOurs: (principalArn: string) => boolean;
  readonly #rerunsNoRoom: boolean;
  readonly #fates = new Map<string, CallFate>();
  readonly #taskCalls = new Map<string, TaskOfCall>();
  /** References and tokens of our own requests that ECS answered with a reason that does not pass. */
  readonly #refusedTokens = new Set<string>();
  /** What such answers named first, each until an execution ends with it. */
  readonly #refusedFor = new Map<CallFate, string[]>();
  /** Attempts of ours that found no room. */
  readonly noRoomAttempts = new NoRoomAttempts();
  /** Tasks that we launched for no call of the scenario. */
  #strangers = 0;

  constructor(options: {
    readonly ledger: () => CallLedger;
    readonly isOurs: (principalArn: string) => boolean;
    /** Whether the configuration brings back what found no room. */
    readonly rerunsNoRoom: boolean;
  }) {
    this.#ledger = options.ledger;
    this.#isOurs = options.isOurs;
    this.#rerunsNoRoom = options.rerunsNoRoom;
  }

  /** Listens to the fake ECS; returns the fate that a transition is part of. */
  readonly task = (transition: TaskTransition): CallFate | undefined => {
    if (transition.kind === 'launched') {
      const own = !this.#isOurs(transition.principal.arn);
      const fate = this.of(String(transition.input.referenceId));
      if (!fate) {
        if (!own) this.#strangers += 1;
        return undefined;
      }
      fate.pending += 1;
      if (!own) fate.launchedByUsAt ??= transition.at;
      this.#taskCalls.set(transition.taskArn, { fate, own, at: transition.at, input: transition.input });
      return fate;
    }
    const entry = this.#taskCalls.get(transition.taskArn);
    if (!entry) return undefined;
    const { fate, own, at, input } = entry;
    if (transition.kind === 'running') {
      if (!own) fate.startedByUsAt = Math.max(fate.startedByUsAt ?? at, at);
      fate.running += 1;
      fate.pending -= 1;
      return fate;
    }
    if (transition.everRan) this.#taskCalls.delete(transition.taskArn);
    else {
      entry.stoppedAt = transition.at;
      fate.pending -= 1;
      if (own) {
        fate.startFailed += 1;
        fate.startFailedAt ??= transition.at;
      }
      const { stoppedReason } = transition;
      if (isNoRoomStop(stoppedReason)) {
        if (own) fate.startNoRoom += 1;
        else this.noRoomAttempts.died(attemptOf(input));
        if (!this.#rerunsNoRoom) fate.startRefused += 1;
      } else if (!THROTTLED_START.test(stoppedReason)) fate.startRefused += 1;
      else if (own) fate.startThrottled += 1;
    }
    return fate;
  };

  /** Listens to the answers to our own requests; of a call's tasks, one that ECS repeats under its token tells nothing new. */
  readonly answered = (input: JsonObject, failures: readonly JsonObject[]): void => {
    this.noRoomAttempts.answered(input, failures);
    const fate = this.of(String(input.referenceId));
    const final = failures.filter((failure) => !isNoRoomFailure(failure)).length;
    const token = attemptOf(input);
    if (!fate || final === 0) return;
    if (final === failures.length)
      this.#refusedFor.set(fate, [...this.#refusedForOf(fate), String(failures[0]?.reason)]);
    if (this.#refusedTokens.has(token)) return;
    this.#refusedTokens.add(token);
    fate.startRefused += final;
  };

  /** Whether ECS placed tasks of a call nowhere for that reason when we asked, once for each such answer: it ends one execution. */
  takeRefusal(fate: CallFate, reason: string): boolean {
    const reasons = this.#refusedForOf(fate);
    const index = reasons.indexOf(reason);
    this.#refusedFor.set(fate, index < 0 ? reasons : reasons.toSpliced(index, 1));
    return index >= 0;
  }

  #refusedForOf(fate: CallFate): string[] {
    return this.#refusedFor.get(fate) ?? [];
  }

  /** The fate of the call that a request's `referenceId` names. */
  of(reference: string): CallFate | undefined {
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
      startNoRoom: 0,
      startFailedAt: undefined,
      startRefused: 0,
      launchedByUsAt: undefined,
      startedByUsAt: undefined,
      reasons: undefined,
    };
    this.#fates.set(reference, fate);
    return fate;
  }

  /** The fate of the call that a task belongs to which never ran. */
  ofTask(taskArn: string): CallFate | undefined {
    return this.#taskCalls.get(taskArn)?.fate;
  }

  /** The fates of all finite callers' calls so far. */
  *finite(): Generator<CallFate> {
    for (const call of this.#ledger().calls) {
      const fate = call.finite ? this.of(callReference(call.caller, call.index)) : undefined;
      if (fate) yield fate;
    }
  }

  /** When a task stopped that never ran; undefined while it has not. */
  stoppedAt(taskArn: string): number | undefined {
    return this.#taskCalls.get(taskArn)?.stoppedAt;
  }

  /** Tasks that ran beyond their call's count, and tasks that nobody asked for. */
  duplicated(): number {
    let sum = this.#strangers;
    for (const { running, count } of this.#fates.values()) sum += Math.max(0, running - count);
    return sum;
  }
}
