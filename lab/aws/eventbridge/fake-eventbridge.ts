import { type CompiledPattern, compilePattern } from '../../eventbridge/pattern.ts';
import { type FakeService, type Principal, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { Random } from '../../kernel/random.ts';
import type { Deliver } from './event-targets.ts';
import { describeRule, listRules, listTargets, putEvents, ruleOf } from './operations.ts';
import type { RuleOptions, ScheduleOptions } from './rules.ts';

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

/**
 * How a service of AWS puts an event on the bus. Most find no rule, so they are rendered only for one that may match; and each time
 * alike, whenever that is.
 */
export type Emit = (detailType: string, render: () => JsonObject) => void;

/** The default event bus: AWS services and clients put events on it, rules deliver them at least once and in no order. */
export class FakeEventBridge implements FakeService {
  readonly name = 'events';
  readonly #options: FakeEventBridgeOptions;
  readonly #rules: Rule[] = [];
  readonly #schedules: ScheduleOptions[] = [];
  /** ARNs of rules that somebody switched off. */
  readonly #disabled = new Set<string>();
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
      case 'EnableRule':
        this.#disabled.delete(ruleOf(this.#all, input.Name).arn);
        return {};
      case 'DisableRule':
        this.#disabled.add(ruleOf(this.#all, input.Name).arn);
        return {};
      case 'PutEvents':
        return putEvents(input, { ...this.#options, principal, put: this.put });
      case 'ListRules':
        return listRules(this.#all, this.isEnabled, input);
      case 'DescribeRule':
        return describeRule(this.#all, this.isEnabled, input);
      case 'ListTargetsByRule':
        return listTargets(this.#all, input);
      default:
        throw new UnsupportedError(`events ${operation}`);
    }
  }

  get #all(): (RuleOptions | ScheduleOptions)[] {
    return [...this.#rules, ...this.#schedules];
  }

  readonly isEnabled = (ruleArn: string): boolean => !this.#disabled.has(ruleArn);

  /** Copies of events that have not arrived yet. */
  get underway(): number {
    return this.#underway;
  }

  readonly emit: Emit = (detailType, render) => {
    this.#options.onEmitted?.(detailType, render);
    if (this.#rules.some((rule) => mayMatch(rule, detailType))) this.put(render(), render);
  };

  /** Delivers an event to the targets of each rule that it matches. */
  readonly put: Deliver = (event, again) => {
    const targets = this.#rules
      .filter(
        (rule) => mayMatch(rule, event['detail-type']) && this.isEnabled(rule.arn) && rule.compiled.matches(event),
      )
      .flatMap((rule) => rule.targets);
    if (targets.length === 0) return;
    for (const delay of this.#options.deliveries(event)) {
      if (delay === 0) {
        for (const deliver of targets) deliver(event, again);
        continue;
      }
      this.#underway += 1;
      this.#options.clock.after(delay, () => {
        this.#underway -= 1;
        for (const deliver of targets) deliver(event, again);
      });
    }
  };
}

/** A look at what it lists is cheaper than reading an event by its pattern. */
const mayMatch = ({ detailTypes }: Rule, detailType: Json | undefined): boolean =>
  detailTypes === undefined || typeof detailType !== 'string' || detailTypes.includes(detailType);

function detailTypesOf(pattern: Json): readonly Json[] | undefined {
  const { 'detail-type': listed, $or: others } = pattern as JsonObject;
  // Of an alternative it is the alternative's list that counts.
  return others === undefined && Array.isArray(listed) && listed.every((value) => typeof value === 'string')
    ? listed
    : undefined;
}
