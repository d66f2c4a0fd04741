import type { JsonObject } from '../kernel/json.ts';
import type { Account } from '../scenario/account.ts';
import type { Call, CallLedger } from './call-ledger.ts';
import { callReference } from './callers.ts';
import { type CallFate, Fates, type Reason } from './fates.ts';
import { isNoRoomFailure, Misfits } from './no-room.ts';
import { isBlind, OptIn } from './opt-in.ts';

/** Whether ECS rejected the last attempt whole for want of room. */
const isUnplacedWhole = ({ attempts }: Call): boolean => attempts.at(-1)?.outcome === 'noRoom';

const isRejected = (call: Call): boolean => call.state === 'throttled' || isUnplacedWhole(call);

/**
 * Knows what is owed, lost and duplicated from the scenario and the fakes alone: never from the product's code, which is
 * what is being judged.
 */
export class Oracle {
  readonly #optIn: OptIn;
  readonly #throttledRecords: Account['throttledRecords'];
  readonly #misfits: Misfits;
  readonly #toleranceMs: number;
  readonly fates: Fates;

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
    this.fates = new Fates({ ...options, rerunsNoRoom: this.#optIn.rerunsNoRoom });
    this.#throttledRecords = options.account.throttledRecords;
    this.#misfits = new Misfits(options.account);
    // A record's time is cut to whole seconds.
    this.#toleranceMs = 1000 + options.clockErrorMs;
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
    const stoppedAt = this.fates.stoppedAt(taskArn);
    return stoppedAt !== undefined && now - stoppedAt >= this.#optIn.deadlineMs - this.#toleranceMs;
  }

  neverFits({ request }: Call): boolean {
    return this.#misfits.neverFits(request);
  }

  /** Whether a call's own attempts, the last as it stands, found no room for all of it. */
  foundNoRoom(call: Call): boolean {
    const fate = this.fates.of(callReference(call.caller, call.index));
    return call.failures.some(isNoRoomFailure) || isUnplacedWhole(call) || (fate?.startNoRoom ?? 0) > 0;
  }

  /** Of a caller that starts over by itself only what was accepted is owed; failed starts for other reasons never are. */
  #owedTasks(fate: CallFate): number {
    const { call, count, startRefused } = fate;
    return (this.owesRejected(fate) ? count : call.taskArns.length) - startRefused;
  }

  #hasToken({ tokens }: Call): boolean {
    return tokens.length > 0 || this.#optIn.allowsWithoutToken;
  }
}

function hasEnvironment({ overrides }: JsonObject): boolean {
  const containers = ((overrides as JsonObject | undefined)?.containerOverrides ?? []) as JsonObject[];
  return containers.some(({ environment }) => environment !== undefined);
}
