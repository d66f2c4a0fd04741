import type { Faults, Launch, Message, Recorded, State } from './state.ts';
import { with_ } from './state.ts';

/** A token is forgotten an hour after its last task stopped; tasks of this model stop as soon as they started. */
const TOKEN_LIFE_MS = 3_600_000;

export interface Request {
  readonly token: string | undefined;
  /** Everything but the token, as ECS compares it. */
  readonly parameters: string;
  readonly count: number;
  readonly isOwn: boolean;
}

/** What ECS may make of a request that it accepts. */
const FATES: readonly { readonly label: string; readonly cost?: keyof Faults }[] = [
  { label: '' },
  { label: ', with room for one task fewer', cost: 'fullClusters' },
  { label: ', and its tasks fail to start', cost: 'failedStarts' },
];

/** One way in which a request may end. */
export interface Accepted {
  readonly label: string;
  readonly isFault: boolean;
  readonly state: State;
  readonly launch: Launch;
  readonly isConflict: boolean;
}

/** All that may follow where ECS does not throttle a request. */
export function acceptances(state: State, request: Request, atMs: number): Accepted[] {
  const known = request.token === undefined ? undefined : state.tokens[request.token];
  if (known && atMs < known.atMs + TOKEN_LIFE_MS) {
    const isConflict = known.request !== request.parameters;
    return [{ label: isConflict ? 'conflicts' : 'is repeated', isFault: false, state, launch: known, isConflict }];
  }
  return FATES.flatMap(({ label, cost }) => {
    const faults = cost ? spend(state.faults, cost) : state.faults;
    if (!faults) return [];
    const isPartial = cost === 'fullClusters';
    const runs = cost !== 'failedStarts';
    const first = state.tasks.length;
    const tasks = Array.from({ length: request.count - (isPartial ? 1 : 0) }, (_, index) => first + index);
    const launch = { atMs, request: request.parameters, tasks, isPartial };
    const launched: State = {
      ...state,
      faults,
      tasks: [...state.tasks, ...tasks.map(() => ({ token: request.token, atMs, runs }))],
      ...(request.token !== undefined && { tokens: with_(state.tokens, request.token, launch) }),
    };
    const stopped = runs ? launched : tasks.reduce((after, task) => sent(after, `task ${task}`), launched);
    const record = { atMs, token: request.token, isOwn: request.isOwn, isRejected: false, tasks, isPartial };
    const next = recorded(stopped, record);
    return [{ label: `is accepted${label}`, isFault: cost !== undefined, state: next, launch, isConflict: false }];
  });
}

/** Keeps a record in the event history; those of others are delivered, too. */
export function recorded(state: State, record: Recorded): State {
  const next = { ...state, records: [...state.records, record] };
  return record.isOwn ? next : sent(next, `record ${state.records.length}`);
}

/** Keeps a message in the hand-over queue. */
export function handedOver(state: State, message: Message): State {
  return sent({ ...state, messages: [...state.messages, message] }, `message ${state.messages.length}`);
}

/** Puts a copy of an event on its way. */
export function sent(state: State, event: string): State {
  const { waiting, busy } = state.events[event] ?? { waiting: 0, busy: 0 };
  return { ...state, events: with_(state.events, event, { waiting: waiting + 1, busy }) };
}

/** What is left of the faults after one of a kind; undefined where none is left. */
export function spend(faults: Faults, kind: keyof Faults): Faults | undefined {
  return faults[kind] > 0 ? { ...faults, [kind]: faults[kind] - 1 } : undefined;
}

/** A request's parameters as one text, whatever their order. */
export const comparable = (parameters: object): string =>
  JSON.stringify(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1)));
