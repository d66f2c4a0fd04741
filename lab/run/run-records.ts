import { LOG_MESSAGES } from '../../lambda/core/contract.ts';
import type { ApiRequest } from '../aws/ecs/api-request.ts';
import type { Execution } from '../aws/states/execution.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { LogLine, MetricValue } from '../world/sandbox.ts';
import type { Observer } from '../world/world.ts';
import { BARE_RECORD, BareRecords } from './bare-records.ts';
import type { Call } from './call-ledger.ts';
import { isThrottled } from './callers.ts';
import type { CallFate, Reason } from './fates.ts';
import type { Oracle } from './oracle.ts';

/** The least time that a caller's own retries are left to themselves, whatever the product's own grace. */
export const GRACE_MS = 30_000;

/** The reason to give up a call that found no room. */
export const NO_ROOM = 'noRoom';

/** The reason to refuse a call whose token proves nothing any more. */
const TOO_LATE = 'tooLate';
/** The reason to refuse what ECS rejects for good. */
const REJECTED = 'rejectedByEcs';

/** Counts by reason. */
export type ByReason = Record<string, number>;

/** Collects what a run's figures are made of, as it happens. */
export class Records implements Observer {
  readonly #oracle: () => Oracle;
  readonly #now: () => number;
  readonly #onProgress: (fate: CallFate | undefined) => void;
  /** Each copy of an event at a queue or state machine of ours, until a verdict names it or its execution succeeds. */
  readonly unanswered = new Set<string>();
  /** When each call could have been started at the earliest: whatever held its request had arrived, its grace was over. */
  readonly readyAt = new Map<CallFate, number>();
  readonly bareRecords: BareRecords;
  readonly executions: Execution[] = [];
  readonly started = { started: 0, alreadyStarted: 0 };
  readonly gaveUp: ByReason = {};
  readonly refused: ByReason = {};
  readonly ignored: ByReason = {};
  /** Executions and messages whose calls were given up for want of room before their time. */
  readonly #leftTooEarly = new Set<unknown>();
  /** When what tells of a call that may be owed first arrived, whatever a caller's own retries are still to be given. */
  readonly arrivedAt = new Map<CallFate, number>();
  runTaskCalls = 0;
  readCalls = 0;
  logLines = 0;
  /** Attempts of callers with `callsPerSecond`, by time. */
  readonly othersAttempts: number[] = [];
  /** Attempts of finite callers that took from the bucket, by time. */
  readonly finiteTakings: number[] = [];
  readonly #callsByEventId = new Map<string, CallFate>();
  /** Of records, by the id of the message that holds the copy. */
  readonly #eventIds = new Map<string, string>();
  readonly #callsByMessageId = new Map<string, CallFate>();
  readonly #refusedEvents = new Set<string>();
  readonly #rerunCalls = new Map<Execution, CallFate | undefined>();
  /** Executions for tasks that failed to start. */
  readonly #ofTasks = new Set<Execution>();
  /** Those of them that were begun when their token proved nothing any more: of whole calls the event history does. */
  readonly #begunTooLate = new Set<Execution>();

  constructor(options: {
    readonly oracle: () => Oracle;
    readonly now: () => number;
    /** Called whenever something about a call, or about none in particular, may have been settled. */
    readonly onProgress: (fate: CallFate | undefined) => void;
  }) {
    this.#oracle = options.oracle;
    this.#now = options.now;
    this.#onProgress = options.onProgress;
    this.bareRecords = new BareRecords(options.oracle);
  }

  readonly request = ({ operation, readOnly, input, eventId, at, outcome }: ApiRequest, isOurs: boolean): void => {
    if (isOurs) {
      if (operation === 'RunTask') {
        this.runTaskCalls += 1;
        if ('output' in outcome) this.#oracle().fates.answered(input, outcome.output().failures as JsonObject[]);
        else this.#oracle().fates.noRoomAttempts.rejected(outcome);
      }
      if (readOnly) this.readCalls += 1;
      return;
    }
    const fate = readOnly ? undefined : this.#oracle().fates.of(String(input.referenceId));
    if (!fate) return;
    this.#callsByEventId.set(eventId, fate);
    if (!fate.call.finite) this.othersAttempts.push(at);
    else if (!isThrottled(outcome)) this.finiteTakings.push(at);
  };

