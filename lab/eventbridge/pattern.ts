import type { JsonObject } from '../kernel/json.ts';
import { type ArrayElement, type EventFields, FieldReader } from './event-fields.ts';
import { Field } from './field.ts';
import { type Members, toJsonText } from './json-text.ts';
import { withoutShadowed } from './shadowed.ts';
import { subRulesOf } from './sub-rules.ts';
import { checkComplexity } from './wildcard-complexity.ts';

export { InvalidPatternError } from './errors.ts';

/** An event pattern, ready to be matched many times. */
export interface CompiledPattern {
  /** Events parsed with `parseJsonText` are matched with their duplicate names and spellings of numbers. */
  matches(event: JsonObject | Members): boolean;
}

/** The element of each array, by the array's number, that the fields matched so far are inside of. */
type Elements = ReadonlyMap<number, number>;

/** The elements of both, or `undefined` where one array would need two elements (ArrayMembership.java). */
function joined(elements: Elements, element: ArrayElement | undefined): Elements | undefined {
  let result: Map<number, number> | undefined;
  for (let each = element; each; each = each.outer) {
    const index = elements.get(each.array);
    if (index === undefined) {
      result ??= new Map(elements);
      result.set(each.array, each.index);
    } else if (index !== each.index) return undefined;
  }
  return result ?? elements;
}

/**
 * Whether the fields from `at` on match, given the array elements chosen before. A missing field is missing from those
 * elements only, so the order of the fields, that of their names, is part of the meaning (NameState.getNameTransitions).
 */
function matchesFrom(at: number, subRule: readonly Field[], event: EventFields, elements: Elements): boolean {
  const field = subRule[at];
  if (!field) return true;
  let isPresent = false;
  let hasTriedSame = false;
  for (const { text, element } of event.get(field.name) ?? []) {
    const chosen = joined(elements, element);
    if (!chosen) continue;
    isPresent = true;
    if ((chosen === elements && hasTriedSame) || !field.matches(text)) continue;
    if (matchesFrom(at + 1, subRule, event, chosen)) return true;
    hasTriedSame ||= chosen === elements;
  }
  return field.mayBeAbsent && !isPresent && matchesFrom(at + 1, subRule, event, elements);
}

/**
 * Compiles an event pattern. Follows AWS's own rule engine, https://github.com/aws/event-ruler (`Ruler.matchesRule`, 1.9),
 * also where its code and the service's documentation differ. Throws an `InvalidPatternError` for what the engine refuses
 * and for wildcards that are too complex for the service, and an `UnsupportedError` for too many combinations of `$or`.
 */
export function compilePattern(pattern: unknown): CompiledPattern {
  const written = subRulesOf(toJsonText(pattern));
  checkComplexity(written);
  const subRules = withoutShadowed(written);
  const reader = new FieldReader(subRules.flatMap((subRule) => [...subRule.keys()]));
  const compiled = subRules.map((subRule) =>
    [...subRule]
      .map(([name, alternatives]) => new Field(name, alternatives))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
  return {
    matches(event) {
      const fields = reader.read(event);
      return compiled.some((subRule) => matchesFrom(0, subRule, fields, new Map()));
    },
  };
}
