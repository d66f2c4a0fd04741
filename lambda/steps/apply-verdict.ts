import { ExecutionAlreadyExists, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { eventName, type ThrottleEvent } from '../core/events/event.ts';
import { feasibilityOf } from '../core/notices/notice.ts';
import type { Ending, Verdict } from '../core/verdict/verdict.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { makeLaunchStore } from '../state/launch-store.ts';
import { makeNotifier } from './notifier.ts';

/** An execution's input holds 256 KiB. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MAX_INPUT_BYTES = 262_144;

/** Applies verdicts. The intake and the sweep both use it, so a call gets the same name from both. */
export function makeVerdictApplier(
  dependencies: HandlerDependencies<'sfn' | 'dynamoDb'>,
): (verdict: Verdict, event: ThrottleEvent) => Promise<Ending> {
  const { clients, environment } = dependencies;
  const isObserving = environment.settings.mode === 'observe';
  const stateMachineArn = environment.variable('rerunStateMachineArn');
  const notifier = makeNotifier(dependencies);
  const launches = makeLaunchStore(dependencies);

  async function start(name: string, input: string): Promise<'started' | 'duplicate'> {
    const command = new StartExecutionCommand({ stateMachineArn, name, input });
    try {
      await retrying(dependencies, () => clients.sfn.send(command));
      return 'started';
    } catch (error) {
      // The name is the call's identity, so the execution that holds it is of this call.
      if (error instanceof ExecutionAlreadyExists) return 'duplicate';
      throw error;
    }
  }

  /** Runs `notify` once for an event, however often it is delivered or found by a sweep. */
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
      notifier.notify({ kind: 'observed', reason: 'observeMode', caller, family }, observed),
    );
  }

  return async function applyVerdict(verdict: Verdict, event: ThrottleEvent): Promise<Ending> {
    if (isObserving && (verdict.kind === 'rerun' || verdict.kind === 'refuse')) await observe(verdict, event);
    if ('launches' in verdict && verdict.launches) await launches.put(verdict.launches);
    switch (verdict.kind) {
      case 'ignore':
      case 'record':
        return verdict;
      case 'refuse':
        await once(eventName(event), () =>
          notifier.notify({ ...verdict, kind: 'refused', family: verdict.family ?? '' }),
        );
        return verdict;
      case 'rerun': {
        if (isObserving) return { kind: 'ignore', reason: 'observeMode' };
        const { name, input } = verdict;
        const text = JSON.stringify(input);
        if (Buffer.byteLength(text) > MAX_INPUT_BYTES) {
          const { caller = '', family } = input.call;
          return applyVerdict({ kind: 'refuse', reason: 'tooLarge', caller, family }, event);
        }
        return (await start(name, text)) === 'started' ? verdict : { kind: 'duplicate', name };
      }
      default:
        return verdict satisfies never;
    }
  };
}
