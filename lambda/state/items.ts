import { ITEM_KINDS } from '../core/contract.ts';

/** A kind with one item. */
interface SingleItem {
  readonly id: string;
}

/** A kind with many items, each for a time. */
export interface ItemFamily {
  readonly id: (key: string | number) => string;
  /** How long an item is kept, in seconds, counted from what it is about. */
  readonly retentionSeconds: number;
}

const single = (id: string): SingleItem => ({ id });
const many = (kind: string, retentionSeconds: number): ItemFamily => ({
  id: (key) => `${kind}#${key}`,
  retentionSeconds,
});

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Every kind of item in the state table: its id, what it is for, and how long it is kept. */
export const ITEMS = {
  /** The launch rate that all re-runs share, and what is known about the bucket. */
  rate: single(ITEM_KINDS.rate),
  /** The part of the event history that sweeps have read without a gap. */
  coverage: single(ITEM_KINDS.coverage),
  /** The schedule of requests to the event history, which the whole account shares. */
  lookups: single(ITEM_KINDS.lookups),
  /** By minute: what the event history says of the tasks that were launched in it. */
  lookup: many(ITEM_KINDS.lookup, HOUR),
  /** Exists while people hold all permits. */
  pause: single(ITEM_KINDS.pause),
  /** What tokens of our own are made with; never changed, never expiring. */
  tokenKey: single(ITEM_KINDS.tokenKey),
  /** By call id: when calls were made under it, where one was placed in part. */
  occasion: many(ITEM_KINDS.occasion, 3 * DAY),
  /** By call id and what was placed of it: the execution that sees to the rest. No call waits for longer than a day. */
  rest: many(ITEM_KINDS.rest, 3 * DAY),
  /** By cluster: who sweeps it. The sweep deletes it at its end. */
  sweep: many(ITEM_KINDS.sweep, 0),
  /** By minute: calls of others in each second, and how late their records were. */
  traffic: many(ITEM_KINDS.traffic, HOUR),
  /** Rooms that were full of late, and what became of their places. */
  rooms: single(ITEM_KINDS.rooms),
  /** By CloudTrail event id, or task and what it did: this was counted. */
  counted: many(ITEM_KINDS.counted, HOUR),
  /** By task ARN: what the accepted call that launched it asked for. */
  launch: many(ITEM_KINDS.launch, 3 * DAY),
  /** By call id: when ECS accepted the call, and the tasks that it launched. */
  accepted: many(ITEM_KINDS.accepted, 3 * DAY),
  /** By execution name: which request it was started for. Names stay taken for 90 days. */
  call: many(ITEM_KINDS.call, 91 * DAY),
  /** By unique id of a role or user: its ARN, which SQS does not tell. */
  principal: many(ITEM_KINDS.principal, 91 * DAY),
  /** By event: people were notified about it. */
  notified: many(ITEM_KINDS.notified, 3 * DAY),
  /** By group of notices: how many there were. */
  notice: many(ITEM_KINDS.notice, 2 * DAY),
  /** By hour: tasks launched, if a cap limits them. */
  spend: many(ITEM_KINDS.spend, 2 * HOUR),
} as const;
