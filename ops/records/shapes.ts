import { parseArn } from '../../lambda/core/arn.ts';
import { parseJson } from '../../lambda/core/json.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a value of a file turned out to be. */
export type Found =
  /** An event of ECS as EventBridge delivers it: CloudTrail's records and tasks are put into the envelope that they would have. */
  | { readonly kind: 'event'; readonly event: Json }
  /** A record or event of another service. */
  | { readonly kind: 'foreign'; readonly source: string; readonly record: Json }
  /** A log line of one of the stack's functions. */
  | { readonly kind: 'line'; readonly line: Json }
  | { readonly kind: 'unknown' };

const ECS = 'ecs.amazonaws.com';

/** All records in a value: in lists, in what LookupEvents and DescribeTasks answer, in the text of a record. */
export function* recordsIn(value: unknown): Generator<Found> {
  if (Array.isArray(value)) {
    for (const element of value) yield* recordsIn(element);
    return;
  }
  if (typeof value === 'string') {
    const inner = parseJson(value);
    // As `--query 'Events[].CloudTrailEvent'` prints records; the text of a text is nobody's output.
    if (isObject(inner)) yield* recordsIn(inner);
    else yield { kind: 'unknown' };
    return;
  }
  if (!isObject(value)) {
    yield { kind: 'unknown' };
    return;
  }
  yield* recordsOf(value);
}

function* recordsOf(value: Json): Generator<Found> {
  const { CloudTrailEvent: text, Records, Events, tasks, event, message, events, results } = value;
  const isEvent = typeof value['detail-type'] === 'string';
  if (isEvent) yield eventOf(value);
  else if (typeof text === 'string') yield* recordsIn(text);
  else if (Array.isArray(Records)) yield* recordsIn(Records);
  else if (Array.isArray(Events)) yield* recordsIn(Events);
  else if (typeof value.eventSource === 'string' && typeof value.eventName === 'string') yield recordOf(value);
  else if (typeof value.taskArn === 'string' && typeof value.lastStatus === 'string') yield taskOf(value);
  else if (Array.isArray(tasks)) yield* recordsIn(tasks);
  else if (typeof message === 'string') yield lineOf(value, message);
  // As FilterLogEvents and GetQueryResults answer.
  else if (Array.isArray(events)) yield* recordsIn(events);
  else if (Array.isArray(results)) for (const row of results) yield* recordsIn({ message: messageIn(row) });
  // A case of this project's own tests: an event and what is expected of it.
  else if (isObject(event) && typeof event['detail-type'] === 'string') yield eventOf(event);
  else yield { kind: 'unknown' };
}

function eventOf(event: Json): Found {
  const { source, detail } = event;
  if (!isObject(detail) || typeof source !== 'string') return { kind: 'unknown' };
  // Of EventBridge, records of ECS have the source that its other events have.
  const isForeign = source !== 'aws.ecs' || ('eventSource' in detail && detail.eventSource !== ECS);
  return isForeign
    ? { kind: 'foreign', source: nameOf(detail.eventSource ?? source), record: detail }
    : { kind: 'event', event };
}

function recordOf(record: Json): Found {
  const { eventSource, eventName, eventTime, awsRegion, recipientAccountId, userIdentity } = record;
  if (eventSource !== ECS) return { kind: 'foreign', source: nameOf(eventSource), record };
  // Events of the service itself (`AwsServiceEvent`) and sign-ins are no calls; they have no name that a call has.
  const account = recipientAccountId ?? (isObject(userIdentity) ? userIdentity.accountId : undefined) ?? '';
  const event = {
    account,
    region: awsRegion,
    source: 'aws.ecs',
    'detail-type': 'AWS API Call via CloudTrail',
    time: eventTime,
    detail: { ...record, eventName },
  };
  return { kind: 'event', event };
}

/** A line as a function writes it, or as CloudWatch Logs answers with it: as the text of a message. */
function lineOf(value: Json, message: string): Found {
  const { service, level, timestamp } = value;
  if (typeof service === 'string' && typeof level === 'string') return { kind: 'line', line: value };
  const inner = message.startsWith('{') ? parseJson(message) : undefined;
  if (!isObject(inner) || typeof inner.service !== 'string') return { kind: 'unknown' };
  return { kind: 'line', line: { timestamp, ...inner } };
}

/** The text of a line in a row of a query's result. */
function messageIn(row: unknown): unknown {
  const fields = Array.isArray(row) ? row.filter(isObject) : [];
  return fields.find(({ field }) => field === '@message')?.value;
}

/** Times as programs print them that do not print those of events: seconds since the epoch, or with a blank in the middle. */
const TIMES = ['createdAt', 'startedAt', 'stoppedAt', 'updatedAt'] as const;

function taskOf(task: Json): Found {
  const { account = '', region = '' } = parseArn(`${task.taskArn}`) ?? {};
  const times = Object.fromEntries(TIMES.filter((name) => name in task).map((name) => [name, instantOf(task[name])]));
  const event = {
    account,
    region,
    source: 'aws.ecs',
    'detail-type': 'ECS Task State Change',
    detail: { ...task, ...times },
  };
  return { kind: 'event', event };
}

function instantOf(time: unknown): unknown {
  if (typeof time === 'number') {
    const date = new Date(Math.round(time * 1000));
    return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
  }
  return typeof time === 'string' ? time.replace(/^(\d{4}-\d\d-\d\d) /, '$1T') : time;
}

/** A service's name, as far as it can be one: nothing else of a record is printed. */
const nameOf = (source: unknown) =>
  typeof source === 'string' && /^[\w.-]{1,64}$/.test(source) ? source : 'an unknown service';

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
