import { RERUN_NEXT } from '../core/contract.ts';
import { isOwnCall } from '../core/opt-in/opt-in.ts';
import { completionStep } from '../core/rerun/completion.ts';
import type { FailedTask, LaunchRecord } from '../core/rerun/launch-record.ts';
import type { RerunInput } from '../core/rerun/rerun-input.ts';
import { launchesOf } from '../core/verdict/recorded-call.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { makeHistory } from '../sources/event-history.ts';
import { makeLaunchStore } from '../state/launch-store.ts';
import type { FinishReply, makeFinisher } from './finish.ts';

export type CompletionReply =
  | { readonly next: typeof RERUN_NEXT.attempt; readonly rerun: RerunInput }
  | { readonly next: typeof RERUN_NEXT.waitForRecord; readonly waitUntil: string }
  | FinishReply;

/** The record of a launch has the second in which the task was created. Clocks and rounding make it a few seconds. */
const AROUND_LAUNCH_MS = 5000;
/** Fifty records a page, one page a second: this stays well below the function's timeout. */
const MAX_PAGES = 40;

/** Completes the request of a task that failed to start, from its launch record. */
export function makeCompleter(
  dependencies: HandlerDependencies<'dynamoDb' | 'cloudTrail'>,
  finish: ReturnType<typeof makeFinisher>,
) {
  const { clock, environment } = dependencies;
  const { settings, awsEnvironment } = environment;
  const ownRoleArn = environment.variable('runTaskRoleArn');
  const store = makeLaunchStore(dependencies);
  const readHistory = makeHistory(dependencies);

  /** Searches the event history for the call that started a task. Keeps all launches that it finds on the way. */
  async function lookUp({ taskArn, createdAt }: FailedTask): Promise<LaunchRecord | undefined> {
    const createdAtMs = Date.parse(createdAt);
    const window = { fromMs: createdAtMs - AROUND_LAUNCH_MS, toMs: createdAtMs + AROUND_LAUNCH_MS };
    let nextToken: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const found = await readHistory(window, nextToken);
      // For our own launches only our own record holds the lineage.
      const others = found.records.filter(({ caller }) => !isOwnCall(caller, ownRoleArn));
      const launches = others.flatMap((record) => launchesOf(record, { awsEnvironment, ownRoleArn }));
      await store.put(launches);
      const own = launches.find((launch) => launch.taskArn === taskArn);
      if (own) return own.record;
      nextToken = found.nextToken;
      if (nextToken === undefined) return undefined;
    }
    return undefined;
  }

  return async function complete(rerun: RerunInput, failedTask: FailedTask): Promise<CompletionReply> {
    let record = await store.get(failedTask.taskArn);
    const decide = (hasLookedUp: boolean) =>
      completionStep({ rerun, failedTask, record, hasLookedUp, settings, nowMs: clock.now() });
    let step = decide(false);
    if (step.kind === 'lookUp') {
      record = await lookUp(failedTask);
      step = decide(true);
    }
    switch (step.kind) {
      case 'ready':
        return { next: RERUN_NEXT.attempt, rerun: step.rerun };
      case 'wait':
        return { next: RERUN_NEXT.waitForRecord, waitUntil: new Date(step.untilMs).toISOString() };
      case 'ignore':
        return finish(rerun, { kind: 'ignored', reason: step.reason });
      case 'fail':
        return finish(rerun, step.result);
      case 'lookUp':
        throw new Error('expected a decision after the look-up');
      default:
        return step satisfies never;
    }
  };
}
