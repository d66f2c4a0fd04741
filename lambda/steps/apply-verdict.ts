import { ExecutionAlreadyExists, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { eventName, type ThrottleEvent } from '../core/events/event.ts';
import { requestDigest } from '../core/identity.ts';
import { callOfEvent } from '../core/notices/first-call.ts';
import { feasibilityOf } from '../core/notices/notice.ts';
import { isSameCall } from '../core/rerun/claim.ts';
import { credibleRecord, type FailedTask, foreignLaunch } from '../core/rerun/launch-record.ts';
import { recordedCallId } from '../core/verdict/recorded-call.ts';
import type { Ending, Verdict } from '../core/verdict/verdict.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { makeCallClaims } from '../state/call-claims.ts';
import { makeLaunchStore } from '../state/launch-store.ts';
import { makeNotifier } from './notifier.ts';

/** Applies verdicts. The intake and the sweep both use it, so a call gets the same name from both. */
export function makeVerdictApplier(
  dependencies: HandlerDependencies<'sfn' | 'dynamoDb'>,
): (verdict: Verdict, event: ThrottleEvent, hasTrail?: boolean) => Promise<Ending> {
  const { clients, environment } = dependencies;
  const { settings } = environment;
  const isObserving = settings.mode === 'observe';
  const stateMachineArn = environment.variable('rerunStateMachineArn');
  const { awsEnvironment } = environment;
  const recordContext = { awsEnvironment, ownRoleArn: environment.variable('runTaskRoleArn') };
  const notifier = makeNotifier(dependencies);
  const launches = makeLaunchStore(dependencies);
  const claims = makeCallClaims(dependencies);

  async function start(name: string, input: string): Promise<'started' | 'duplicate'> {
    const command = new StartExecutionCommand({ stateMachineArn, name, input });
    try {
      await retrying(dependencies, () => clients.sfn.send(command));
      return 'started';
    } catch (error) {
      // The name is the call's identity, and its claim is of this request, so whatever holds it is this call.
      if (error instanceof ExecutionAlreadyExists) return 'duplicate';
      throw error;
    }
  }

  /** Why a task that failed to start is none of ours, as far as its launch is known. */
  async function foreignReason({ taskArn, createdAt }: FailedTask) {
    return foreignLaunch(credibleRecord(await launches.get(taskArn), Date.parse(createdAt), settings), settings);
  }

  /** A call is told of once, however many records its attempts left. */
  const callName = (event: ThrottleEvent): string =>
    event.kind === 'runTaskRecord' ? recordedCallId(event, recordContext) : eventName(event);

  /** Runs `notify` once under a name, however often it is delivered or found by a sweep. */
  async function once(name: string, notify: () => Promise<void>): Promise<void> {
    if (await launches.wasNotified(name)) return;
    await notify();
    await launches.putNotified(name);
  }

  /** Notifies people about an observed call: whether it would have been re-run, and what its record holds. */
  async function observe(verdict: Verdict & { kind: 'rerun' | 'refuse' }, event: ThrottleEvent): Promise<void> {
    const { caller = '', family = '' } = verdict.kind === 'rerun' ? verdict.input.call : verdict;
    const held = event.kind === 'runTaskRecord' ? feasibilityOf(event) : undefined;
    const observed = { wouldRerun: verdict.kind === 'rerun', ...held };
    await once(`observed ${eventName(event)}`, () =>
      notifier.notify(
        { kind: 'observed', reason: 'observeMode', caller, family, first: callOfEvent(event, awsEnvironment) },
        observed,
      ),
    );
  }

  /** `hasTrail`: launches may be known by now whose tasks are none of ours. */
  return async function applyVerdict(verdict: Verdict, event: ThrottleEvent, hasTrail = true): Promise<Ending> {
    const isObserved = isObserving && event.kind !== 'handedOverCall';
    if (isObserved && (verdict.kind === 'rerun' || verdict.kind === 'refuse')) await observe(verdict, event);
    if ('launches' in verdict && verdict.launches) await launches.put(verdict.launches);
    // After the launches, as it says that they are kept.
    if (verdict.kind === 'record' && verdict.acceptance) await launches.putAccepted(verdict.acceptance);
    switch (verdict.kind) {
      case 'ignore':
      case 'record':
        return verdict;
      case 'refuse':
        await once(`${verdict.reason} ${callName(event)}`, () =>
          notifier.notify({
            ...verdict,
            kind: 'refused',
            family: verdict.family ?? '',
            first: callOfEvent(event, awsEnvironment),
          }),
        );
        return verdict;
      case 'rerun': {
        if (isObserving) return { kind: 'ignore', reason: 'observeMode' };
        const { name, input } = verdict;
        const { request, call, failedTask } = input;
        const foreign = failedTask && hasTrail && (await foreignReason(failedTask));
        if (foreign) return { kind: 'ignore', reason: foreign };
        const claim = request && { digest: requestDigest(request), atMs: Date.parse(call.eventTime) };
        if (claim && !isSameCall(await claims.claim(name, claim), claim)) {
          const { caller = '', family } = call;
          return applyVerdict({ kind: 'refuse', reason: 'conflict', caller, family }, event);
        }
        return (await start(name, JSON.stringify(input))) === 'started' ? verdict : { kind: 'duplicate', name };
      }
      default:
        return verdict satisfies never;
    }
  };
}
