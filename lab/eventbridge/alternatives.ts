import { type AddressRange, addressRange, cidrRange, inRange } from './addresses.ts';
import { InvalidPatternError } from './errors.ts';
import { type JsonText, Members, NumberText } from './json-text.ts';
import { meaningOf } from './meaning.ts';
import { comparableNumber } from './numbers.ts';
import type { Pieces, TextTest } from './text-tests.ts';
import * as tests from './text-tests.ts';

/** How values are compared. The engine looks at a value in the ways that a field's alternatives call for (`field.ts`). */
interface Comparison {
  readonly kind: 'text' | 'number' | 'address' | 'absence';
  readonly text: TextTest;
  readonly number: (value: number) => boolean;
  readonly address: (digits: string) => boolean;
  /** What the engine walks as a wildcard: EventBridge limits how many of them (`wildcard-complexity.ts`). */
  readonly wildcards: readonly Pieces[];
}

/** One way for a field to match: an element of the array at a leaf of a pattern. */
export interface Alternative extends Comparison {
  /** Equal for alternatives that the engine takes for the same, however they are written (`shadowed.ts`). */
  readonly id: string;
}

interface Place {
  readonly path: string;
  /** Whether `$or` is an ordinary name here (`sub-rules.ts`): the compiler for that knows less of `anything-but`. */
  readonly plain: boolean;
  /** Whether no other alternative of the field stands before. */
  readonly isFirst: boolean;
}

type Operator = (operand: JsonText, place: Place) => Comparison;

const never = (): boolean => false;
const always = (): boolean => true;

const comparison = (kind: Comparison['kind'], how: Partial<Comparison>): Comparison => ({
  kind,
  text: never,
  number: never,
  address: never,
  wildcards: [],
  ...how,
});

const onText = (text: TextTest): Comparison => comparison('text', { text });

/** By the JSON spelling: literals, and numbers that no float64 holds. */
const onSpelling = (literal: string): Comparison => onText((text) => text === literal);

const onRange = (range: AddressRange): Comparison =>
  comparison('address', {
    address: (digits) => inRange(digits, range),
    // The engine walks bare text through the same digits (ByteMachine.doTransitionOn): 0.0.0.0/0 matches the number 5.
    text: (text) => inRange(text, range),
  });

function stringOf(operand: JsonText, { path }: Place): string {
  if (typeof operand !== 'string') throw new InvalidPatternError(path, operand, 'a string');
  return operand;
}

function numberOf(operand: JsonText | undefined, { path }: Place): number {
  const number = operand instanceof NumberText ? comparableNumber(operand.text) : undefined;
  if (number === undefined) throw new InvalidPatternError(path, operand ?? null, 'a number that a float64 can hold');
  return number;
}

/** The name and the operand of an object that must have a single member. */
function onlyMember(expression: Members, names: readonly string[], path: string): readonly [string, JsonText] {
  const [entry, ...more] = expression.entries;
  if (!entry || more.length > 0 || !names.includes(entry[0])) {
    throw new InvalidPatternError(path, expression, `an object with one of ${names.join(', ')}`);
  }
  return entry;
}

/** `prefix` and `suffix`: of a string, or of `{"equals-ignore-case": …}`. */
const affix =
  (exact: (text: string) => TextTest, ignoringCase: (text: string) => TextTest): Operator =>
  (operand, place) =>
    operand instanceof Members
      ? onText(ignoringCase(stringOf(onlyMember(operand, ['equals-ignore-case'], place.path)[1], place)))
      : onText(exact(stringOf(operand, place)));

function piecesOf(operand: JsonText, place: Place): Pieces {
  const pieces = tests.piecesOf(stringOf(operand, place));
  if (!pieces) throw new InvalidPatternError(place.path, operand, 'no **, and \\ only before * or another \\');
  return pieces;
}

const wildcard: Operator = (operand, place) => {
  const pieces = piecesOf(operand, place);
  return comparison('text', { text: tests.wildcard(pieces), wildcards: [pieces] });
};

const BOUNDS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

const { MAX_VALUE } = Number;
const OUTERMOST: Readonly<Record<string, number>> = {
  '<': -MAX_VALUE,
  '<=': -MAX_VALUE,
  '>': MAX_VALUE,
  '>=': MAX_VALUE,
};

const numeric: Operator = (operand, place) => {
  const terms = Array.isArray(operand) ? operand : [];
  const [low, , high] = terms;
  const isRange = (low === '>' || low === '>=') && (high === '<' || high === '<=');
  if (typeof low !== 'string' || !Object.hasOwn(BOUNDS, low) || terms.length !== (isRange ? 4 : 2)) {
    const expected = 'one of =, <, <=, >, >= and a number, or a range such as [">", 0, "<=", 5]';
    throw new InvalidPatternError(place.path, operand, expected);
  }
  const bottom = numberOf(terms[1], place);
  if (!isRange) {
    // Without another bound the engine takes the outermost float64, and reads past the end of a range that has only that
    // (an ArrayIndexOutOfBoundsException in ByteMachine.addRangePattern).
    if (bottom === OUTERMOST[low])
      throw new InvalidPatternError(place.path, operand, 'a number short of the outermost');
    return comparison('number', { number: (value) => BOUNDS[low]?.(value, bottom) === true });
  }
  const top = numberOf(terms[3], place);
  if (bottom >= top) throw new InvalidPatternError(place.path, operand, 'a lower bound below the upper one');
  return comparison('number', {
    number: (value) => BOUNDS[low]?.(value, bottom) === true && BOUNDS[high]?.(value, top) === true,
  });
};

