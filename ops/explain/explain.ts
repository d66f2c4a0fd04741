import { clusterName, familyName } from '../../lambda/core/arn.ts';
import { SERVICE_EVENTS } from '../../lambda/core/contract.ts';
import { lostTo } from '../../lambda/core/events/classify-event.ts';
import { type BusEvent, decodeEvent } from '../../lambda/core/events/event.ts';
import { BUCKET_OPERATIONS, OTHER_OPERATIONS } from '../../lambda/core/events/run-task-record.ts';
import { decide } from '../../lambda/core/verdict/decide.ts';
import type { Verdict } from '../../lambda/core/verdict/verdict.ts';
import { adviceFor } from './advice.ts';
import type { Judge, JudgeOf } from './settings.ts';

/** The verdict on one record, and why: names and reasons, never what was asked for. What is not known is null. */
export interface Explanation {
  readonly time: string | null;
  readonly kind: Verdict['kind'];
  readonly reason: string | null;
  readonly class: 'throttle' | 'capacity' | 'none';
  /** Of the execution that re-runs the call. */
  readonly name: string | null;
  readonly caller: string | null;
  readonly family: string | null;
  readonly cluster: string | null;
  readonly advice: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Stands for the role of the stack's own requests, which no file of records tells. */
export const NO_ROLE = 'arn:aws:iam::000000000000:role/none';
const MALFORMED: Verdict = { kind: 'refuse', reason: 'malformed', caller: '' };
const NOT_RUN_TASK: Verdict = { kind: 'ignore', reason: 'notRunTask' };
const SCHEDULER_ADVICE =
  'The service scheduler was throttled, and repeats its own work. The event starts a sweep of its cluster for calls that were lost.';

/** Judges an event of ECS, as if it had just come, by the code that the stack decides with. */
export function explain(event: Json, judgeOf: JudgeOf): Explanation {
  switch (event['detail-type']) {
    case 'AWS API Call via CloudTrail':
      return explainCall(event, judgeOf);
    case 'ECS Task State Change':
      return explainDecoded(event, judgeOf) ?? unread(event, MALFORMED);
    default:
      return explainServiceEvent(event);
  }
}

function explainCall(event: Json, judgeOf: JudgeOf): Explanation {
  const detail = event.detail as Json;
  if (BUCKET_OPERATIONS.some((operation) => operation === detail.eventName)) {
    return explainDecoded(event, judgeOf) ?? unread(event, MALFORMED);
  }
  // No rule delivers it. It is no more a RunTask call than those are that share RunTask's bucket.
  const likeThose = { ...event, detail: { ...detail, eventName: OTHER_OPERATIONS[0] } };
  return explainDecoded(likeThose, judgeOf) ?? unread(event, NOT_RUN_TASK);
}

function explainServiceEvent(event: Json): Explanation {
  const { eventName, clusterArn } = event.detail as Json;
  const explanation = unread(event, NOT_RUN_TASK);
  if (!Object.values(SERVICE_EVENTS).some((name) => name === eventName)) return explanation;
  const cluster = typeof clusterArn === 'string' ? (/:cluster\/(.+)$/.exec(clusterArn)?.[1] ?? null) : null;
  return { ...explanation, class: 'throttle', cluster, advice: SCHEDULER_ADVICE };
}

/** An event of ECS, decoded, and the verdict on it; undefined where it cannot be decoded. */
export function judged(json: Json, judgeOf: JudgeOf): { event: BusEvent; verdict: Verdict } | undefined {
  const event = decodeEvent(JSON.stringify(json));
  if (!('kind' in event)) return undefined;
  return { event, verdict: verdictOn(event, judgeOf({ account: event.account, region: event.region })) };
}

function explainDecoded(json: Json, judgeOf: JudgeOf): Explanation | undefined {
  const found = judged(json, judgeOf);
  if (!found) return undefined;
  const { event, verdict } = found;
  return {
    time: instant(timeOf(event)),
    kind: verdict.kind,
    reason: 'reason' in verdict ? verdict.reason : null,
    class: lostTo(event),
    name: verdict.kind === 'rerun' ? verdict.name : null,
    caller: event.kind === 'stoppedTask' ? null : event.caller.principalArn || null,
    ...purposeOf(event),
    advice: adviceFor(verdict),
  };
}

function verdictOn(event: BusEvent, { settings, awsEnvironment }: Judge): Verdict {
  const verdict = decide(event, { awsEnvironment, settings, ownRoleArn: NO_ROLE, nowMs: timeOf(event) });
  // What a stack that observes makes of it: lambda/steps/apply-verdict.ts.
  const isObserved = settings.mode === 'observe' && verdict.kind === 'rerun';
  return isObserved ? { kind: 'ignore', reason: 'observeMode' } : verdict;
}

const timeOf = (event: BusEvent) => (event.kind === 'stoppedTask' ? event.stoppedAtMs : event.eventTimeMs);

/** What a call or task was for, as far as its record says: a bare one says nothing. */
export function purposeOf(event: BusEvent): Pick<Explanation, 'family' | 'cluster'> {
  const home = { account: event.account, region: event.region };
  if (event.kind === 'stoppedTask') {
    const { taskDefinitionArn, clusterArn } = event;
    return { family: familyName(taskDefinitionArn, home) ?? null, cluster: clusterName(clusterArn, home) ?? null };
  }
  if (event.kind === 'otherCallRecord') return { family: null, cluster: null };
  const request = event.requestParameters as Json | null;
  if (typeof request !== 'object' || request === null) return { family: null, cluster: null };
  const { taskDefinition, cluster } = request;
  // CloudTrail omits what is too long: a request without its task definition may have named a cluster.
  if (typeof taskDefinition !== 'string') return { family: null, cluster: null };
  return {
    family: familyName(taskDefinition, home) ?? null,
    cluster: cluster === undefined || typeof cluster === 'string' ? (clusterName(cluster, home) ?? null) : null,
  };
}

/** Of an event that says no more than that it is. */
function unread(event: Json, verdict: Verdict): Explanation {
  const { eventTime } = event.detail as Json;
  const time = Date.parse(`${eventTime ?? event.time}`);
  return {
    time: Number.isNaN(time) ? null : instant(time),
    kind: verdict.kind,
    reason: 'reason' in verdict ? verdict.reason : null,
    class: 'none',
    name: null,
    caller: null,
    family: null,
    cluster: null,
    advice: adviceFor(verdict),
  };
}

/** Where a task tells no time, none is known. */
const instant = (milliseconds: number) => (milliseconds > 0 ? new Date(milliseconds).toISOString() : null);
