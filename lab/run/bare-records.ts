import { principalParts } from '../aws/iam/principal-id.ts';
import type { PublishedMessage } from '../aws/sns/fake-sns.ts';
import type { CallFate } from './fates.ts';
import type { Oracle } from './oracle.ts';

/** The reason that a record is refused for which holds no request. */
export const BARE_RECORD = 'bareRecord';
const REFUSED = `refuse ${BARE_RECORD}`;
/** What becomes of it instead where its caller hands over. */
const HANDED_OVER = 'ignore handedOver';

/** Records without a request: what verdicts said of them, and whether people were told of those that nobody can run. */
export class BareRecords {
  readonly #oracle: () => Oracle;
  /** Of the delivered ones, by the id of the event. */
  readonly #calls = new Map<string, CallFate>();
  readonly #verdicts = new Map<string, string>();

  constructor(oracle: () => Oracle) {
    this.#oracle = oracle;
  }

  delivered(eventId: string, fate: CallFate): void {
    this.#calls.set(eventId, fate);
  }

  answered(eventId: string, verdict: string): void {
    // One of two texts for nearly all of thousands, which are not to be kept one by one.
    const kept = [REFUSED, HANDED_OVER].find((known) => known === verdict) ?? verdict;
    if (this.#calls.has(eventId)) this.#verdicts.set(eventId, kept);
  }

  /**
   * Delivered records of calls that are lost for good, and of which no verdict says so or no notice names the caller. Those
   * without any verdict are counted elsewhere.
   */
  unreported(notices: readonly PublishedMessage[]): number {
    const isNamed = namesIn(notices);
    let sum = 0;
    for (const [eventId, fate] of this.#calls) {
      const verdict = this.#verdicts.get(eventId);
      if (verdict === undefined || !this.#oracle().isLostForGood(fate)) continue;
      const isSaid =
        (verdict === REFUSED && isNamed(fate)) || (verdict === HANDED_OVER && this.#oracle().saysHandsOver(fate));
      if (!isSaid) sum += 1;
    }
    return sum;
  }
}

/** Whether people were told of a caller: by the ARN of its role or user. */
export function namesIn(notices: readonly PublishedMessage[]): (fate: CallFate) => boolean {
  const text = notices.map(({ message, subject }) => `${subject}\n${message}`).join('\n');
  const known = new Map<string, boolean>();
  return ({ call }) => {
    const { arn } = principalParts(call.principal.arn);
    const isNamed = known.get(arn) ?? new RegExp(`${arn.replace(/\W/g, '\\$&')}(?![\\w+=@/-])`).test(text);
    known.set(arn, isNamed);
    return isNamed;
  };
}
