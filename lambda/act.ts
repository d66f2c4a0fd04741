import { ExecutionAlreadyExists, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Verdict } from './core/verdict.ts';
import { makeLaunchStore } from './launch-store.ts';
import { makePeople } from './people.ts';
import type { Wiring } from './ports.ts';
import { retrying } from './retrying.ts';

/** A verdict that was carried out, or that the call was already being re-run. */
export type Ending = Verdict | { readonly kind: 'duplicate'; readonly name: string };

/** An execution's input holds 256 KiB. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MAX_INPUT_BYTES = 262_144;

/** Carries verdicts out, for whoever came by the event: the intake and the sweep start one call under one name. */
export function makeActor(
  wiring: Wiring<'sfn' | 'dynamoDb'>,
): (verdict: Verdict, eventName: string) => Promise<Ending> {
  const { clients, environment } = wiring;
  const stateMachineArn = environment.variable('rerunStateMachineArn');
  const people = makePeople(wiring);
  const launches = makeLaunchStore(wiring);

  async function start(name: string, input: string): Promise<'started' | 'duplicate'> {
    const command = new StartExecutionCommand({ stateMachineArn, name, input });
    try {
      await retrying(wiring, () => clients.sfn.send(command));
      return 'started';
    } catch (error) {
      // The name is the call's identity, so whatever holds it is this call.
      if (error instanceof ExecutionAlreadyExists) return 'duplicate';
      throw error;
    }
  }

  /** `eventName` is the same in two deliveries of the event, and in what a sweep finds: people hear of it once. */
  return async function act(verdict: Verdict, eventName: string): Promise<Ending> {
    if ('launches' in verdict && verdict.launches) await launches.put(verdict.launches);
    switch (verdict.kind) {
      case 'ignore':
      case 'record':
        return verdict;
      case 'refuse':
        if (await launches.wasTold(eventName)) return verdict;
        await people.tell({ ...verdict, kind: 'refused', family: verdict.family ?? '' });
        await launches.putTold(eventName);
        return verdict;
      case 'rerun': {
        const { name, input } = verdict;
        const text = JSON.stringify(input);
        if (Buffer.byteLength(text) > MAX_INPUT_BYTES) {
          const { caller = '', family } = input.call;
          return act({ kind: 'refuse', reason: 'tooLarge', caller, family }, eventName);
        }
        return (await start(name, text)) === 'started' ? verdict : { kind: 'duplicate', name };
      }
      default:
        return verdict satisfies never;
    }
  };
}
