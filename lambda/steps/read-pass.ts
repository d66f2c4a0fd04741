import type { RunTaskRecord } from '../core/events/run-task-record.ts';
import type { StoppedTask } from '../core/events/stopped-task.ts';
import { historyWindow, type Pass, type SweepState } from '../core/sweep/sweep-state.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { makeHistory } from '../sources/event-history.ts';
import { makeStoppedTasks } from '../sources/stopped-tasks.ts';

/** How long one invocation reads. The next one goes on where it stopped. */
const BUDGET_MS = 45_000;

/** How long a function waits for its place in the history's schedule. */
const HISTORY_PATIENCE_MS = 10_000;

/** Takes what a page holds. */
export interface Candidates {
  /** Returns how many of the page's candidates are new calls. */
  handleAll(page: readonly (RunTaskRecord | StoppedTask)[]): Promise<number>;
  isKnown(taskArn: string): boolean;
}

/** How far a pass came. */
export interface PassReading {
  readonly pass: Pass;
  /** When the history is free again, where reading it has to wait for longer than a function should. */
  readonly busyUntilMs?: number;
  /** Why a page could not be read; `pass` goes on with it. */
  readonly error?: unknown;
}

/** What a page added to a pass. */
type Read = Pick<Pass, 'found'> & Partial<Pass>;
/** When the history is free again. */
interface Busy {
  readonly busyUntilMs: number;
}

/** Reads what a pass has to read: the event history, and stopped tasks beside it, as each page of the history has to wait for its place. */
export function makePassReader(
  dependencies: HandlerDependencies<'ecs' | 'cloudTrail' | 'dynamoDb'>,
  { handleAll, isKnown }: Candidates,
) {
  const { clock, log } = dependencies;
  const readHistory = makeHistory(dependencies);
  const stoppedTasks = makeStoppedTasks(dependencies);

  /** Reads the next page of the event history. */
  async function readRecords(state: SweepState, pass: Pass): Promise<Read | Busy | undefined> {
    if (pass.isHistoryDone) return undefined;
    const page = await readHistory(historyWindow({ ...state, pass }), pass.historyToken, HISTORY_PATIENCE_MS);
    if ('busyUntilMs' in page) return page;
    const found = await handleAll(page.records);
    if (page.unreadable > 0) log.warn('records of the event history could not be read', { records: page.unreadable });
    const hasGaps = pass.hasGaps || page.unreadable > 0;
    return { found, hasGaps, historyToken: page.nextToken, isHistoryDone: page.nextToken === undefined };
  }

  /** Reads the list of clusters, then the next page of stopped tasks. */
  async function readTasks(state: SweepState, pass: Pass): Promise<Read | undefined> {
    if (!pass.clusters) return { found: 0, clusters: await stoppedTasks.clustersOf(state.cluster) };
    const [cluster, ...others] = pass.clusters;
    if (cluster === undefined) return undefined;
    const page = await stoppedTasks.page(cluster, pass.tasksToken, isKnown);
    const found = await handleAll(page.tasks);
    const clusters = page.nextToken === undefined ? others : pass.clusters;
    return { found, clusters, tasksToken: page.nextToken };
  }

  /** Reads on until the pass is complete or the time of the invocation is over. */
  return async function readPass(state: SweepState, begun: Pass): Promise<PassReading> {
    const untilMs = clock.now() + BUDGET_MS;
    let pass = begun;
    /** Reads page by page; returns when the history is free again, if it is not. */
    async function readAll(readPage: typeof readRecords): Promise<number | undefined> {
      while (clock.now() < untilMs) {
        const read = await readPage(state, pass);
        if (!read) return undefined;
        if ('busyUntilMs' in read) return read.busyUntilMs;
        pass = { ...pass, ...read, found: pass.found + read.found };
      }
      return undefined;
    }
    // Both have to end, even if one failed: neither may run on beside the next invocation.
    const readings = await Promise.allSettled([readAll(readRecords), readAll(readTasks)]);
    const failed = readings.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') return { pass, error: failed.reason };
    const [history] = readings;
    return { pass, ...(history.status === 'fulfilled' && history.value && { busyUntilMs: history.value }) };
  };
}