  readonly delivered = (event: JsonObject, messageId: string): void => {
    if (isOfTask(event)) return;
    this.unanswered.add(messageId);
    const fate = this.heard(event);
    if (!fate) return;
    const { eventID, requestParameters } = event.detail as JsonObject;
    this.#eventIds.set(messageId, String(eventID));
    if (requestParameters == null) this.bareRecords.delivered(String(eventID), fate);
  };

  /** There is an event, wherever it went; returns the fate of the call whose record it is. */
  heard(event: JsonObject): CallFate | undefined {
    const { eventID, requestParameters, taskArn, lastStatus } = (event.detail ?? {}) as JsonObject;
    if (lastStatus === 'STOPPED') {
      const died = this.#oracle().fates.ofTask(String(taskArn));
      if (died) this.#arrived(died);
      return undefined;
    }
    const fate = this.#callsByEventId.get(String(eventID));
    if (fate && requestParameters != null) this.isReady(fate, GRACE_MS);
    return fate;
  }

  /** A caller handed a call over: the queue took the message, whatever the caller was answered. */
  readonly handedOver = (call: Call, messageId: string): void => {
    const fate = this.#oracle().fates.of(String(call.request.referenceId));
    if (!fate)
      throw new Error(`found a message about ${call.request.referenceId}, expected one about a call of the scenario`);
    this.unanswered.add(messageId);
    this.#callsByMessageId.set(messageId, fate);
    this.isReady(fate, 0);
  };

