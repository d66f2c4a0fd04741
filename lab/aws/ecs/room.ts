import type { Account } from '../../scenario/account.ts';
import type { Cluster } from './catalog.ts';
import { capacityProviderOf, launchTypeOf, type RunTaskRequest } from './run-task-request.ts';

/** One limit of the account on tasks that are there at the same time. */
export type RoomLimit = Account['room'][number];

/** What a task of a request takes of the account's room. Limits are named by their places in the scenario's list. */
export interface RoomNeed {
  /** Held until the task is STOPPED. */
  readonly capacity: readonly number[];
  /** Held while the task is in PROVISIONING. */
  readonly provisioning: readonly number[];
  /** The subnets of the request, in its order, each with the limits on its addresses; the task holds one of one of them. */
  readonly subnets: readonly { readonly id: string; readonly limits: readonly number[] }[];
}

export const NEEDS_NONE: RoomNeed = { capacity: [], provisioning: [], subnets: [] };

export function roomNeed(limits: readonly RoomLimit[], request: RunTaskRequest, cluster: Cluster): RoomNeed {
  if (limits.length === 0) return NEEDS_NONE;
  const places = (bounds: (limit: RoomLimit) => boolean) =>
    limits.flatMap((limit, place) => (bounds(limit) ? [place] : []));
  const fargate = fargateKindOf(request);
  const isOnInstances = launchTypeOf(request) === 'EC2';
  const subnets = request.networkConfiguration?.awsvpcConfiguration?.subnets ?? [];
  return {
    capacity: places((limit) =>
      limit.kind === 'fargate'
        ? limit.launchType === fargate
        : limit.kind === 'instances' && isOnInstances && isNamed(limit.cluster, cluster),
    ),
    provisioning: places((limit) => limit.kind === 'provisioning' && isNamed(limit.cluster, cluster)),
    subnets: subnets.map((id) => ({
      id,
      limits: places((limit) => limit.kind === 'addresses' && limit.subnet === id),
    })),
  };
}

/** Fargate counts its Spot capacity apart. */
function fargateKindOf(request: RunTaskRequest): string | undefined {
  if (launchTypeOf(request) !== 'FARGATE') return undefined;
  return capacityProviderOf(request) ?? 'FARGATE';
}

const isNamed = (reference: string, { name, arn }: Cluster) => reference === name || reference === arn;

/** What one task holds of the account's room. */
export interface Holding {
  readonly untilRunning: readonly number[];
  readonly untilStopped: readonly number[];
}

export const HOLDS_NONE: Holding = { untilRunning: [], untilStopped: [] };

/** A change of how many tasks a limit counts. */
export interface RoomChange {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly limit: number;
  readonly by: number;
}

/** How many tasks each limit counts now. */
export class RoomLevels {
  readonly #limits: readonly RoomLimit[];
  readonly #tasks: number[];

  constructor(limits: readonly RoomLimit[]) {
    this.#limits = limits;
    this.#tasks = limits.map(() => 0);
  }

  change(limit: number, by: number): void {
    this.#tasks[limit] = (this.#tasks[limit] ?? 0) + by;
  }

  /** The first of these limits that has no room for so many more tasks. */
  full(limits: readonly number[], tasks = 1): RoomLimit | undefined {
    for (const place of limits) {
      const limit = this.#limits[place];
      if (limit && (this.#tasks[place] ?? 0) + tasks > limit.tasks) return limit;
    }
    return undefined;
  }

  /** The first subnet of the request that has an address, with what a task in it holds; undefined where none has. */
  address({ subnets }: RoomNeed): Address | undefined {
    if (subnets.length === 0) return { subnet: undefined, limits: [] };
    const free = subnets.find(({ limits }) => this.full(limits) === undefined);
    return free && { subnet: free.id, limits: free.limits };
  }
}

/** Where a task has its address; no subnet where its request names none. */
export interface Address {
  readonly subnet: string | undefined;
  readonly limits: readonly number[];
}
