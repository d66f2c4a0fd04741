import { HAND_OVER_QUEUE_ARN, sqsEvent } from '../support/dependencies.ts';
import { ACCOUNT, acceptedText, eventText, OWN_ROLE, stoppedText } from '../support/records.ts';
import { partOf, remembering } from './parts.ts';
import type { Message, Recorded, State, World } from './state.ts';
import { CALLER_REQUEST } from './worlds.ts';

const texts = new Map<string, string>();

/** The unique id of the caller's role, as records and SQS know it. */
export const CRON_ID = 'AROAEXAMPLEEXAMPLE123';

/** The text of an event: `record N` or `task N`. */
function textOf(state: State, world: World, event: string): string {
  const [kind, number] = event.split(' ') as ['record' | 'task', string];
  const record = state.records[Number(number)];
  const found = kind === 'record' ? record : state.tasks[Number(number)];
  const key = `${event} ${found && partOf(found)} ${world.count} ${world.rejectedRecords}`;
  const text =
    texts.get(key) ??
    (kind === 'record' && record
      ? recordText(record, Number(number), world)
      : taskText(Number(number), state.tasks[Number(number)]?.atMs ?? 0));
  texts.set(key, text);
  return text;
}

/** The very part that DescribeTasks shows of an event. */
export const detailOf = (state: State, world: World, event: string): unknown =>
  parsed(textOf(state, world, event)).detail;
const parsed = remembering((text) => JSON.parse(text));

/** What the event history shows of an event: the same part, as text. */
export const historyEntryOf = (state: State, world: World, event: string): object =>
  historyEntry(textOf(state, world, event));
const historyEntry = remembering((text): object => ({ CloudTrailEvent: JSON.stringify(parsed(text).detail) }));

/** What the intake is invoked with for an event. */
export function deliveryOf(state: State, world: World, event: string): object {
  const [kind, number] = event.split(' ');
  const message = kind === 'message' ? state.messages[Number(number)] : undefined;
  return message ? messageDelivery(message, `message-${number}`, world) : delivery(textOf(state, world, event));
}
const delivery = remembering((text) => sqsEvent(text) as object);

export const taskArn = (task: number) =>
  `arn:aws:ecs:us-east-1:${ACCOUNT}:task/batch/${String(task).padStart(32, '0')}`;
export const taskOf = (arn: string) => Number(arn.slice(-32));

function recordText({ atMs, token, isOwn, isRejected, tasks, isPartial }: Recorded, number: number, world: World) {
  const caller = { sessionContext: { sessionIssuer: { arn: OWN_ROLE } } };
  const changes = {
    detail: { eventID: `record-${number}`, eventTime: instant(atMs), ...(isOwn && { userIdentity: caller }) },
    request: { clientToken: token, count: world.count },
  };
  if (isRejected && world.rejectedRecords === 'bare') {
    return eventText({ detail: { ...changes.detail, requestParameters: null } });
  }
  if (isRejected) return eventText(changes);
  return acceptedText(tasks.map(taskArn), isPartial ? [{ reason: 'RESOURCE:MEMORY' }] : [], changes);
}

function taskText(task: number, atMs: number): string {
  return stoppedText({ taskArn: taskArn(task), createdAt: instant(atMs), stoppedAt: instant(atMs) });
}

/** CloudTrail tells whole seconds. */
const instant = (atMs: number) => new Date(Math.floor(atMs / 1000) * 1000).toISOString();

const messages = new Map<string, object>();

/** What the intake is invoked with for a message of the hand-over queue. */
function messageDelivery({ sentAtMs, firstAttemptAtMs }: Message, messageId: string, world: World): object {
  const { clientToken, count, key } = world;
  const error = { code: 'ThrottlingException', message: 'Rate exceeded', requestIds: [] };
  const body =
    firstAttemptAtMs === undefined
      ? { request: { ...CALLER_REQUEST, count }, key }
      : {
          request: { ...CALLER_REQUEST, count, clientToken },
          error,
          firstAttemptAt: new Date(firstAttemptAtMs).toISOString(),
        };
  const attributes = { ApproximateReceiveCount: '1', SenderId: `${CRON_ID}:session`, SentTimestamp: String(sentAtMs) };
  const record = {
    messageId,
    body: JSON.stringify(body),
    attributes,
    messageAttributes: {},
    eventSourceARN: HAND_OVER_QUEUE_ARN,
  };
  const text = JSON.stringify(record);
  const known = messages.get(text) ?? { Records: [record] };
  messages.set(text, known);
  return known;
}
