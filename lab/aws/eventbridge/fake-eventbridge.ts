import { type CompiledPattern, compilePattern } from '../../eventbridge/pattern.ts';
import { type FakeService, type Principal, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { Random } from '../../kernel/random.ts';
import { describeRule, listRules, listTargets, putEvents } from './operations.ts';

export interface RuleOptions extends RuleDescription {
  readonly pattern: Json;
  /** Hand over one event; each target is called once for each delivery. */
  readonly targets: readonly ((event: JsonObject) => void)[];
}

/** A rule that is started by the clock: somebody else does that. */
export interface ScheduleOptions extends RuleDescription {
  readonly schedule: string;
}

/** What is told of a rule to those who ask. */
interface RuleDescription {
  readonly arn: string;
  readonly description?: string | undefined;
  readonly targetArns?: readonly string[] | undefined;
}

interface Rule extends RuleOptions {
  readonly compiled: CompiledPattern;
  /** The only detail-types that it matches, if the pattern lists them. */
  readonly detailTypes: readonly Json[] | undefined;
}

export interface FakeEventBridgeOptions {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly region: string;
  /** After how many milliseconds each copy of an event arrives. */
  readonly deliveries: (event: JsonObject) => readonly number[];
  /** Hears of all that services put on the bus, whether or not a rule matches it. */
  readonly onEmitted?: Emit;
}

/** How a service of AWS puts an event on the bus. Most find no rule, so they are rendered only for one that may match. */
export type Emit = (detailType: string, render: () => JsonObject) => void;

/** The default event bus: AWS services and clients put events on it, rules deliver them at least once and in no order. */
export class FakeEventBridge implements FakeService {
  readonly name = 'events';
  readonly #options: FakeEventBridgeOptions;
  readonly #rules: Rule[] = [];
  readonly #schedules: ScheduleOptions[] = [];
  #underway = 0;

  constructor(options: FakeEventBridgeOptions) {
    this.#options = options;
  }

  createRule(options: RuleOptions): void {
    const { pattern } = options;
    this.#rules.push({ ...options, compiled: compilePattern(pattern), detailTypes: detailTypesOf(pattern) });
  }

  createSchedule(options: ScheduleOptions): void {
    this.#schedules.push(options);
  }

  call(operation: string, input: JsonObject, principal: Principal): JsonObject {
    switch (operation) {
      case 'PutEvents':
        return putEvents(input, { ...this.#options, principal, put: this.put });
      case 'ListRules':
        return listRules([...this.#rules, ...this.#schedules], input);
      case 'DescribeRule':
        return describeRule([...this.#rules, ...this.#schedules], input);
      case 'ListTargetsByRule':
        return listTargets([...this.#rules, ...this.#schedules], input);
      default:
        throw new UnsupportedError(`events ${operation}`);
    }
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
    const targets = this.#rules.filter(({ compiled }) => compiled.matches(event)).flatMap((rule) => rule.targets);
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
