import { type CompiledPattern, compilePattern } from '../../eventbridge/pattern.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';

export interface RuleOptions {
  readonly arn: string;
  readonly pattern: Json;
  /** Hand over one event; each target is called once for each delivery. */
  readonly targets: readonly ((event: JsonObject) => void)[];
}

interface Rule {
  readonly arn: string;
  readonly pattern: CompiledPattern;
  /** The only detail-types that it matches, if the pattern lists them. */
  readonly detailTypes: readonly Json[] | undefined;
  readonly targets: RuleOptions['targets'];
}

export interface FakeEventBridgeOptions {
  readonly clock: VirtualClock;
  /** After how many milliseconds each copy of an event arrives. */
  readonly deliveries: (event: JsonObject) => readonly number[];
  /** Hears of all that services put on the bus, whether or not a rule matches it. */
  readonly onEmitted?: Emit;
}

/** How a service of AWS puts an event on the bus. Most find no rule, so they are rendered only for one that may match. */
export type Emit = (detailType: string, render: () => JsonObject) => void;

/** The default event bus: AWS services put events on it, rules deliver them at least once and in no order. */
export class FakeEventBridge {
  readonly #options: FakeEventBridgeOptions;
  readonly #rules: Rule[] = [];
  #underway = 0;

  constructor(options: FakeEventBridgeOptions) {
    this.#options = options;
  }

  createRule({ arn, pattern, targets }: RuleOptions): void {
    this.#rules.push({ arn, pattern: compilePattern(pattern), detailTypes: detailTypesOf(pattern), targets });
  }

  /** Copies of events that have not arrived yet. */
  get underway(): number {
    return this.#underway;
  }

  readonly emit: Emit = (detailType, render) => {
    this.#options.onEmitted?.(detailType, render);
    if (this.#rules.some(({ detailTypes }) => detailTypes?.includes(detailType) ?? true)) this.put(render());
  };

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

function detailTypesOf(pattern: Json): readonly Json[] | undefined {
  const { 'detail-type': listed } = pattern as JsonObject;
  return Array.isArray(listed) && listed.every((value) => typeof value === 'string') ? listed : undefined;
}
