import type { TaskTransition } from '../aws/ecs/fake-ecs.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Account } from '../scenario/account.ts';
import type { Call, CallLedger } from './call-ledger.ts';
import { callReference } from './callers.ts';
import { attemptOf, isNoRoomFailure, isNoRoomStop, Misfits, NoRoomAttempts } from './no-room.ts';
import { isBlind, OptIn } from './opt-in.ts';

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

/** Whether ECS rejected the last attempt whole for want of room. */
const isUnplacedWhole = ({ attempts }: Call): boolean => attempts.at(-1)?.outcome === 'noRoom';

const isRejected = (call: Call): boolean => call.state === 'throttled' || isUnplacedWhole(call);

/** Stop reasons that name a throttle, in the lab's own reading: never the product's code. */
const THROTTLED_START =
  /network interface provision|Rate limit exceeded|Rate exceeded|ThrottlingException|RequestLimitExceeded|toomanyrequests|Too Many Requests|pull rate limit|EphemeralStorage provisioning|ThrottleException|SlowDown|Slow Down|reduce your request rate|rate at which you may call KMS|: Throttling$/i;

/**
 * Knows what is owed, lost and duplicated from the scenario and the fakes alone: never from the product's code, which is
 * what is being judged.
 */
export class Oracle {
  readonly #optIn: OptIn;
  readonly #ledger: () => CallLedger;
  readonly #isOurs: (principalArn: string) => boolean;
  readonly #throttledRecords: Account['throttledRecords'];
  readonly #misfits: Misfits;
  readonly #toleranceMs: number;
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
    /** The configuration as people wrote it; undefined where the remediation is off. */
    readonly configuration: JsonObject | undefined;
    readonly ledger: () => CallLedger;
    readonly isOurs: (principalArn: string) => boolean;
    readonly account: Account;
    /** How far apart the clocks are by which calls become late. */
    readonly clockErrorMs: number;
  }) {
    this.#optIn = new OptIn(options.configuration);
    this.#ledger = options.ledger;
    this.#isOurs = options.isOurs;
    this.#throttledRecords = options.account.throttledRecords;
    this.#misfits = new Misfits(options.account);
    // A record's time is cut to whole seconds.
    this.#toleranceMs = 1000 + options.clockErrorMs;
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
        if (!this.#optIn.rerunsNoRoom) fate.startRefused += 1;
      } else if (!THROTTLED_START.test(stoppedReason)) fate.startRefused += 1;
      else if (own) fate.startThrottled += 1;
    }
    return fate;
  };

  /** Listens to the answers to our own requests; of a call's tasks, one that ECS repeats under its token tells nothing new. */
  readonly answered = (input: JsonObject, failures: readonly JsonObject[]): void => {
    this.noRoomAttempts.answered(input, failures);
    const fate = this.fateOf(String(input.referenceId));
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
    // CloudTrail is all that is left of such a call, and it hides environment values.
    if (hasEnvironment(call.request)) return false;
    // What was answered has a record that holds its request, also where the answer was that there is no room.
    if (call.failures.some(isNoRoomFailure) && this.#rerunsUnplaced(call)) return true;
    if (!isRejected(call) || this.#isLeftWithoutRoom(call) || this.#throttledRecords === 'bare') return false;
    return this.#optIn.allows(call, 'rejected') && this.#hasToken(call);
  }

  /** To a launcher that takes its answer for success that answer is final: no token has to keep it from trying again. */
  #rerunsUnplaced(call: Call): boolean {
    const { rerunsNoRoom } = this.#optIn;
    if (!rerunsNoRoom) return false;
    if (isBlind(call.principal)) return this.#optIn.allows(call, 'unheeded');
    return this.#optIn.allows(call, 'rejected') && this.#hasToken(call);
  }

  /** Whether a call found no room, and the configuration leaves it at that. */
  #isLeftWithoutRoom(call: Call): boolean {
    return !this.#optIn.rerunsNoRoom && (call.failures.some(isNoRoomFailure) || isUnplacedWhole(call));
  }

  /** Whether a call that its caller handed over is to be run: in the stack's words, with all that makes it one call. */
  #isTakenOver(call: Call): boolean {
    if (this.#isLeftWithoutRoom(call)) return false;
    return (call.state === 'neverAttempted' || call.tokens.length > 0) && this.#optIn.allows(call, 'handedOver');
  }

  /**
   * Whether throttling or want of room took a call of a listed caller whole, and nothing that holds its request is left of it: nobody can run it,
   * so people have to be told.
   */
  isLostForGood({ call }: CallFate): boolean {
    return (
      isRejected(call) &&
      !this.#isLeftWithoutRoom(call) &&
      this.#throttledRecords === 'bare' &&
      call.messageIds.length === 0 &&
      this.#optIn.allows(call, 'rejected')
    );
  }

  /** Whether the configuration says that the caller hands over what throttling takes. */
  saysHandsOver({ call }: CallFate): boolean {
    return this.#optIn.saysHandsOver(call);
  }

  /** Whether the call is owed and ended in a refusal. */
  isOwedRefused(fate: CallFate): boolean {
    const isRefused = this.#reasons(fate).some(({ isRefusal }) => isRefusal);
    return isRefused && this.owes(fate) && fate.running < this.#owedTasks(fate);
  }

  /** Whether tasks of the caller's own died before they ran, and the remediation owes them. */
  owesStartFailed({ call, startThrottled, startNoRoom }: CallFate): boolean {
    const owed = startThrottled + (this.#optIn.rerunsNoRoom ? startNoRoom : 0);
    return owed > 0 && this.#optIn.allows(call, 'startFailed');
  }

  owes(fate: CallFate): boolean {
    return this.owesRejected(fate) || this.owesStartFailed(fate);
  }

  /** Whether nothing is to be waited for any more. */
  isSettled(fate: CallFate): boolean {
    if (fate.call.doneAt === undefined || fate.pending > 0) return false;
    return fate.running >= this.#owedTasks(fate) || this.hasReason(fate) || !this.owes(fate);
  }

  /** Whether anything said why what is owed of a call is not brought back. */
  hasReason(fate: CallFate): boolean {
    return this.#reasons(fate).length > 0;
  }

  /** Why what is owed is not brought back: where only tasks that failed to start are, nothing else that is said of their call. */
  #reasons(fate: CallFate): Reason[] {
    if (!fate.reasons?.size) return [];
    const owesRejected = this.owesRejected(fate);
    return [...fate.reasons.values()].filter(({ isOfTask }) => isOfTask || owesRejected);
  }

  isLost(fate: CallFate): boolean {
    return this.owes(fate) && fate.running < this.#owedTasks(fate) && !this.hasReason(fate);
  }

  /** Tasks of an owed call that never ran. */
  missing(fate: CallFate): number {
    return this.owes(fate) ? Math.max(0, this.#owedTasks(fate) - fate.running) : 0;
  }

  /** Whether a call may be left for want of room now: the time for it is over, or there never will be any. */
  mayLeaveForRoom({ call }: CallFate, now: number): boolean {
    return now - call.madeAt >= this.#optIn.capacityDeadlineMs - this.#toleranceMs || this.neverFits(call);
  }

  /** Whether a task failed to start so long ago that a token of then proves nothing any more. */
  isKnownTooLate(taskArn: string, now: number): boolean {
    const stoppedAt = this.#taskCalls.get(taskArn)?.stoppedAt;
    return stoppedAt !== undefined && now - stoppedAt >= this.#optIn.deadlineMs - this.#toleranceMs;
  }

  neverFits({ request }: Call): boolean {
    return this.#misfits.neverFits(request);
  }

  /** Whether a call's own attempts, the last as it stands, found no room for all of it. */
  foundNoRoom(call: Call): boolean {
    const fate = this.fateOf(callReference(call.caller, call.index));
    return call.failures.some(isNoRoomFailure) || isUnplacedWhole(call) || (fate?.startNoRoom ?? 0) > 0;
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

  #hasToken({ tokens }: Call): boolean {
    return tokens.length > 0 || this.#optIn.allowsWithoutToken;
  }
}

function hasEnvironment({ overrides }: JsonObject): boolean {
  const containers = ((overrides as JsonObject | undefined)?.containerOverrides ?? []) as JsonObject[];
  return containers.some(({ environment }) => environment !== undefined);
}
