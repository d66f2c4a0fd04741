import type { IgnoreReason } from '../core/contract.ts';
import type { RunTaskRecord } from '../core/events/run-task-record.ts';
import { isOwnCall } from '../core/opt-in/opt-in.ts';
import { foreignLaunch } from '../core/rerun/launch-record.ts';
import {
  foreignReason,
  type Lookup,
  type LookupTurn,
  lookupMinute,
  lookupSchema,
  lookupTurn,
  lookupWindow,
  released,
  withPage,
} from '../core/rerun/lookup.ts';
import { launchesOf } from '../core/verdict/recorded-call.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { makeHistory } from '../sources/event-history.ts';
import { ITEMS } from '../state/items.ts';
import { makeLaunchStore } from '../state/launch-store.ts';
import { makeVersionedItem } from '../state/versioned-item.ts';

/** No function waits for longer than this for its place in the history's schedule: the workflow does. */
const PATIENCE_MS = 2000;
/** How long one function reads on. */
const READ_MS = 5000;
/** How long somebody waits whom others are before. */
const BUSY_MS = 20_000;

/** What a task's launch looks like from the history. */
export type Found =
  /** All that there is was read, and kept. */
  | { readonly kind: 'read' }
  /** Somebody reads. */
  | { readonly kind: 'busy'; readonly untilMs: number }
  | { readonly kind: 'foreign'; readonly reason: IgnoreReason };

const taskIdOf = (taskArn: string) => taskArn.slice(taskArn.lastIndexOf('/') + 1);

/** Looks into the event history for tasks without launch records: once for all that were launched within a minute. */
export function makeLaunchLookup(dependencies: HandlerDependencies<'dynamoDb' | 'cloudTrail'>) {
  const { clock, environment, random } = dependencies;
  const { settings, awsEnvironment } = environment;
  const ownRoleArn = environment.variable('runTaskRoleArn');
  const store = makeLaunchStore(dependencies);
  const readHistory = makeHistory(dependencies);
  /** What a warm function knows of the minutes that it was asked for: it need not ask the table for each task. */
  let known = new Map<number, Lookup>();

  function remember(minute: number, state: Lookup): void {
    if (known.size >= 100) known = new Map();
    known.set(minute, state);
  }

  /** Keeps the launches on a page; returns the tasks, and why those are none of ours that are not. */
  async function keep(records: readonly RunTaskRecord[]) {
    // What we launched ourselves has a lineage that only our own record of it holds.
    const others = records.filter(({ caller }) => !isOwnCall(caller, ownRoleArn));
    const launches = others.flatMap((record) => launchesOf(record, { awsEnvironment, ownRoleArn }));
    const reasonOf = ({ record }: (typeof launches)[number]) => foreignLaunch(record, settings);
    await store.put(launches.filter((launch) => reasonOf(launch) === undefined));
    return launches.map((launch) => ({
      taskId: taskIdOf(launch.taskArn),
      atMs: launch.atMs,
      reason: reasonOf(launch),
    }));
  }

  /** Reads on until the minute is read whole, the time is up, or others are before. */
  async function read(minute: number, begun: Lookup): Promise<Lookup> {
    const untilMs = clock.now() + READ_MS;
    let state = begun;
    while (!state.isDone && clock.now() < untilMs) {
      const page = await readHistory(lookupWindow(minute), state.nextToken, PATIENCE_MS);
      if ('busyUntilMs' in page) break;
      state = withPage(state, page.nextToken, await keep(page.records));
    }
    return state;
  }

  return {
    /** Why a task is none of ours, where this function has read of it. */
    foreign: (taskArn: string, createdAtMs: number): IgnoreReason | undefined => {
      const lookup = known.get(lookupMinute(createdAtMs));
      return lookup && foreignReason(lookup, taskIdOf(taskArn), createdAtMs);
    },

    async find(taskArn: string, createdAtMs: number, freshSinceMs: number): Promise<Found> {
      const minute = lookupMinute(createdAtMs);
      const item = makeVersionedItem(dependencies, ITEMS.lookup.id(minute), lookupSchema, {
        retentionSeconds: ITEMS.lookup.retentionSeconds,
      });
      const turn = await item.update((state): LookupTurn => {
        const isKnown = state !== undefined && foreignReason(state, taskIdOf(taskArn), createdAtMs) !== undefined;
        return isKnown ? { kind: 'done', state } : lookupTurn(state, freshSinceMs, clock.now());
      });
      let { state } = turn;
      if (turn.kind === 'read') {
        state = await read(minute, state);
        const written = released(state, clock.now());
        // Whoever took over meanwhile, because this took too long, has read as much.
        await item.update((now) => ({ state: now && now.leaseUntilMs > turn.state.leaseUntilMs ? now : written }));
      }
      remember(minute, state);
      const reason = foreignReason(state, taskIdOf(taskArn), createdAtMs);
      if (reason) return { kind: 'foreign', reason };
      return state.isDone && turn.kind !== 'busy'
        ? { kind: 'read' }
        : { kind: 'busy', untilMs: clock.now() + BUSY_MS * (1 + random()) };
    },
  };
}