const cidr: Operator = (operand, place) => {
  const range = cidrRange(stringOf(operand, place));
  if (!range) throw new InvalidPatternError(place.path, operand, 'an address, a slash and fewer bits than it has');
  return onRange(range);
};

/** What `anything-but` negates beside plain values. */
const NEGATED: Readonly<Record<string, (operand: string, place: Place) => TextTest>> = {
  prefix: tests.startsWith,
  suffix: tests.endsWith,
  'equals-ignore-case': tests.equalsIgnoringCase,
  wildcard: (operand, place) => tests.wildcard(piecesOf(operand, place)),
};

/** RuleCompiler.java, the older of the engine's compilers, knows no wildcards here, and no lists of prefixes. */
const NEGATED_PLAIN = ['prefix', 'suffix', 'equals-ignore-case'];

function anythingButMatching(expression: Members, place: Place): Comparison {
  const [name, operand] = onlyMember(expression, place.plain ? NEGATED_PLAIN : Object.keys(NEGATED), place.path);
  const isAffix = name === 'prefix' || name === 'suffix';
  const operands = Array.isArray(operand) ? operand : [operand];
  // The engine makes nothing of an empty list. Without a state from an alternative before it has none to go on with (a
  // NullPointerException in GenericMachine.addStep; the service answers InternalFailure), with one the list matches nothing.
  const isEmpty = operands.length === 0;
  const isPlainList = place.plain && Array.isArray(operand);
  if ((isEmpty && place.isFirst) || (isAffix && (operands.includes('') || isPlainList))) {
    throw new InvalidPatternError(place.path, operand, 'a string or a list of strings, none of them empty');
  }
  if (isEmpty) return onText(never);
  const negated = operands.map((each) => NEGATED[name]?.(stringOf(each, place), place));
  return comparison('text', {
    text: (text) => !negated.some((test) => test?.(text)),
    number: always,
    wildcards: name === 'wildcard' ? [...new Set(operands)].map((each) => piecesOf(each, place)) : [],
  });
}

const anythingBut: Operator = (operand, place) => {
  if (operand instanceof Members) return anythingButMatching(operand, place);
  const values = Array.isArray(operand) ? operand : [operand];
  if (values.length > 0 && values.every((value) => typeof value === 'string')) {
    return comparison('text', { text: tests.isNoneOf(values), number: always });
  }
  if (values.length > 0 && values.every((value) => value instanceof NumberText)) {
    const numbers = new Set(values.map((value) => numberOf(value, place)));
    return comparison('number', { text: always, number: (value) => !numbers.has(value) });
  }
  const expected = 'a string, a number, a list of strings or of numbers, or an object with an operator';
  throw new InvalidPatternError(place.path, operand, expected);
};

const exists: Operator = (operand, { path }) => {
  if (typeof operand !== 'boolean') throw new InvalidPatternError(path, operand, 'true or false');
  return operand ? comparison('text', { text: always, number: always }) : comparison('absence', {});
};

/**
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html, and `exactly`, which only
 * the engine knows: a string that is not taken for an address.
 */
const OPERATORS: Readonly<Record<string, Operator>> = {
  exactly: (operand, place) => onText(tests.equals(stringOf(operand, place))),
  prefix: affix(tests.startsWith, tests.startsWithIgnoringCase),
  suffix: affix(tests.endsWith, tests.endsWithIgnoringCase),
  'equals-ignore-case': (operand, place) => onText(tests.equalsIgnoringCase(stringOf(operand, place))),
  wildcard,
  numeric,
  cidr,
  'anything-but': anythingBut,
  exists,
};

/** A number is compared by value and, where that cannot be, by spelling (JsonRuleCompiler.writeRules). */
function comparisonsOf(element: JsonText, place: Place): Comparison[] {
  if (Array.isArray(element)) throw new InvalidPatternError(place.path, element, 'no array inside the array of values');
  if (element instanceof Members) {
    const [name, operand] = onlyMember(element, Object.keys(OPERATORS), place.path);
    return [(OPERATORS[name] as Operator)(operand, { ...place, path: `${place.path}.${name}` })];
  }
  if (typeof element === 'string') {
    const range = addressRange(element);
    return [range === undefined ? onText(tests.equals(element)) : onRange(range)];
  }
  if (!(element instanceof NumberText)) return [onSpelling(String(element))];
  const number = comparableNumber(element.text);
  const byValue = comparison('number', { number: (value) => value === number });
  return [...(number === undefined ? [] : [byValue]), onSpelling(element.text)];
}

/** The alternatives that one element of a leaf's array stands for. Throws an `InvalidPatternError`. */
export function alternativesOf(element: JsonText, place: Place): Alternative[] {
  return comparisonsOf(element, place).map((each) => ({ ...each, id: `${each.kind} ${meaningOf(element)}` }));
}
