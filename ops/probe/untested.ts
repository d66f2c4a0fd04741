import type { Facts, Held } from './facts.ts';

/** A fact that nobody could verify without an account, and what these records say of it. */
export interface Settlement {
  readonly settled: boolean;
  readonly answer: string | null;
  /** Records that the answer rests on. */
  readonly seen: number;
}
export type Untested = Readonly<Record<string, Settlement>>;

/** What the records decide of the facts that are still untested. */
export function settled(facts: Facts): Untested {
  const { throttled, disguised, launchers, tokensOfTwo, serviceEvents } = facts;
  const held = (name: keyof Omit<Held, 'records'>, of: Held): Settlement =>
    of.records === 0 ? unsettled : { settled: true, answer: shareOf(of[name], of.records), seen: of.records };
  const events = [...serviceEvents.values()].reduce((sum, count) => sum + count, 0);
  const { same, other } = tokensOfTwo;
  return {
    throttledRunTaskCallsLeaveRecords:
      throttled.records === 0 ? unsettled : { settled: true, answer: 'yes', seen: throttled.records },
    theirRecordsHoldTheRequest: held('request', throttled),
    theirRecordsHoldTheClientToken: held('token', throttled),
    theirRecordsHideNoEnvironmentValues: held('visibleEnvironment', throttled),
    disguisedThrottlesHoldTheRequest: held('request', disguised),
    ...Object.fromEntries(
      [...launchers].map(([name, { records, rejected, withToken }]) => [
        `recordsOf ${name}`,
        {
          settled: true,
          answer: `client token in ${shareOf(withToken, records)}, rejected ${rejected}`,
          seen: records,
        },
      ]),
    ),
    aTokenNamesTheSameTasksForTwoPrincipals:
      same + other === 0
        ? unsettled
        : { settled: true, answer: other === 0 ? 'yes' : same === 0 ? 'no' : 'sometimes', seen: same + other },
    serviceThrottleEventsArrive: events === 0 ? unsettled : { settled: true, answer: 'yes', seen: events },
  };
}

const unsettled: Settlement = { settled: false, answer: null, seen: 0 };

function shareOf(part: number, whole: number): string {
  if (part === 0) return 'none';
  return part === whole ? 'all' : `${part} of ${whole}`;
}
