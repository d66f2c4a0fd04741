import TinyQueue from 'tinyqueue';
import type { ApiRequest } from '../aws/ecs/api-request.ts';
import { AwsError, type Principal } from '../kernel/aws-service.ts';
import type { VirtualClock } from '../kernel/clock.ts';
import type { JsonObject } from '../kernel/json.ts';
import { type Random, randomStream, uniform, uuid } from '../kernel/random.ts';
import { type Caller, isRateCaller, isRuleArn, type RateCaller } from '../scenario/scenario.ts';
import { type AttemptOutcome, type Call, CallLedger, type CallState, type OpenCall } from './call-ledger.ts';
import { attemptedMessage, type HandedOverAttempts, sendCopies, unattemptedMessage } from './hand-over.ts';
import { isNoRoomError, isNoRoomFailure } from './no-room.ts';
import { isBlind } from './opt-in.ts';

export interface CallersOptions {
  readonly clock: VirtualClock;
  /** The fake ECS, called directly: callers are simulated clients. */
  readonly ecs: { call(operation: string, input: JsonObject, principal: Principal): JsonObject };
  readonly callers: readonly Caller[];
  readonly seed: number;
  /** Asked at each arrival of a caller with `callsPerSecond`: whether it has stopped for good. */
  readonly isOver: (caller: RateCaller) => boolean;
  /** Sends a hand-over message; returns its id, or throws what the queue answers. */
  readonly handOver: (call: Call, body: string) => string;
  /** Told when a caller is done with a call. */
  readonly onClosed?: (call: Call) => void;
}

/** Lets the callers loose on the fake ECS. Who is asked how the calls ended is the ledger. */
export function startCallers(options: CallersOptions): CallLedger {
  const { callers, clock, seed, isOver } = options;
  const finiteCalls = callers.reduce((sum, caller) => sum + (isRateCaller(caller) ? 0 : caller.calls), 0);
  const ledger = new CallLedger(finiteCalls, clock.now());
  // Who calls at the same instant does so in the scenario's order, whoever called last.
  const arrivals = new TinyQueue<Arrival>([], (a, b) => a.at - b.at || a.place - b.place);
  const enqueue = (next: Omit<Arrival, 'at'>): void => {
    const { done, value } = next.times.next();
    if (!done) arrivals.push({ ...next, at: clock.startedAt + value * 1000 });
  };
  for (const [place, caller] of callers.entries()) {
    const times = arrivalsOf(caller, randomStream(seed, `caller/${caller.name}/arrivals`));
    enqueue({ caller, place, principal: principalOf(caller), times, index: 0 });
  }
  // One timer: each arrival brings the next.
  const awaitNext = (): void => {
    const next = arrivals.pop();
    if (!next) return;
    clock.at(next.at, () => {
      const { caller, index, principal } = next;
      if (!isRateCaller(caller) || !isOver(caller)) {
        new Client(caller, index, principal, options, ledger).start();
        enqueue({ ...next, index: index + 1 });
      }
      awaitNext();
    });
  };
  awaitNext();
  return ledger;
}

/** The next call of a caller. */
interface Arrival {
  readonly caller: Caller;
  /** The caller's place in the scenario. */
  readonly place: number;
  /** One for all its calls, which keep it. */
  readonly principal: Principal;
  readonly index: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** When its further calls are made, in seconds since the lab began. */
  readonly times: Iterator<number, void>;
}

/** When the calls of a caller are made, in seconds since the lab began. */
function* arrivalsOf(caller: Caller, random: Random): Generator<number, void> {
  const { startAt } = caller;
  if (!isRateCaller(caller)) {
    for (let i = 0; i < caller.calls; i++) yield startAt + (i * caller.overSeconds) / caller.calls;
    return;
  }
  const gap = 1 / caller.callsPerSecond;
  if (caller.arrival === 'even') {
    const phase = random();
    for (let i = 0; ; i++) yield startAt + (phase + i) * gap;
  }
  let at = startAt;
  for (;;) {
    at -= Math.log(1 - random()) * gap;
    yield at;
  }
}

