import { AwsError, type Principal } from '../kernel/aws-service.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { randomStream } from '../kernel/random.ts';
import { DISGUISED_THROTTLE } from '../run/callers.ts';
import { isNoRoomError } from '../run/no-room.ts';
import type { Site } from '../run/run.ts';
import { GRACE_MS } from '../run/run-records.ts';
import type { Alternative } from './contenders.ts';

/** For a function that only calls ECS and sleeps: the least there is. */
const LAMBDA_MEMORY_MB = 128;
/** A Wait for the grace and a Task; each retry of the Task is one more. */
const STATES_PER_RERUN = 2;

/**
 * Puts an alternative in the remediation's place. Each lost call has a retrier of its own, which takes it up when the
 * remediation may (its record has arrived, and the grace for its caller's own retries is over) and repeats the caller's request under the caller's
 * token. What it would cost to get there (queues, intake, logs) and all latency are spared it.
 */
export function standIn(site: Site, { policy, host }: Alternative): void {
  const { scenario, configuration, clock, world, oracle, records, usage } = site;
  const principal: Principal = { arn: `arn:aws:sts::${scenario.account.id}:assumed-role/stand-in/session` };

  const takenUp = new Set<string>();
  const takeUp = (request: JsonObject, messageId: string): void => {
    const reference = String(request.referenceId);
    const fate = oracle.fateOf(reference);
    if (!fate) throw new Error(`found a record of ${reference}, expected one of a call of the scenario`);
    // One retrier for a call, whatever its attempts, and none where a later attempt was accepted.
    if (takenUp.has(reference) || fate.call.state === 'accepted') return;
    takenUp.add(reference);
    const takenUpAt = clock.now();
    records.isReady(fate, 0);
    const nextDelay = policy?.(randomStream(scenario.seed, `stand-in/${reference}`), takenUpAt);

    const attempt = (retry: number): void => {
      const isBack = isStarted(() => world.ecs.call('RunTask', request, principal));
      const delay = isBack ? undefined : nextDelay?.(retry, clock.now());
      if (delay !== undefined) clock.after(delay, () => attempt(retry + 1));
      else end(retry, isBack ? undefined : 'retryQuota');
    };
    const end = (retries: number, gaveUp?: string): void => {
      if (host === 'stepFunctions') usage.add('stateTransitions', STATES_PER_RERUN + retries);
      if (host === 'lambda') usage.invoked((clock.now() - takenUpAt) / 1000, LAMBDA_MEMORY_MB);
      records.rerunEnded(messageId, fate, gaveUp);
    };
    if (nextDelay) attempt(0);
    else end(0, 'noRemediation');
  };

  world.standIn(principal, rejectedCallsOf(configuration.callers ?? []), (event, messageId) => {
    const { requestParameters, eventTime } = event.detail as JsonObject;
    clock.at(Date.parse(String(eventTime)) + GRACE_MS, () => takeUp(requestParameters as JsonObject, messageId));
  });
}

/** Records of what the roles `callers` asked for and were refused. */
const rejectedCallsOf = (callers: Json): JsonObject => ({
  source: ['aws.ecs'],
  'detail-type': ['AWS API Call via CloudTrail'],
  detail: {
    eventName: ['RunTask'],
    errorCode: [{ exists: true }],
    userIdentity: { sessionContext: { sessionIssuer: { arn: callers } } },
  },
});

/** Whether ECS accepted; throws what is no throttle. */
function isStarted(runTask: () => unknown): boolean {
  try {
    runTask();
    return true;
  } catch (error) {
    const isThrottle =
      error instanceof AwsError && (error.code === 'ThrottlingException' || DISGUISED_THROTTLE.test(error.message));
    if (isThrottle || (error instanceof AwsError && isNoRoomError(error))) return false;
    throw error;
  }
}
