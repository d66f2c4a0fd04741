import { createHash } from 'node:crypto';
import { isNoRoomFailure, type Sign, signOfError, signOfStop } from './signs.ts';

type Json = Readonly<Record<string, unknown>>;

/** One RunTask request, as its CloudTrail record shows it. */
export interface Attempt {
  readonly eventId: string;
  readonly requestId: string;
  readonly at: number;
  /** Account and Region. */
  readonly place: string;
  /** The role or user, without its session. */
  readonly principal: string;
  readonly invokedBy: string;
  /** What the request held; undefined where the record is bare. */
  readonly request: AttemptRequest | undefined;
  /** Why ECS rejected it whole; undefined where it was accepted. */
  readonly rejected: Sign | undefined;
  readonly taskArns: readonly string[];
  /** Tasks that found no room, and those that are not to be placed for another reason. */
  readonly noRoom: number;
  readonly notPlaceable: number;
}

export interface AttemptRequest {
  readonly cluster: string;
  readonly family: string;
  readonly token: string | undefined;
  readonly count: number;
  /** What tells requests apart, whatever their tokens. */
  readonly digest: string;
}

/** What is known of a task. */
export interface TaskFate {
  hasRun: boolean;
  /** When and why it stopped without having run. */
  failed: { readonly at: number; readonly sign: Sign } | undefined;
}

/** A line that says what the stack made of a record, task or message. */
export interface VerdictLine {
  readonly at: number;
  readonly kind: string;
  readonly reason: string;
  readonly caller: string;
  readonly eventId: string | undefined;
  readonly taskArn: string | undefined;
  readonly messageId: string | undefined;
  readonly isHandOver: boolean;
  readonly requestIds: readonly string[];
  readonly callId: string | undefined;
  readonly execution: string | undefined;
}

/** A line that says how a re-run ended. */
export interface ResultLine {
  readonly at: number;
  readonly kind: string;
  readonly reason: string;
  readonly caller: string;
  readonly family: string;
  readonly callId: string | undefined;
  readonly rootCallId: string | undefined;
  readonly execution: string | undefined;
  readonly taskArns: readonly string[];
}

/** Clocks differ; that of the live lab may run ahead. */
const CLOCK_SKEW_MS = 86_400_000;

/** All that was read: who called, what ran, what the stack said. */
export class Evidence {
  readonly attempts: Attempt[] = [];
  readonly tasks = new Map<string, TaskFate>();
  readonly verdicts: VerdictLine[] = [];
  readonly results: ResultLine[] = [];
  /** The time of the last thing that is known: what is younger may still come. */
  until = 0;
  readonly #nowMs: number;

  constructor(nowMs = Date.now()) {
    this.#nowMs = nowMs;
  }

  /** Takes an event of ECS. */
  event(event: Json): void {
    const detail = event.detail as Json;
    if (event['detail-type'] === 'ECS Task State Change') this.#task(detail);
    else if (detail.eventName === 'RunTask') this.#attempt(event, detail);
    else this.#knownUntil(timeOf(detail.eventTime ?? event.time));
  }

  /** Takes a log line of the stack's functions. */
  line(line: Json): void {
    const at = timeOf(line.timestamp);
    this.#knownUntil(at);
    const { kind, message } = line;
    if (typeof kind !== 'string') return;
    const common = {
      at,
      kind,
      reason: text(line.reason) ?? '',
      caller: text(line.caller) ?? '',
      callId: text(line.callId),
      execution: text(line.execution),
    };
    if (message === 'verdict') {
      const { handedOver, requestIds } = line;
      this.verdicts.push({
        ...common,
        eventId: text(line.eventId),
        taskArn: text(line.taskArn),
        messageId: text(line.messageId),
        isHandOver: handedOver !== undefined,
        requestIds: texts(requestIds),
      });
    }
    if (message === 'result') {
      const { family, rootCallId, taskArns } = line;
      this.results.push({
        ...common,
        family: text(family) ?? '',
        rootCallId: text(rootCallId),
        taskArns: texts(taskArns),
      });
    }
  }

