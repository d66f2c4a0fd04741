import { AwsError, type Principal } from '../kernel/aws-service.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { randomStream } from '../kernel/random.ts';
import { DISGUISED_THROTTLE } from '../run/callers.ts';
import { isNoRoomError, isNoRoomFailure } from '../run/no-room.ts';
import type { Site } from '../run/run.ts';
import { GRACE_MS } from '../run/run-records.ts';
import type { Alternative } from './contenders.ts';

/** For a function that only calls ECS and sleeps: the least there is. */
const LAMBDA_MEMORY_MB = 128;
/** A Wait for the grace and a Task; each retry of the Task is one more. */
const STATES_PER_RERUN = 2;

/** What an attempt, a caller's or a retrier's, was lost to. */
type Loss = 'throttle' | 'noRoom';

/**
 * Puts an alternative in the remediation's place. Each lost call has a retrier of its own, which takes it up when the
 * remediation may (what tells of it has arrived, and the grace for its caller's own retries is over) and repeats the caller's request under the
 * caller's token. What it would cost to get there (queues, intake, logs) and all latency are spared it. Only what it would see itself
 * makes it go on.
 */
export function standIn(site: Site, { policy, host }: Alternative): void {
  const { scenario, configuration, clock, world, oracle, records, usage } = site;
  const principal: Principal = { arn: `arn:aws:sts::${scenario.account.id}:assumed-role/stand-in/session` };
  const isHeeded = (loss: Loss) => loss === 'throttle' || host === 'stepFunctions';

  /** By task: who waits for whether it runs. */
  const watchers = new Map<string, (isRunning: boolean) => void>();
  world.ecs.onTask(({ kind, taskArn }) => {
    if (kind === 'launched') return;
    watchers.get(taskArn)?.(kind === 'running');
    watchers.delete(taskArn);
  });

  const takenUp = new Set<string>();
  const takeUp = (request: JsonObject, messageId: string): void => {
    const reference = String(request.referenceId);
    const fate = oracle.fates.of(reference);
    if (!fate) throw new Error(`found a record of ${reference}, expected one of a call of the scenario`);
    // One retrier for a call, whatever its attempts, and none where its caller goes on or a later attempt was accepted.
    if (takenUp.has(reference) || !oracle.owes(fate)) return;
    takenUp.add(reference);
    const takenUpAt = clock.now();
    records.isReady(fate, 0);
    const nextDelay = policy?.(randomStream(scenario.seed, `stand-in/${reference}`), takenUpAt);
    const firstLoss: Loss = oracle.foundNoRoom(fate.call) ? 'noRoom' : 'throttle';
    // ECS repeats what it answered under a token.
    let isTokenSpent = firstLoss === 'noRoom';
    let lastAttemptAt = takenUpAt;

    const attempt = (retry: number): void => {
      lastAttemptAt = clock.now();
      const input = isTokenSpent ? { ...request, clientToken: `${reference}-${retry}` } : request;
      const answer = startedTask(() => world.ecs.call('RunTask', input, principal));
      if ('loss' in answer) lost(answer.loss, retry);
      else watchers.set(answer.taskArn, (isRunning) => (isRunning ? end(retry) : lost('noRoom', retry)));
    };
    const lost = (loss: Loss, retry: number): void => {
      isTokenSpent ||= loss === 'noRoom';
      const delay = isHeeded(loss) ? nextDelay?.(retry, clock.now()) : undefined;
      if (delay !== undefined) clock.after(delay, () => attempt(retry + 1));
      else end(retry, isHeeded(loss) ? 'retryQuota' : 'takenForSuccess');
    };
    const end = (retries: number, gaveUp?: string): void => {
      if (host === 'stepFunctions') usage.add('stateTransitions', STATES_PER_RERUN + retries);
      if (host === 'lambda') usage.invoked((lastAttemptAt - takenUpAt) / 1000, LAMBDA_MEMORY_MB);
      records.rerunEnded(messageId, fate, gaveUp);
    };

    if (!nextDelay) end(0, 'noRemediation');
    else if (!isHeeded(firstLoss)) end(0, 'takenForSuccess');
    else attempt(0);
  };

  world.standIn(principal, lostCallsOf(configuration.callers ?? []), (event, messageId) => {
    const { requestParameters, eventTime, taskArn } = event.detail as JsonObject;
    if (taskArn !== undefined) {
      const fate = oracle.fates.ofTask(String(taskArn));
      if (fate) takeUp(fate.call.request, messageId);
      return;
    }
    const request = requestParameters as JsonObject;
    const fate = oracle.fates.of(String(request.referenceId));
    // Who was throttled may still try again; who was told that there is no room is done.
    const graceMs = fate && oracle.foundNoRoom(fate.call) ? 0 : GRACE_MS;
    clock.at(Date.parse(String(eventTime)) + graceMs, () => takeUp(request, messageId));
  });
}

/** What tells of lost calls: records of what the roles `callers` asked for and did not get, and tasks that died before they ran. */
const lostCallsOf = (callers: Json): JsonObject => ({
  source: ['aws.ecs'],
  $or: [
    {
      'detail-type': ['AWS API Call via CloudTrail'],
      detail: {
        eventName: ['RunTask'],
        userIdentity: { sessionContext: { sessionIssuer: { arn: callers } } },
        $or: [{ errorCode: [{ exists: true }] }, { responseElements: { failures: { reason: [{ exists: true }] } } }],
      },
    },
    { 'detail-type': ['ECS Task State Change'], detail: { stopCode: ['TaskFailedToStart'] } },
  ],
});

/** The task that ECS started, or what there is instead; throws what is neither a throttle nor want of room. */
function startedTask(runTask: () => JsonObject): { readonly taskArn: string } | { readonly loss: Loss } {
  try {
    const { tasks, failures } = runTask();
    const [task] = tasks as JsonObject[];
    if (task) return { taskArn: String(task.taskArn) };
    if ((failures as JsonObject[]).every(isNoRoomFailure)) return { loss: 'noRoom' };
    throw new Error(`found ${JSON.stringify(failures)}, expected a task or want of room`);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (isNoRoomError(error)) return { loss: 'noRoom' };
    if (error.code === 'ThrottlingException' || DISGUISED_THROTTLE.test(error.message)) return { loss: 'throttle' };
    throw error;
  }
}
