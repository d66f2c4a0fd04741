import { type AwsEnvironment, familyName } from '../arn.ts';
import type { BusEvent } from '../events/event.ts';
import type { TaskChange } from '../events/task-change.ts';
import { shortageOfError, shortageOfFailure } from '../events/throttle.ts';
import { isOwnCall } from '../opt-in/opt-in.ts';
import type { PlaceChange, Refusal } from './room.ts';
import { isProvisioning, placementOf, type RoomName, roomOf } from './rooms-of.ts';

/** CloudTrail cuts times to whole seconds. */
const RECORD_MIDDLE_MS = 500;

/** What a record of somebody else's call says of a room that was full. What we found full ourselves is known. */
export function refusalIn(
  event: BusEvent,
  ownRoleArn: string,
  awsEnvironment: AwsEnvironment,
): (Refusal & { readonly caller: string }) | undefined {
  if (event.kind !== 'runTaskRecord' || event.replayed || isOwnCall(event.caller, ownRoleArn)) return undefined;
  const { error, failureReasons, requestParameters, eventTimeMs } = event;
  const short = error
    ? shortageOfError(error)
    : failureReasons.map(shortageOfFailure).find((each) => each !== undefined);
  const placement = requestParameters === null ? undefined : placementOf(requestParameters);
  if (!short || !placement) return undefined;
  const { taskDefinition } = placement;
  const family = taskDefinition === undefined ? '' : (familyName(taskDefinition, awsEnvironment) ?? '');
  return {
    room: roomOf(short, placement, awsEnvironment),
    atMs: eventTimeMs + RECORD_MIDDLE_MS,
    family,
    caller: event.caller.principalArn,
  };
}

/** What a state-change event says of a room that its task is in; `name` tells it from others of the task. */
export type RoomNews =
  | { readonly kind: 'place'; readonly name: string; readonly change: Omit<PlaceChange, 'isOurs'> }
  | { readonly kind: 'full'; readonly name: string; readonly atMs: number };

export function newsOf(change: TaskChange, room: RoomName): RoomNews {
  const { taskArn, family, status, createdAtMs: takenMs, atMs, stoppedAtMs, short } = change;
  // It never had an address, so its end gives none back.
  if (short === 'addresses' && room.startsWith('addresses ')) {
    return { kind: 'full', name: `${taskArn} failed`, atMs: takenMs };
  }
  const freedMs = isProvisioning(room) && status !== 'PROVISIONING' ? atMs : stoppedAtMs;
  const what = freedMs === undefined ? 'taken' : isProvisioning(room) ? 'provisioned' : 'freed';
  return { kind: 'place', name: `${taskArn} ${what}`, change: { family, takenMs, freedMs } };
}
