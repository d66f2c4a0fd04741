import { sqsEvent } from '../support/dependencies.ts';
import { ACCOUNT, acceptedText, eventText, OWN_ROLE, stoppedText } from '../support/records.ts';
import { partOf, remembering } from './parts.ts';
import type { Recorded, State, World } from './state.ts';

const texts = new Map<string, string>();

/** The text of an event: `record N` or `task N`. */
function textOf(state: State, world: World, event: string): string {
  const [kind, number] = event.split(' ') as ['record' | 'task', string];
  const record = state.records[Number(number)];
  const found = kind === 'record' ? record : state.tasks[Number(number)];
  const key = `${event} ${found && partOf(found)} ${world.count}`;
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
export const deliveryOf = (state: State, world: World, event: string): object => delivery(textOf(state, world, event));
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
  if (isRejected) return eventText(changes);
  return acceptedText(tasks.map(taskArn), isPartial ? [{ reason: 'RESOURCE:MEMORY' }] : [], changes);
}

function taskText(task: number, atMs: number): string {
  return stoppedText({ taskArn: taskArn(task), createdAt: instant(atMs), stoppedAt: instant(atMs) });
}

/** CloudTrail tells whole seconds. */
const instant = (atMs: number) => new Date(Math.floor(atMs / 1000) * 1000).toISOString();
