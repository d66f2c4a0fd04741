import { createHash } from 'node:crypto';
import type { AwsEnvironment } from '../../lambda/core/arn.ts';
import { SERVICE_EVENTS } from '../../lambda/core/contract.ts';
import { lostTo } from '../../lambda/core/events/classify-event.ts';
import { BUCKET_OPERATIONS, type RunTaskRecord } from '../../lambda/core/events/run-task-record.ts';
import type { StoppedTask } from '../../lambda/core/events/stopped-task.ts';
import { classifyError, isPlainThrottle } from '../../lambda/core/events/throttle.ts';
import { ECS_PRINCIPAL, ECS_SERVICE_ROLE } from '../../lambda/core/notices/downstream.ts';
import { feasibilityOf } from '../../lambda/core/notices/notice.ts';
import { launcherOf } from '../../lambda/core/opt-in/launchers.ts';
import { callOf } from '../../lambda/core/rate/counted-call.ts';
import type { Verdict } from '../../lambda/core/verdict/verdict.ts';
import { judged, NO_ROLE, purposeOf } from '../explain/explain.ts';
import { judgeEverything } from '../explain/settings.ts';
import { Calls, type Loss } from './calls.ts';
import { Traffic } from './traffic.ts';

type Json = Readonly<Record<string, unknown>>;

/** Role of this stack's own requests, which may be among the records. */
const OWN_ROLE = /RerunRunTaskRole/;
const OPERATIONS: readonly string[] = BUCKET_OPERATIONS;
/** Of a caller with more kinds of requests than this, none is usual. */
const MOST_KINDS = 50;

/** A task that was accepted and died before it started, for a reason that may pass. */
export interface FailedStart {
  readonly taskArn: string;
  readonly family: string | null;
  readonly cluster: string | null;
  readonly loss: Loss;
  readonly verdict: Verdict;
}

/** How many of the records of throttled RunTask calls hold what. */
export interface Held {
  records: number;
  request: number;
  token: number;
  visibleEnvironment: number;
}

/** What a launcher's records show. */
interface Launched {
  records: number;
  rejected: number;
  withToken: number;
}

/** What records tell, as it comes: counts, and of each call a few words. */
export class Facts {
  readonly calls = new Calls();
  readonly traffic = new Map<string, { readonly place: AwsEnvironment; readonly traffic: Traffic }>();
  readonly failedStarts: FailedStart[] = [];
  readonly throttled: Held = { records: 0, request: 0, token: 0, visibleEnvironment: 0 };
  readonly disguised: Held = { records: 0, request: 0, token: 0, visibleEnvironment: 0 };
  readonly launchers = new Map<string, Launched>();
  /** By caller: how often each kind of request was accepted. */
  readonly requests = new Map<string, Map<string, { count: number; family: string | null; cluster: string | null }>>();
  readonly downstream = new Map<string, number>();
  readonly serviceEvents = new Map<string, number>();
  /** By cluster and token: who used it, and which tasks stand under it. */
  readonly #tokens = new Map<string, { readonly caller: string; readonly tasks: string }>();
  readonly tokensOfTwo = { same: 0, other: 0 };
  fromMs = Number.POSITIVE_INFINITY;
  untilMs = Number.NEGATIVE_INFINITY;
  own = 0;
  /** Without any event of a task nothing is known of starts that failed, without any record of others nothing of what ECS asked for. */
  hasTaskEvents = false;
  hasForeign = false;
  malformed = 0;

  /** Takes an event of ECS. */
  event(json: Json): void {
    const { eventName } = object(json.detail);
    // Most calls of ECS's API have nothing to do with it.
    const isOther = json['detail-type'] === 'AWS API Call via CloudTrail' && !OPERATIONS.includes(`${eventName}`);
    const found = isOther ? undefined : judged(json, judgeEverything);
    if (json['detail-type'] === 'ECS Task State Change') this.hasTaskEvents = true;
    if (!found) {
      this.#undecoded(json);
      return;
    }
    const { event, verdict } = found;
    if (event.kind === 'stoppedTask') {
      this.#stopped(event, verdict);
      return;
    }
    const { account, region, caller } = event;
    this.#span(event.eventTimeMs);
    const isOwn = OWN_ROLE.test(caller.principalArn);
    const { traffic } = this.#trafficOf({ account, region });
    if (isOwn) {
      this.own++;
      if (!event.error) traffic.addOwn(event.eventTimeMs);
      return;
    }
    for (const call of callOf(event, NO_ROLE, { account, region })) traffic.add(call, caller.principalArn);
    if (event.kind === 'runTaskRecord') this.#called(event, verdict);
  }

