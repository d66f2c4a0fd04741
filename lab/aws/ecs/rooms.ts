import { AwsError } from '../../kernel/aws-service.ts';
import type { Random } from '../../kernel/random.ts';
import type { Cluster } from './catalog.ts';
import {
  type Address,
  HOLDS_NONE,
  type Holding,
  NEEDS_NONE,
  type RoomChange,
  RoomLevels,
  type RoomLimit,
  type RoomNeed,
  roomNeed,
} from './room.ts';
import { countOf, type RunTaskRequest } from './run-task-request.ts';
import type { TaskStatus } from './task.ts';

/** The room of the account: who asks for more finds out in the way that ECS has for it. */
export class Rooms {
  readonly #limits: readonly RoomLimit[];
  readonly #levels: RoomLevels;
  readonly #now: () => number;
  /** All that happened to the limits, in the order in which it did. */
  readonly changes: RoomChange[] = [];

  constructor(limits: readonly RoomLimit[], now: () => number) {
    this.#limits = limits;
    this.#levels = new RoomLevels(limits);
    this.#now = now;
  }

  /** What each task of a call needs. Throws where the call as a whole is too much: https://github.com/aws/aws-sdk-ruby/issues/3047 */
  admit(request: RunTaskRequest, cluster: Cluster): RoomNeed {
    const need = roomNeed(this.#limits, request, cluster);
    if (this.#levels.full(need.provisioning, countOf(request)))
      throw new AwsError('ClientException', 'Tasks provisioning capacity limit exceeded.');
    return need;
  }

  /** Why a task cannot be placed, as the answer's `failures[]` have it; undefined where it can. */
  unplaced({ capacity }: RoomNeed, random: Random): string | undefined {
    const full = this.#levels.full(capacity);
    if (full === undefined) return undefined;
    if (full.kind === 'instances') return 'RESOURCE:MEMORY';
    // Both spellings stand in public reports: https://github.com/aws/copilot-cli/issues/2685
    return `You${random() < 0.5 ? "'" : '’'}ve reached the limit on the number of vCPUs you can run concurrently`;
  }

  address(need: RoomNeed): Address | undefined {
    return this.#levels.address(need);
  }

  hold(need: RoomNeed, address: Address | undefined): Holding {
    // One for all tasks of an account that nothing bounds.
    if (need === NEEDS_NONE) return HOLDS_NONE;
    const held = { untilRunning: need.provisioning, untilStopped: [...need.capacity, ...(address?.limits ?? [])] };
    this.#change(held.untilRunning, 1);
    this.#change(held.untilStopped, 1);
    return held;
  }

  /** A task that came to this status gives back what it held in the one before. */
  release({ untilRunning, untilStopped }: Holding, status: TaskStatus, everRan: boolean): void {
    if (status === 'RUNNING' || !everRan) this.#change(untilRunning, -1);
    if (status === 'STOPPED') this.#change(untilStopped, -1);
  }

  #change(limits: readonly number[], by: number): void {
    for (const limit of limits) {
      this.#levels.change(limit, by);
      this.changes.push({ at: this.#now(), limit, by });
    }
  }
}

/** The subnet that ECS tried last for a task without an address: nobody could say which one that is. */
export function triedSubnet({ subnets }: RoomNeed, random: Random): string | undefined {
  return subnets[Math.floor(random() * subnets.length)]?.id;
}

/** The reason of a task that was accepted and got no address. */
export function noAddressReason({ networkConfiguration }: RunTaskRequest, subnet: string | undefined): string {
  const assignment = networkConfiguration?.awsvpcConfiguration?.assignPublicIp === 'ENABLED' ? 'enabled' : 'disabled';
  return `Unexpected EC2 error while attempting to Create Network Interface with public IP assignment ${assignment} in subnet '${subnet}': InsufficientFreeAddressesInSubnet`;
}
