/**
 * What ECS's own words say of a call, as the audit reads them: on purpose not with the code that it judges. Where it reads
 * more into a text than the stack does, the stack's own verdict line says what it made of it.
 */
export type Sign = 'throttle' | 'noRoom' | 'other';

const THROTTLE_CODE = /^(?:Client\.|Server\.)?(?:\w*Throttl\w*|TooManyRequests\w*|RequestLimitExceeded)$/;
const FAILING_SERVICE =
  /^(?:Client\.|Server\.)?(?:ServerException|ServiceUnavailable\w*|InternalFailure|InternalError)$/;
const WRAPPED = /Rate exceeded|Request limit exceeded|\(ErrorCode: (?:Throttling|RequestLimitExceeded)\)/;
const PROVISIONING_LIMIT = /Tasks provisioning capacity limit exceeded/;
const NO_ROOM_FAILURE = /^(?:RESOURCE:|AGENT\b|Capacity is unavailable|You['’]ve reached the limit on the number of )/;
const NO_ROOM_STOP =
  /InsufficientFreeAddressesInSubnet|^(?:Task ?[Ff]ailed ?[Tt]o ?[Ss]tart: )?(?:RESOURCE:|AGENT\b|Capacity is unavailable)/;
const THROTTLED_STOP =
  /network interface provision|rate (?:limit )?exceeded|throttl(?:ing|e)exception|request ?limit ?exceeded|requestthrottled|too ?many ?requests|pull rate limit|EphemeralStorage provisioning|slow ?down|reduce your request rate|rate at which you may call KMS|: Throttling$/i;

/** Why ECS rejected a request whole. */
export function signOfError(code: string, message: string): Sign {
  if (THROTTLE_CODE.test(code) || FAILING_SERVICE.test(code)) return 'throttle';
  if (PROVISIONING_LIMIT.test(message)) return 'noRoom';
  return WRAPPED.test(message) ? 'throttle' : 'other';
}

/** Why ECS placed some of the tasks of a request nowhere. */
export const isNoRoomFailure = (reason: string): boolean => NO_ROOM_FAILURE.test(reason);

/** Why a task stopped that never started. */
export function signOfStop(reasons: readonly string[]): Sign {
  if (reasons.some((reason) => NO_ROOM_STOP.test(reason))) return 'noRoom';
  return reasons.some((reason) => THROTTLED_STOP.test(reason)) ? 'throttle' : 'other';
}