/** Base delays of the SDK's backoff, in milliseconds: what is not here is not retried. */
const RETRY_BASE_MS: Partial<Record<AttemptOutcome, number>> = { throttled: 1000, unavailable: 50 };
const MAX_BACKOFF_MS = 20_000;

const STATE_AFTER: Record<AttemptOutcome, CallState> = {
  accepted: 'accepted',
  unplaced: 'unplaced',
  noRoom: 'unplaced',
  throttled: 'throttled',
  disguised: 'throttled',
  unavailable: 'failed',
  rejected: 'failed',
};

/** What a caller that hands over does not leave at that. */
const HANDED_OVER: readonly AttemptOutcome[] = ['throttled', 'disguised', 'noRoom'];

/**
 * Lists of a call are kept to the end of the run. Empty ones are this one, and one that grows is made anew by `concat`: what is pushed to
 * or spread keeps room for sixteen more.
 */
const NONE: readonly never[] = [];

/** One call's own client. Its draws come from a stream of its own: what others do changes nothing in them. */
class Client {
  readonly #caller: Caller;
  readonly #options: CallersOptions;
  readonly #ledger: CallLedger;
  readonly #call: OpenCall;
  readonly #random: Random;
  readonly #sendsToken: boolean;
  #newTokensLeft: number;
  /** The input of the last client's attempts, what they were answered, and when they began. */
  #input: JsonObject = {};
  #requestIds: string[] = [];
  #error: AwsError | undefined;
  #firstAttemptAt = 0;

  constructor(caller: Caller, index: number, principal: Principal, options: CallersOptions, ledger: CallLedger) {
    const { clientToken, ...runTask } = caller.request;
    const reference = callReference(caller.name, index);
    // No task has such an id, which is found out after the bucket.
    const stopTask = { ...(runTask.cluster && { cluster: runTask.cluster }), task: reference };
    const request = operationOf(caller) === 'StopTask' ? stopTask : (runTask as JsonObject);
    this.#caller = caller;
    this.#options = options;
    this.#ledger = ledger;
    this.#random = randomStream(options.seed, `caller/${caller.name}/call/${index}`);
    this.#sendsToken = clientToken !== null && caller.clientToken !== null;
    this.#newTokensLeft = caller.retriesWithNewToken?.times ?? 0;
    this.#call = {
      caller: caller.name,
      index,
      finite: !isRateCaller(caller),
      principal,
      request: { referenceId: reference, ...request },
      madeAt: options.clock.now(),
      tokens: NONE,
      attempts: NONE,
      state: 'pending',
      taskArns: NONE,
      failures: NONE,
      messageIds: NONE,
      doneAt: undefined,
    };
    ledger.open(this.#call);
  }

  start(): void {
    if (this.#caller.neverAttempts)
      this.#handOver(unattemptedMessage(this.#call.request, this.#key()), 'neverAttempted');
    else this.#runTask();
  }

  /** The call as the SDK makes it: one token, up to `maxAttempts` attempts. */
  #runTask(): void {
    const token = this.#sendsToken ? uuid(this.#random) : undefined;
    if (token !== undefined) this.#call.tokens = this.#call.tokens.concat(token);
    this.#input = token === undefined ? this.#call.request : { ...this.#call.request, clientToken: token };
    this.#requestIds = [];
    this.#firstAttemptAt = this.#options.clock.now();
    this.#attempt(token, 1);
  }

