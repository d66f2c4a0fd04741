import { RERUN_NEXT } from '../core/contract.ts';
import { findFull } from '../core/rate/room.ts';
import { NO_ROOMS, roomsSchema } from '../core/rate/room-state.ts';
import { completionStep } from '../core/rerun/completion.ts';
import { credibleRecord, type FailedTask } from '../core/rerun/launch-record.ts';
import type { RerunInput } from '../core/rerun/rerun-input.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { ITEMS } from '../state/items.ts';
import { makeLaunchStore } from '../state/launch-store.ts';
import { makeVersionedItem } from '../state/versioned-item.ts';
import type { FinishReply, makeFinisher } from './finish.ts';
import { makeLaunchLookup } from './look-up-launch.ts';
import { reportFull } from './report-room.ts';

export type CompletionReply =
  | { readonly next: typeof RERUN_NEXT.attempt; readonly rerun: RerunInput }
  | { readonly next: typeof RERUN_NEXT.waitForRecord; readonly waitUntil: string }
  | FinishReply;

const waitForRecord = (untilMs: number) => ({
  next: RERUN_NEXT.waitForRecord,
  waitUntil: new Date(untilMs).toISOString(),
});

/** Completes the request of a task that failed to start, from its launch record. */
export function makeCompleter(
  dependencies: HandlerDependencies<'dynamoDb' | 'cloudTrail'>,
  finish: ReturnType<typeof makeFinisher>,
) {
  const { clock, environment } = dependencies;
  const { settings, awsEnvironment } = environment;
  const store = makeLaunchStore(dependencies);
  const lookup = makeLaunchLookup(dependencies);
  const rooms = makeVersionedItem(dependencies, ITEMS.rooms.id, roomsSchema);

  /** A task that got no address was refused one when it was created; one that waited for an instance, until it stopped. */
  async function findFullRoom({ call, progress }: RerunInput, createdAtMs: number): Promise<void> {
    const { room, short } = progress?.noRoom ?? {};
    if (room === undefined) return;
    const atMs = short === 'addresses' ? createdAtMs : Date.parse(call.eventTime);
    reportFull(dependencies, { room, family: call.family, caller: call.caller });
    await rooms.update((state = NO_ROOMS) => ({
      state: findFull(state, { room, atMs, family: call.family }, clock.now()),
    }));
  }

  return async function complete(
    rerun: RerunInput,
    failedTask: FailedTask,
    execution: string | undefined,
  ): Promise<CompletionReply> {
    const { taskArn } = failedTask;
    const createdAtMs = Date.parse(failedTask.createdAt);
    const foreign = lookup.foreign(taskArn, createdAtMs);
    if (foreign) return finish(rerun, { kind: 'ignored', reason: foreign }, execution);
    const known = async () => credibleRecord(await store.get(taskArn), createdAtMs, settings);
    let record = await known();
    const decide = (hasLookedUp: boolean) =>
      completionStep({ rerun, failedTask, record, hasLookedUp, settings, awsEnvironment, nowMs: clock.now() });
    let step = decide(false);
    if (step.kind === 'lookUp') {
      const found = await lookup.find(taskArn, createdAtMs, step.freshSinceMs);
      if (found.kind === 'foreign') return finish(rerun, { kind: 'ignored', reason: found.reason }, execution);
      record = await known();
      if (!record && found.kind === 'busy') return waitForRecord(found.untilMs);
      step = decide(true);
    }
    switch (step.kind) {
      case 'ready':
        await findFullRoom(step.rerun, createdAtMs);
        return { next: RERUN_NEXT.attempt, rerun: step.rerun };
      case 'wait':
        return waitForRecord(step.untilMs);
      case 'ignore':
        return finish(rerun, { kind: 'ignored', reason: step.reason }, execution);
      case 'fail':
        return finish(rerun, step.result, execution);
      case 'lookUp':
        throw new Error('expected a decision after the look-up');
      default:
        return step satisfies never;
    }
  };
}