  /** Takes a record of another service: of interest is what ECS itself asked for in vain. */
  foreign(record: Json): void {
    this.hasForeign = true;
    const { errorCode, errorMessage, userIdentity, eventSource, eventName } = record;
    if (typeof errorCode !== 'string' || typeof eventSource !== 'string') return;
    const identity = object(userIdentity);
    const issuer = object(object(identity.sessionContext).sessionIssuer);
    const isOfEcs = identity.invokedBy === ECS_PRINCIPAL || issuer.userName === ECS_SERVICE_ROLE;
    if (!isOfEcs || classifyError({ code: errorCode, message: `${errorMessage ?? ''}` }) !== 'throttle') return;
    const name = `${eventSource} ${eventName}`;
    if (/^[\w.-]+ \w+$/.test(name)) this.downstream.set(name, (this.downstream.get(name) ?? 0) + 1);
  }

  /** A call that the stack's rules do not bring, or an event of the service scheduler. */
  #undecoded(json: Json): void {
    const { eventName } = object(json.detail);
    if (Object.values<unknown>(SERVICE_EVENTS).includes(eventName)) {
      this.serviceEvents.set(`${eventName}`, (this.serviceEvents.get(`${eventName}`) ?? 0) + 1);
    } else if (eventName === 'RunTask') this.malformed++;
  }

  #called(record: RunTaskRecord, verdict: Verdict): void {
    this.calls.add(record, verdict);
    const { account, region, caller, error } = record;
    const launcher = launcherOf(caller)?.name;
    const request = record.requestParameters as Json | null;
    if (launcher) {
      const seen = this.launchers.get(launcher) ?? { records: 0, rejected: 0, withToken: 0 };
      this.launchers.set(launcher, seen);
      seen.records++;
      if (error) seen.rejected++;
      if (typeof request?.clientToken === 'string') seen.withToken++;
    }
    const event = { ...record, replayed: false, origin: { account, region } };
    if (error && lostTo(event) === 'throttle') {
      const { hadParameters, hadClientToken, hadEnvironment } = feasibilityOf(record);
      for (const held of isPlainThrottle(error) ? [this.throttled] : [this.throttled, this.disguised]) {
        held.records++;
        if (hadParameters) held.request++;
        if (hadClientToken) held.token++;
        if (hadEnvironment) held.visibleEnvironment++;
      }
    }
    if (!error && typeof request === 'object' && request !== null) this.#accepted(record, request);
  }

  #accepted(record: RunTaskRecord, { clientToken, referenceId: _, ...request }: Json): void {
    const { account, region, caller, taskArns } = record;
    const kinds = this.requests.get(caller.principalArn) ?? new Map();
    this.requests.set(caller.principalArn, kinds);
    const kind = digest(request);
    const known = kinds.get(kind);
    const purpose = purposeOf({ ...record, replayed: false, origin: { account, region } });
    if (known) known.count++;
    else if (kinds.size < MOST_KINDS) kinds.set(kind, { count: 1, ...purpose });
    if (typeof clientToken !== 'string' || taskArns.length === 0) return;
    const token = digest([account, region, purpose.cluster, clientToken]);
    const tasks = digest(taskArns);
    const first = this.#tokens.get(token);
    if (!first) this.#tokens.set(token, { caller: caller.principalArn, tasks });
    else if (first.caller !== caller.principalArn) this.tokensOfTwo[first.tasks === tasks ? 'same' : 'other']++;
  }

  #stopped(
    task: StoppedTask & { readonly replayed: boolean; readonly origin: AwsEnvironment },
    verdict: Verdict,
  ): void {
    this.#span(task.stoppedAtMs);
    const found = lostTo(task);
    if (found !== 'none') this.failedStarts.push({ taskArn: task.taskArn, ...purposeOf(task), loss: found, verdict });
  }

  #span(atMs: number): void {
    if (atMs <= 0) return;
    this.fromMs = Math.min(this.fromMs, atMs);
    this.untilMs = Math.max(this.untilMs, atMs);
  }

  #trafficOf(place: AwsEnvironment) {
    const key = `${place.account} ${place.region}`;
    const known = this.traffic.get(key) ?? { place, traffic: new Traffic() };
    this.traffic.set(key, known);
    return known;
  }
}

/** Enough of a hash to tell values apart. */
function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64').slice(0, 12);
}

const object = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
