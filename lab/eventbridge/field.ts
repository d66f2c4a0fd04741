import { addressDigits } from './addresses.ts';
import type { Alternative } from './alternatives.ts';
import { comparableNumber } from './numbers.ts';

/** A field of a sub-rule. */
export class Field {
  readonly name: string;
  /** Whether the field may be missing (`exists: false`). */
  readonly mayBeAbsent: boolean;
  readonly #alternatives: readonly Alternative[];
  readonly #wantsAddress: boolean;
  readonly #wantsNumber: boolean;

  constructor(name: string, alternatives: readonly Alternative[]) {
    const has = (kind: Alternative['kind']): boolean => alternatives.some((each) => each.kind === kind);
    this.name = name;
    this.mayBeAbsent = has('absence');
    this.#alternatives = alternatives;
    this.#wantsAddress = has('address');
    this.#wantsNumber = has('number');
  }

  /**
   * Whether a value, in its JSON spelling, is one of the alternatives. An address is tried as such first; then it is a
   * number, if there is an alternative for numbers and it is one, or else a text (ByteMachine.transitionOn).
   */
  matches(text: string): boolean {
    if (this.#wantsAddress && text.startsWith('"')) {
      const digits = addressDigits(text.slice(1, -1));
      if (digits !== undefined && this.#alternatives.some((each) => each.address(digits))) return true;
    }
    const number = this.#wantsNumber ? comparableNumber(text) : undefined;
    if (number !== undefined) return this.#alternatives.some((each) => each.number(number));
    return this.#alternatives.some((each) => each.text(text));
  }
}