  #attempt(event: Json, detail: Json): void {
    const { userIdentity, errorCode, errorMessage, requestParameters, responseElements, eventTime } = detail;
    const identity = object(userIdentity);
    const issuer = object(object(identity.sessionContext).sessionIssuer);
    const at = timeOf(eventTime ?? event.time);
    this.#knownUntil(at);
    const answer = object(responseElements);
    const reasons = list(answer.failures).map((failure) => text(object(failure).reason) ?? '');
    const noRoom = reasons.filter(isNoRoomFailure).length;
    this.attempts.push({
      eventId: text(detail.eventID) ?? '',
      requestId: text(detail.requestID) ?? '',
      at,
      place: `${text(event.account) ?? ''}/${text(event.region) ?? ''}`,
      principal: text(issuer.arn) ?? text(identity.arn) ?? text(identity.invokedBy) ?? '',
      invokedBy: text(identity.invokedBy) ?? '',
      request: requestOf(requestParameters),
      rejected: errorCode === undefined ? undefined : signOfError(`${errorCode}`, text(errorMessage) ?? ''),
      taskArns: list(answer.tasks).flatMap((task) => text(object(task).taskArn) ?? []),
      noRoom,
      notPlaceable: reasons.length - noRoom,
    });
  }

  #task(detail: Json): void {
    const { taskArn, lastStatus, stopCode, stoppedReason, startedAt, stoppedAt, updatedAt, group, startedBy } = detail;
    if (typeof taskArn !== 'string') return;
    const at = timeOf(stoppedAt ?? updatedAt);
    this.#knownUntil(at);
    // A service looks after its own.
    if (`${group}`.startsWith('service:') || `${startedBy}`.startsWith('ecs-svc/')) return;
    const fate = this.tasks.get(taskArn) ?? { hasRun: false, failed: undefined };
    this.tasks.set(taskArn, fate);
    if (lastStatus === 'RUNNING' || typeof startedAt === 'string') fate.hasRun = true;
    if (lastStatus !== 'STOPPED' || stopCode !== 'TaskFailedToStart') return;
    const reasons = list(detail.containers).map((container) => text(object(container).reason) ?? '');
    fate.failed = { at, sign: signOfStop([text(stoppedReason) ?? '', ...reasons]) };
  }

  #knownUntil(at: number): void {
    // What claims to be of the future would make everything else seem old.
    if (at > this.until && at < this.#nowMs + CLOCK_SKEW_MS) this.until = at;
  }
}

function requestOf(parameters: unknown): AttemptRequest | undefined {
  const { clientToken, ...request } = object(parameters);
  const { cluster, taskDefinition, count } = request;
  if (typeof taskDefinition !== 'string') return undefined;
  return {
    cluster: lastPart(text(cluster) ?? 'default'),
    family: lastPart(taskDefinition).replace(/:\d+$/, ''),
    token: text(clientToken),
    count: typeof count === 'number' ? count : 1,
    digest: createHash('sha256').update(sorted(request)).digest('base64').slice(0, 16),
  };
}

/** JSON with sorted members. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted)}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, inner]) => `${name}:${sorted(inner)}`)}}`;
}

const object = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const texts = (value: unknown): readonly string[] => list(value).filter((each) => typeof each === 'string');
const lastPart = (reference: string) => reference.slice(reference.lastIndexOf('/') + 1);

/** The latest instant that there is: https://tc39.es/ecma262/#sec-time-values-and-time-range */
const LATEST_MS = 8.64e15;

/** 0 for what is no time. */
function timeOf(value: unknown): number {
  const at = typeof value === 'number' ? value : Date.parse(`${value}`);
  return at >= 0 && at <= LATEST_MS ? at : 0;
}
