import type { ApiRequest } from '../aws/ecs/api-request.ts';
import { Catalog } from '../aws/ecs/catalog.ts';
import { type RoomLimit, roomNeed } from '../aws/ecs/room.ts';
import { countOf, launchTypeOf, type RunTaskRequest } from '../aws/ecs/run-task-request.ts';
import { callReference, isThrottled } from '../run/callers.ts';
import type { CallFate } from '../run/fates.ts';
import type { Run } from '../run/run.ts';
import type { Account, BucketSettings } from '../scenario/account.ts';
import type { Observer } from '../world/world.ts';
import { lastIdealStart, type OwnCalls, type Takes, type WaitingCall } from './ideal-dispatcher.ts';

export interface RoomFigures {
  /** Attempts of ours that found no room. */
  readonly refused: number;
  /** From the arrival of the first owed call to the last start. */
  readonly seconds: number;
  /** The same of the ideal dispatcher. */
  readonly limitSeconds: number;
  readonly ratio: number | null;
  /** Of the live callers' calls, how many found no room. */
  readonly othersRefusedShare: number;
  readonly othersRefusedShareWithout: number;
}

/** What everybody's own requests take from the buckets, heard in a run without the remediation. */
export class OwnTakings {
  readonly takings: OwnCalls['takings'][number][] = [];
  readonly #buckets: RunTaskBuckets;

  constructor(account: Account) {
    this.#buckets = new RunTaskBuckets(account);
  }

  readonly listen = (): Partial<Observer> => ({
    request: ({ operation, readOnly, input, at, outcome }: ApiRequest) => {
      if (readOnly || isThrottled(outcome)) return;
      const request = input as RunTaskRequest;
      const takes = operation === 'RunTask' ? this.#buckets.takes(request) : this.#buckets.write;
      this.takings.push({ at, takes, tasks: countOf(request) });
    },
  });
}

/** The buckets that RunTask takes from, and by what each call does. */
class RunTaskBuckets {
  readonly settings: readonly BucketSettings[];
  readonly write: Takes = { perCall: [0], perTask: [] };
  readonly #fargate: Takes;

  constructor({ buckets: { clusterResourceModify, fargateRunTask, fargateTasks } }: Account) {
    this.settings = [
      clusterResourceModify,
      ...(fargateRunTask ? [fargateRunTask] : []),
      ...(fargateTasks ? [fargateTasks] : []),
    ];
    const tasksPlace = this.settings.length - 1;
    this.#fargate = { perCall: fargateRunTask ? [0, 1] : [0], perTask: fargateTasks ? [tasksPlace] : [] };
  }

  takes(request: RunTaskRequest): Takes {
    return launchTypeOf(request) === 'FARGATE' ? this.#fargate : this.write;
  }
}

/** How the owed calls got along with the room there was; null where there was no end of it. */
export function roomFigures(
  run: Run,
  without: { readonly run: Run; readonly own: OwnTakings } | undefined,
): RoomFigures | null {
  const { room } = run.scenario.account;
  if (room.length === 0) return null;
  const seconds = secondsOf(run);
  const limitSeconds = without ? idealSeconds(run, without.run, without.own, room) : 0;
  return {
    refused: run.oracle.fates.noRoomAttempts.count,
    seconds,
    limitSeconds,
    ratio: limitSeconds === 0 ? null : seconds / limitSeconds,
    othersRefusedShare: othersRefused(run),
    othersRefusedShareWithout: othersRefused(without?.run ?? run),
  };
}

function secondsOf(run: Run): number {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const fate of owedFates(run)) {
    first = Math.min(first, arrivalOf(fate, run));
    last = Math.max(last, fate.startedByUsAt ?? Number.NEGATIVE_INFINITY);
  }
  return Math.max(0, last - first) / 1000;
}

function idealSeconds(run: Run, without: Run, { takings }: OwnTakings, limits: readonly RoomLimit[]): number {
  const { account } = run.scenario;
  const catalog = new Catalog(account);
  const buckets = new RunTaskBuckets(account);
  const { rooms, lives } = without.world.ecs;
  const calls = owedFates(without).flatMap((fate): WaitingCall[] => {
    const { call } = fate;
    const request = call.request as RunTaskRequest;
    const reference = callReference(call.caller, call.index);
    const cluster = catalog.cluster(request.cluster);
    const places = lives.free(reference, without.oracle.missing(fate));
    if (!cluster || places.length === 0 || without.oracle.neverFits(call)) return [];
    const known = run.oracle.fates.of(reference);
    return [
      {
        // Where the call was lost in both runs, what faults did to its record counts.
        arrivedAt: known && run.oracle.owes(known) ? arrivalOf(known, run) : arrivalOf(fate, without),
        need: roomNeed(limits, request, cluster),
        lives: places.map((place) => lives.of(reference, place)),
        buckets: buckets.takes(request),
      },
    ];
  });
  const first = calls.reduce((earliest, { arrivedAt }) => Math.min(earliest, arrivedAt), Number.POSITIVE_INFINITY);
  const own = { changes: rooms.changes, takings };
  const last = lastIdealStart({ limits, buckets: buckets.settings, own, calls });
  return last === undefined ? 0 : (last - first) / 1000;
}

const owedFates = ({ oracle }: Run): CallFate[] => [...oracle.fates.finite()].filter((fate) => oracle.owes(fate));

/**
 * When what holds an owed call's request arrived. Who was throttled may still try again for a while; who was answered will not.
 * What nobody heard of counts from when the call was lost.
 */
function arrivalOf(fate: CallFate, { oracle, records }: Run): number {
  const { call, startFailedAt } = fate;
  const lostAt = (oracle.owesRejected(fate) ? call.doneAt : startFailedAt) ?? call.madeAt;
  const arrived = call.state === 'throttled' ? records.readyAt.get(fate) : records.arrivedAt.get(fate);
  return Math.max(lostAt, arrived ?? lostAt);
}

function othersRefused({ ledger, oracle, drainedAt = Number.POSITIVE_INFINITY }: Run): number {
  const calls = ledger.calls.filter(({ finite, madeAt }) => !finite && madeAt <= drainedAt);
  const refused = calls.filter((call) => oracle.foundNoRoom(call)).length;
  return calls.length === 0 ? 0 : refused / calls.length;
}
