import type { Alternative } from './alternatives.ts';
import { InvalidPatternError } from './errors.ts';
import type { SubRule } from './sub-rules.ts';
import { WildcardAutomaton } from './wildcard-automaton.ts';

/**
 * What EventBridge takes of the complexity that MachineComplexityEvaluator of event-ruler counts. The service answered
 * to TestEventPattern that *a*a*a*a*a, which counts 10, is valid, and *a*a*a*a*a*, which counts 11, is not, and drew the
 * line at the same count elsewhere: https://github.com/radkawar/stackd (testdata/aws/eventbridge/pattern_admission.json)
 */
export const MAX_COMPLEXITY = 10;

const REFUSAL =
  'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character';

/** A state of the engine's automaton of fields, and what it knows of the fields that come next. */
class NameState {
  readonly fields = new Map<string, Field>();
}

class Field {
  /** Those of all sub-rules that come this way. */
  readonly alternatives: Alternative[] = [];
  /** Where a value of the field leads: the service does not look beyond a field that is absent. */
  readonly byValue = new Set<NameState>();
  readonly #next = new Map<string, NameState>();

  /** The states that the alternatives lead to, made where they are missing (GenericMachine.addStep). */
  follow(alternatives: readonly Alternative[]): NameState[] {
    let last: NameState | undefined;
    return alternatives.map((alternative) => {
      const next: NameState = this.#next.get(alternative.id) ?? last ?? new NameState();
      last = next;
      this.#next.set(alternative.id, next);
      this.alternatives.push(alternative);
      if (alternative.kind !== 'absence') this.byValue.add(next);
      return next;
    });
  }
}

function automatonOf(subRules: readonly SubRule[]): NameState {
  const start = new NameState();
  for (const subRule of subRules) {
    let states: ReadonlySet<NameState> = new Set([start]);
    for (const name of [...subRule.keys()].sort()) {
      const next = [...states].flatMap(({ fields }) => {
        const field = fields.get(name) ?? new Field();
        fields.set(name, field);
        return field.follow(subRule.get(name) ?? []);
      });
      states = new Set(next);
    }
  }
  return start;
}

function complexityOf(alternatives: readonly Alternative[]): number {
  const automaton = new WildcardAutomaton();
  for (const { id, wildcards } of alternatives) {
    for (const pieces of wildcards) automaton.add(id, pieces);
  }
  return automaton.complexity(MAX_COMPLEXITY);
}

/** Throws an `InvalidPatternError` where the wildcards of a field are more than EventBridge takes. */
export function checkComplexity(subRules: readonly SubRule[]): void {
  const hasWildcards = subRules.some((subRule) =>
    [...subRule.values()].some((alternatives) => alternatives.some(({ wildcards }) => wildcards.length > 0)),
  );
  if (!hasWildcards) return;
  const reached = new Set([automatonOf(subRules)]);
  for (const { fields } of reached) {
    for (const [name, { alternatives, byValue }] of fields) {
      if (complexityOf(alternatives) > MAX_COMPLEXITY) {
        const wildcards = alternatives.flatMap((each) => each.wildcards.map((pieces) => pieces.join('*')));
        const expected = `wildcards of a complexity of ${MAX_COMPLEXITY} at most. ${REFUSAL}`;
        throw new InvalidPatternError(name, wildcards, expected);
      }
      for (const next of byValue) reached.add(next);
    }
  }
}
