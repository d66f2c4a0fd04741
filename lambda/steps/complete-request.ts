import { completionStep } from './core/completion.ts';
import type { FailedTask, LaunchRecord } from './core/launch.ts';
import { isOwnCall } from './core/policy.ts';
import type { RerunInput } from './core/rerun.ts';
import { launchesOf } from './core/run-task-verdict.ts';
import type { FinishReply, makeFinisher } from './finish.ts';
import { makeHistory } from './history.ts';
import { makeLaunchStore } from './launch-store.ts';
import type { Wiring } from './ports.ts';

export type CompletionReply =
  | { readonly next: 'attempt'; readonly rerun: RerunInput }
  | { readonly next: 'wait'; readonly waitUntil: string }
  | FinishReply;

/** A task's launch is recorded at the second it was created in; clocks and rounding make it a few. */
const AROUND_LAUNCH_MS = 5000;
/** At one page a second this stays well within the function's timeout; fifty records a page. */
const MAX_PAGES = 40;

/** Completes the request of a task that failed to start, from its launch record. */
export function makeCompleter(wiring: Wiring<'dynamoDb' | 'cloudTrail'>, finish: ReturnType<typeof makeFinisher>) {
  const { clock, environment } = wiring;
  const { settings, home } = environment;
  const ownRoleArn = environment.variable('runTaskRoleArn');
  const store = makeLaunchStore(wiring);
  const readHistory = makeHistory(wiring);

  /** Looks for the call that started a task, and keeps all launches that come to light on the way. */
  async function lookUp({ taskArn, createdAt }: FailedTask): Promise<LaunchRecord | undefined> {
    const createdAtMs = Date.parse(createdAt);
    const window = { fromMs: createdAtMs - AROUND_LAUNCH_MS, toMs: createdAtMs + AROUND_LAUNCH_MS };
    let nextToken: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const found = await readHistory(window, nextToken);
      // What we launched ourselves has a lineage that only our own record of it holds.
      const others = found.records.filter(({ caller }) => !isOwnCall(caller, ownRoleArn));
      const launches = others.flatMap((record) => launchesOf(record, home));
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
        return { next: 'attempt', rerun: step.rerun };
      case 'wait':
        return { next: 'wait', waitUntil: new Date(step.untilMs).toISOString() };
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
