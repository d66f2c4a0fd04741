import { type CompiledPattern, compilePattern } from '../eventbridge/pattern.ts';
import type { VirtualClock } from '../kernel/clock.ts';
import type { Json, JsonObject } from '../kernel/json.ts';

export interface RuleOptions {
  readonly arn: string;
  readonly pattern: Json;
  /** Hand over one event; each target is called once for each delivery. */
  readonly targets: readonly ((event: JsonObject) => void)[];
}

interface Rule {
  readonly arn: string;
  readonly pattern: CompiledPattern;
  readonly targets: RuleOptions['targets'];
}

export interface FakeEventBridgeOptions {
  readonly clock: VirtualClock;
  /** After how many milliseconds each copy of an event arrives. */
  readonly deliveries: (event: JsonObject) => readonly number[];
}

/** The default event bus: AWS services put events on it, rules deliver them at least once and in no order. */
export class FakeEventBridge {
  readonly #options: FakeEventBridgeOptions;
  readonly #rules: Rule[] = [];
  #underway = 0;

  constructor(options: FakeEventBridgeOptions) {
    this.#options = options;
  }

  createRule({ arn, pattern, targets }: RuleOptions): void {
    this.#rules.push({ arn, pattern: compilePattern(pattern), targets });
  }

  /** Copies of events that have not arrived yet. */
  get underway(): number {
    return this.#underway;
  }

  /** Delivers an event to the targets of each rule that it matches. */
  readonly put = (event: JsonObject): void => {
    const targets = this.#rules.filter(({ pattern }) => pattern.matches(event)).flatMap((rule) => rule.targets);
    if (targets.length === 0) return;
    for (const delay of this.#options.deliveries(event)) {
      if (delay === 0) {
        for (const deliver of targets) deliver(event);
        continue;
      }
      this.#underway += 1;
      this.#options.clock.after(delay, () => {
        this.#underway -= 1;
        for (const deliver of targets) deliver(event);
      });
    }
  };
}
