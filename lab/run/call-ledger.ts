import type { Principal } from '../kernel/aws-service.ts';
import type { JsonObject } from '../kernel/json.ts';

/**
 * How one request of a caller ended. `disguised` is a throttle that comes as InvalidParameterException; `noRoom` a call
 * that ECS rejected whole for want of room.
 */
export type AttemptOutcome =
  | 'accepted'
  | 'unplaced'
  | 'noRoom'
  | 'throttled'
  | 'disguised'
  | 'unavailable'
  | 'rejected';

export interface Attempt {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly token: string | undefined;
  readonly outcome: AttemptOutcome;
}

/**
 * How a call stands. `accepted`: ECS started at least one task of it; `unplaced`: ECS found room for none; `throttled` and
 * `failed`: the last attempt was throttled (disguised or not), or refused for another reason; `neverAttempted`: the caller
 * left it to whoever takes it over; `pending`: the caller will still try.
 */
export type CallState = 'pending' | 'accepted' | 'unplaced' | 'throttled' | 'failed' | 'neverAttempted';

/** One logical RunTask of one caller, over all its attempts. */
export interface Call {
  readonly caller: string;
  readonly index: number;
  /** Of a caller with `calls`, not with `callsPerSecond`. */
  readonly finite: boolean;
  readonly principal: Principal;
  /** What every attempt asked for, without the clientToken. */
  readonly request: JsonObject;
  readonly madeAt: number;
  /** In the order of use: more than one where the caller retries with new tokens, none where it sends none. */
  readonly tokens: readonly string[];
  readonly attempts: readonly Attempt[];
  readonly state: CallState;
  /** The tasks that the caller's own attempts started. */
  readonly taskArns: readonly string[];
  /** `failures[]` of the last answer. */
  readonly failures: readonly JsonObject[];
  /** Ids of the messages by which the caller handed it over and which the queue really took. */
  readonly messageIds: readonly string[];
  /** When the caller was done with it; undefined while pending. */
  readonly doneAt: number | undefined;
}

/** The same call in the hands of its caller. */
export interface OpenCall extends Call {
  tokens: readonly string[];
  attempts: readonly Attempt[];
  taskArns: readonly string[];
  messageIds: readonly string[];
  state: CallState;
  failures: readonly JsonObject[];
  doneAt: number | undefined;
}

/** Every call that the callers made, for the lab's oracle. */
export class CallLedger {
  readonly #calls: Call[] = [];
  readonly #byReference = new Map<string, Call>();
  #finiteLeft: number;
  #finiteDoneAt: number | undefined;

  /** `finiteCalls`: how many calls the finite callers are going to make. */
  constructor(finiteCalls: number, now: number) {
    this.#finiteLeft = finiteCalls;
    if (finiteCalls === 0) this.#finiteDoneAt = now;
  }

  /** All calls made so far, in the order in which they were made. */
  get calls(): readonly Call[] {
    return this.#calls;
  }

  /** When the last finite caller was done with its last call; undefined as long as one is not. */
  get finiteDoneAt(): number | undefined {
    return this.#finiteDoneAt;
  }

  /** The call whose requests carry this `referenceId`. */
  byReference(reference: string): Call | undefined {
    return this.#byReference.get(reference);
  }

  open(call: OpenCall): void {
    this.#calls.push(call);
    this.#byReference.set(String(call.request.referenceId), call);
  }

  close(call: OpenCall, state: CallState, now: number): void {
    call.state = state;
    call.doneAt = now;
    if (call.finite && --this.#finiteLeft === 0) this.#finiteDoneAt = now;
  }
}