  /** What holds a call's request is there, which others may have brought before. */
  isReady(fate: CallFate, graceMs: number): void {
    this.#arrived(fate);
    this.readyAt.set(fate, Math.min(this.readyAt.get(fate) ?? Number.POSITIVE_INFINITY, this.#now() + graceMs));
  }

  #arrived(fate: CallFate): void {
    if (!this.arrivedAt.has(fate)) this.arrivedAt.set(fate, this.#now());
  }

  readonly moved = (from: string, to: string): void => {
    if (this.unanswered.delete(from)) this.unanswered.add(to);
    for (const known of [this.#eventIds, this.#callsByMessageId] as Map<string, unknown>[]) {
      if (known.has(from)) known.set(to, known.get(from));
    }
  };

  readonly executionStarted = (execution: Execution, input: unknown): void => {
    this.executions.push(execution);
    const { request, failedTask } = (input ?? {}) as { request?: JsonObject; failedTask?: JsonObject };
    if (failedTask) {
      const fate = this.#oracle().fates.ofTask(String(failedTask.taskArn));
      this.#rerunCalls.set(execution, fate);
      this.#ofTasks.add(execution);
      if (this.#oracle().isKnownTooLate(String(failedTask.taskArn), this.#now())) this.#begunTooLate.add(execution);
      if (fate) this.#arrived(fate);
    } else if (request) {
      const fate = this.#oracle().fates.of(String(request.referenceId));
      this.#rerunCalls.set(execution, fate);
      // A sweep may find a call before its record arrives, or where none does.
      if (fate && !this.readyAt.has(fate)) this.isReady(fate, GRACE_MS);
    }
  };

  readonly executionClosed = (execution: Execution): void => {
    this.logLines += execution.historyEvents;
    if (execution.result?.status === 'SUCCEEDED') this.unanswered.delete(execution.arn);
    this.#countResult(execution, 1);
  };

  /** It has not ended after all: what it ended with does not count. */
  readonly executionRedriven = (execution: Execution): void => this.#countResult(execution, -1);

  #countResult(execution: Execution, by: 1 | -1): void {
    if (!this.#rerunCalls.has(execution)) return;
    const fate = this.#rerunCalls.get(execution);
    const { status, output, error, cause } = execution.result ?? {};
    if (status === 'SUCCEEDED') {
      const { result, reason } = output as { result: 'started' | 'alreadyStarted' | 'ignored'; reason?: string };
      if (result === 'ignored') count(this.ignored, String(reason), by);
      else this.started[result] += by;
    } else {
      const into = error === 'GaveUp' ? this.gaveUp : error === 'Refused' ? this.refused : undefined;
      if (into) {
        const reason = reasonOf(cause);
        count(into, reason, by);
        if (by < 0) this.#leftTooEarly.delete(execution);
        else if (into === this.gaveUp) this.#gaveUp(execution, fate, reason);
        if (fate) {
          const isRefusal = by > 0 && into === this.refused && !this.#isExcused(execution, fate, reason);
          if (by > 0) giveReason(fate, execution, { isOfTask: this.#ofTasks.has(execution), isRefusal });
          else fate.reasons?.delete(execution);
        }
      }
    }
    this.#onProgress(fate);
  }

  /** Whether a refusal was nobody's choice: news came when it was too late, or what ECS placed nowhere is owed no more. */
  #isExcused(execution: Execution, fate: CallFate, reason: string): boolean {
    if (reason === REJECTED) return this.#oracle().fates.takeRefusal(fate, codeOf(execution.result?.cause));
    return reason === TOO_LATE && this.#begunTooLate.has(execution);
  }

  #gaveUp(rerun: unknown, fate: CallFate | undefined, reason: string): void {
    const isTooEarly = reason === NO_ROOM && fate && !this.#oracle().mayLeaveForRoom(fate, this.#now());
    if (isTooEarly) this.#leftTooEarly.add(rerun);
  }

  /** Re-runs that were given up for want of room while there was time left, and room to come. */
  get leftTooEarly(): number {
    return this.#leftTooEarly.size;
  }

  /** A re-run that no workflow made ended: the call is back, or was given up for a reason. */
  readonly rerunEnded = (messageId: string, fate: CallFate, gaveUp?: string): void => {
    this.unanswered.delete(messageId);
    if (gaveUp === undefined) this.started.started += 1;
    else {
      count(this.gaveUp, gaveUp);
      this.#gaveUp(messageId, fate, gaveUp);
      giveReason(fate, messageId, { isOfTask: false, isRefusal: false });
    }
    this.#onProgress(fate);
  };

  readonly log = ({ message, fields }: LogLine): void => {
    this.logLines += 1;
    if (message !== LOG_MESSAGES.verdict) return;
    const { kind, reason = '', messageId, eventId } = fields;
    this.unanswered.delete(String(messageId));
    if (kind === 'ignore') count(this.ignored, String(reason));
    const event = this.#eventIds.get(String(messageId)) ?? String(eventId ?? messageId);
    this.bareRecords.answered(event, `${kind} ${reason}`);
    if (kind === 'refuse') this.#refuse(String(reason), event, String(messageId));
  };

  readonly metric = (_: MetricValue): void => {
    this.logLines += 1;
  };

  /** Several records or messages of one call are one refusal; of bare records nobody can tell which are of one call. */
  #refuse(reason: string, eventId: string, messageId: string): void {
    const isBare = reason === BARE_RECORD;
    const fate = isBare ? undefined : (this.#callsByMessageId.get(messageId) ?? this.#callsByEventId.get(eventId));
    const identity = fate ? `${fate.call.caller}/${fate.call.index}` : eventId;
    if (this.#refusedEvents.has(identity)) return;
    this.#refusedEvents.add(identity);
    count(this.refused, reason);
    if (fate) giveReason(fate, messageId, { isOfTask: false, isRefusal: true });
    this.#onProgress(fate);
  }

  /** Executions of the re-run workflow. */
  get reruns(): Iterable<Execution> {
    return this.#rerunCalls.keys();
  }
}

/** Whether an event tells of a task that takes its course. A throttle event tells of one that never started. */
function isOfTask({ 'detail-type': type, detail }: JsonObject): boolean {
  return type === 'ECS Task State Change' && (detail as JsonObject | undefined)?.stopCode !== 'TaskFailedToStart';
}

function count(into: ByReason, reason: string, by = 1): void {
  into[reason] = (into[reason] ?? 0) + by;
  if (into[reason] === 0) delete into[reason];
}

function messageOf(cause: string | null | undefined): string {
  return (JSON.parse(cause ?? '{}') as { errorMessage?: string }).errorMessage ?? '';
}

/** `rejectedByEcs: AccessDeniedException; started: arn:...` is of the reason `rejectedByEcs`. */
export function reasonOf(cause: string | null | undefined): string {
  return messageOf(cause).split(/[:;]/)[0] ?? '';
}

/** What ECS named in such a cause: `AccessDeniedException`. */
function codeOf(cause: string | null | undefined): string {
  return /^\w+: (.*?)(; started: |$)/.exec(messageOf(cause))?.[1] ?? '';
}

/** Most calls never have one: a hundred thousand empty maps are some twenty megabytes. */
function giveReason(fate: CallFate, by: unknown, reason: Reason): void {
  fate.reasons ??= new Map();
  fate.reasons.set(by, reason);
}
