import type { Refused } from '../aws/ecs/api-request.ts';
import { Catalog } from '../aws/ecs/catalog.ts';
import { roomNeed } from '../aws/ecs/room.ts';
import { countOf, type RunTaskRequest } from '../aws/ecs/run-task-request.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Account } from '../scenario/account.ts';

/** Want of room in the lab's own reading, which is not the product's: each place in which ECS says so. */

const FAILURE = /^(RESOURCE:|AGENT\b|Capacity is unavailable|You['’]ve reached the limit on the number of )/;
const ERROR = 'Tasks provisioning capacity limit exceeded';
const STOP = /InsufficientFreeAddressesInSubnet|^(TaskFailedToStart: )?(RESOURCE:|AGENT\b|Capacity is unavailable)/;

export const isNoRoomFailure = ({ reason }: JsonObject): boolean => FAILURE.test(String(reason));

/** Whether ECS rejected a call whole for want of room. */
export const isNoRoomError = ({ code, message }: Refused): boolean =>
  code === 'ClientException' && message.includes(ERROR);

/** Whether a task that was accepted died for want of room. */
export const isNoRoomStop = (stoppedReason: string): boolean => STOP.test(stoppedReason);

/** Names one attempt: what ECS repeats under the same token is the same attempt. */
export const attemptOf = ({ referenceId, clientToken }: JsonObject): string => `${referenceId} ${clientToken}`;

/** Counts attempts that found no room, whichever way they learned of it. */
export class NoRoomAttempts {
  readonly #answered = new Set<string>();
  #rejected = 0;

  get count(): number {
    return this.#answered.size + this.#rejected;
  }

  answered(input: JsonObject, failures: readonly JsonObject[]): void {
    if (failures.some(isNoRoomFailure)) this.died(attemptOf(input));
  }

  rejected(error: Refused): void {
    if (isNoRoomError(error)) this.#rejected += 1;
  }

  /** A task that the attempt started died for want of room. */
  died(attempt: string): void {
    this.#answered.add(attempt);
  }
}

/** Whether a call's tasks find no room however long anybody waits. */
export class Misfits {
  readonly #account: Account;
  readonly #catalog: Catalog;

  constructor(account: Account) {
    this.#account = account;
    this.#catalog = new Catalog(account);
  }

  neverFits(input: JsonObject): boolean {
    const { room, placementFailures } = this.#account;
    const request = input as RunTaskRequest;
    const cluster = this.#catalog.cluster(request.cluster);
    if (!cluster) return false;
    const family = this.#catalog.taskDefinition(request.taskDefinition)?.family;
    const isTooLarge = placementFailures.some(
      (failure) =>
        failure.family === family && failure.probability === 1 && isNoRoomFailure({ reason: failure.reason }),
    );
    const { capacity, provisioning, subnets } = roomNeed(room, request, cluster);
    const isBelow = (tasks: number) => (limit: number) => (room[limit]?.tasks ?? 0) < tasks;
    return (
      isTooLarge ||
      capacity.some(isBelow(1)) ||
      // A call is rejected whole there.
      provisioning.some(isBelow(countOf(request))) ||
      (subnets.length > 0 && subnets.every(({ limits }) => limits.some(isBelow(1))))
    );
  }
}