  /** What makes the call one, for a launcher that has no token: of a rule its event, else the call itself. */
  #key(): string {
    const { name, principalArn } = this.#caller;
    return isRuleArn(principalArn) ? `${principalArn}/${uuid(this.#random)}` : `${name}-${this.#call.index}`;
  }

  #attempt(token: string | undefined, n: number): void {
    const { clock } = this.#options;
    const outcome = this.#send(this.#input);
    this.#call.attempts = this.#call.attempts.concat({ at: clock.now(), token, outcome });
    const base = RETRY_BASE_MS[outcome];
    if (base === undefined || n >= this.#caller.maxAttempts) this.#finish(outcome);
    else {
      const delay = uniform(this.#random, [0, Math.min(MAX_BACKOFF_MS, base * 2 ** (n - 1))]);
      clock.after(delay, () => this.#attempt(token, n + 1));
    }
  }

  #send(input: JsonObject): AttemptOutcome {
    try {
      const operation = operationOf(this.#caller);
      const { tasks, failures } = this.#options.ecs.call(operation, input, this.#call.principal);
      const started = (tasks as JsonObject[]).map(({ taskArn }) => String(taskArn));
      if (started.length > 0) this.#call.taskArns = this.#call.taskArns.concat(started);
      this.#call.failures = (failures as JsonObject[]).length > 0 ? (failures as JsonObject[]) : NONE;
      this.#error = undefined;
      return this.#call.taskArns.length > 0 ? 'accepted' : 'unplaced';
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      this.#error = error;
      if (error.requestId !== undefined) this.#requestIds.push(error.requestId);
      return refusal(error);
    }
  }

  /** A scheduler above the SDK may start the call anew. It looks for tasks, so one of several is enough for it. */
  #finish(outcome: AttemptOutcome): void {
    const { retriesWithNewToken, handsOver } = this.#caller;
    const isContent = outcome === 'accepted' || (outcome === 'unplaced' && isBlind(this.#caller));
    if (!isContent && retriesWithNewToken && this.#newTokensLeft-- > 0) {
      this.#options.clock.after(retriesWithNewToken.after * 1000, () => this.#runTask());
      return;
    }
    const state = STATE_AFTER[outcome];
    const answer = handsOver ? this.#unfinished(outcome) : undefined;
    if (answer === undefined) this.#close(state);
    else this.#handOver(attemptedMessage(this.#input, { firstAttemptAt: this.#firstAttemptAt, answer }), state);
  }

  /** The answer to the last attempt, where it leaves something to be handed over. */
  #unfinished(outcome: AttemptOutcome): HandedOverAttempts['answer'] | undefined {
    const error = this.#error;
    if (error !== undefined) {
      const { code, message } = error;
      return HANDED_OVER.includes(outcome) ? { error: { code, message, requestIds: this.#requestIds } } : undefined;
    }
    const { taskArns: tasks, failures } = this.#call;
    return !isBlind(this.#caller) && failures.some(isNoRoomFailure) ? { answer: { tasks, failures } } : undefined;
  }

  #handOver(message: string, state: CallState): void {
    const { clock, handOver } = this.#options;
    const { copies, callerErrors: errorProbability } = this.#caller;
    const send = () => {
      const id = handOver(this.#call, message);
      this.#call.messageIds = this.#call.messageIds.concat(id);
    };
    sendCopies({ clock, random: this.#random, send, copies, errorProbability, onDone: () => this.#close(state) });
  }

  #close(state: CallState): void {
    this.#ledger.close(this.#call, state, this.#options.clock.now());
    this.#options.onClosed?.(this.#call);
  }
}

const operationOf = (caller: Caller) => (isRateCaller(caller) ? caller.operation : 'RunTask');

/** The text of a throttle that comes as an InvalidParameterException. */
export const DISGUISED_THROTTLE = /\(ErrorCode: (Throttling|RequestLimitExceeded)\)|: Request limit exceeded\. Account/;

/** Whether a request was throttled, plainly or in disguise: then it took nothing from the bucket. */
export const isThrottled = (outcome: ApiRequest['outcome']): boolean =>
  'code' in outcome && (outcome.code === 'ThrottlingException' || DISGUISED_THROTTLE.test(outcome.message));

function refusal(error: AwsError): AttemptOutcome {
  const { code, status, message } = error;
  if (status >= 500) return 'unavailable';
  if (isNoRoomError(error)) return 'noRoom';
  if (code === 'ThrottlingException') return 'throttled';
  return DISGUISED_THROTTLE.test(message) ? 'disguised' : 'rejected';
}

/**
 * Marks all requests of one call, so that the lab knows whose task it is that somebody starts: a faithful repetition has
 * the same mark, whatever its token.
 */
export function callReference(caller: string, index: number): string {
  return `${caller}/${index}`;
}

function principalOf({ principalArn, userAgent, invokedBy }: Caller): Principal {
  return { arn: principalArn, ...(userAgent && { userAgent }), ...(invokedBy && { invokedBy }) };
}
