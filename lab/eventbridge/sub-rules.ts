import { UnsupportedError } from '../kernel/aws-service.ts';
import { type Alternative, alternativesOf } from './alternatives.ts';
import { InvalidPatternError } from './errors.ts';
import { type JsonText, Members } from './json-text.ts';

/** What has to match, all of it: the alternatives of each field, by the field's dotted name. */
export type SubRule = ReadonlyMap<string, readonly Alternative[]>;

/** Names a member of an `$or` cannot have (`Constants.RESERVED_FIELD_NAMES_IN_OR_RELATIONSHIP`). */
const RESERVED_IN_OR: ReadonlySet<string> = new Set([
  ...['exactly', 'equals-ignore-case', 'prefix', 'suffix', 'anything-but', 'exists', 'wildcard', 'numeric', 'cidr'],
  ...['=', '<', '<=', '>', '>=', 'regex', 'not-wildcard', 'not-equals-ignore-case'],
  ...['date-after', 'date-on-or-after', 'date-before', 'date-on-or-before', 'in-date-range'],
  ...['ip-address-in-range', 'ip-address-not-in-range'],
]);

/** `GenericMachine.MAXIMUM_RULE_SIZE` */
const MAX_FIELDS = 256;

/**
 * EventBridge refuses more combinations of `$or`, event-ruler does not.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
const MAX_SUB_RULES = 1000;

interface Scope {
  readonly steps: readonly string[];
  readonly insideOr: boolean;
  /** `$or` is an ordinary name, as it was before event-ruler had the operator. */
  readonly plain: boolean;
}

const nameOf = ({ steps }: Scope): string => steps.join('.');

const within = (scope: Scope, step: string): Scope => ({ ...scope, steps: [...scope.steps, step] });

/** A leaf is named as `Path.extendedName` does, which forgets an empty first step, unlike the path of an event. */
function leafName(scope: Scope, step: string): string {
  const base = nameOf(scope);
  return base === '' ? step : `${base}.${step}`;
}

/**
 * The sub-rules of a pattern that have passed the members of one object. The members are read in the order they are
 * written: a later value of a field replaces an earlier one, inside and outside of `$or` and under duplicate names too.
 */
function readMembers(object: Members, before: readonly SubRule[], scope: Scope): readonly SubRule[] {
  if (object.entries.length === 0) throw new InvalidPatternError(nameOf(scope), object, 'at least one field');
  return object.entries.reduce((subRules, [step, value]) => {
    if (step === '$or' && !scope.plain) return readOr(value, subRules, scope);
    const name = leafName(scope, step);
    if (scope.insideOr && RESERVED_IN_OR.has(step)) {
      throw new InvalidPatternError(name, value, 'the name of a field: this one is reserved inside $or');
    }
    if (value instanceof Members) return readMembers(value, subRules, within(scope, step));
    if (!Array.isArray(value) || value.length === 0) {
      throw new InvalidPatternError(name, value, 'an object or an array with at least one value');
    }
    const alternatives = value.flatMap((element, at) =>
      alternativesOf(element, { path: name, plain: scope.plain, isFirst: at === 0 }),
    );
    return subRules.map((subRule) => new Map(subRule).set(name, alternatives));
  }, before);
}

function readOr(members: JsonText, before: readonly SubRule[], scope: Scope): readonly SubRule[] {
  if (!Array.isArray(members) || members.length < 2 || !members.every((member) => member instanceof Members)) {
    throw new InvalidPatternError(leafName(scope, '$or'), members, 'an array of at least two objects');
  }
  const subRules = members.flatMap((member) => readMembers(member, before, { ...scope, insideOr: true }));
  if (subRules.length > MAX_SUB_RULES) {
    throw new UnsupportedError(`more than ${MAX_SUB_RULES} combinations of the alternatives of $or`);
  }
  return subRules;
}

/**
 * Compiles a pattern to the sub-rules of which one has to match. `$or` is an operator where the whole pattern makes sense
 * that way, else an ordinary name (`GenericMachine.addRule` falls back on RuleCompiler.java).
 */
export function subRulesOf(pattern: JsonText): readonly SubRule[] {
  if (!(pattern instanceof Members)) throw new InvalidPatternError('', pattern, 'an object');
  const read = (plain: boolean): readonly SubRule[] =>
    readMembers(pattern, [new Map()], { steps: [], insideOr: false, plain });
  const subRules = withFallback(
    () => read(false),
    () => read(true),
  );
  const largest = Math.max(...subRules.map((subRule) => subRule.size));
  if (largest > MAX_FIELDS) throw new InvalidPatternError('', `${largest} fields`, `at most ${MAX_FIELDS}`);
  return subRules;
}

/** The first result that is valid; if none is, the error of the first attempt, which is what the author meant. */
function withFallback<T>(attempt: () => T, fallback: () => T): T {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof InvalidPatternError)) throw error;
    try {
      return fallback();
    } catch {
      throw error;
    }
  }
}
