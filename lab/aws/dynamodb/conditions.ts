import type { Comparator, Condition, Operand, Test } from './condition-parser.ts';
import { ExpressionError } from './errors.ts';
import type { Scope } from './expressions.ts';
import { readPath, showPath } from './paths.ts';
import { type AttributeValue, equal, type Item, membersOf, order, type Type, typeOf } from './values.ts';

type Maybe = AttributeValue | undefined;

/** What cannot be ordered (other types, an absent attribute) is neither less nor greater, but it is not equal. */
const COMPARISONS: Readonly<Record<Comparator, (a: Maybe, b: Maybe) => boolean>> = {
  '=': equal,
  '<>': (a, b) => !equal(a, b),
  '<': (a, b) => (order(a, b) ?? Number.NaN) < 0,
  '<=': (a, b) => (order(a, b) ?? Number.NaN) <= 0,
  '>': (a, b) => (order(a, b) ?? Number.NaN) > 0,
  '>=': (a, b) => (order(a, b) ?? Number.NaN) >= 0,
};

const TESTS: Readonly<Record<Test, (subject: Maybe, operand: Maybe) => boolean>> = {
  attribute_exists: (subject) => subject !== undefined,
  attribute_not_exists: (subject) => subject === undefined,
  attribute_type: (subject, type) => subject !== undefined && type !== undefined && typeOf(subject) === text(type),
  begins_with: (subject, prefix) => {
    if (subject === undefined || prefix === undefined || !isText(subject) || typeOf(subject) !== typeOf(prefix))
      return false;
    return bytes(subject).subarray(0, bytes(prefix).length).equals(bytes(prefix));
  },
  contains: (subject, part) => {
    if (subject === undefined || part === undefined) return false;
    if ('L' in subject) return subject.L.some((member) => equal(member, part));
    const members = membersOf(subject);
    if (members) return typeOf(subject) === `${typeOf(part)}S` && members.includes(text(part));
    return typeOf(subject) === typeOf(part) && isText(part) && bytes(subject).includes(bytes(part));
  },
};

const isText = (value: AttributeValue): boolean => 'S' in value || 'B' in value;
const text = (value: AttributeValue): string => String(Object.values(value)[0]);
const bytes = (value: AttributeValue): Buffer => Buffer.from(text(value), 'B' in value ? 'base64' : 'utf8');

export function holds(condition: Condition, item: Item, scope: Scope): boolean {
  const value = (operand: Operand): Maybe => {
    if (operand.kind === 'value') return scope.value(operand.name);
    return operand.kind === 'path' ? readPath(item, scope.path(operand.path)) : size(value(operand.of));
  };
  switch (condition.kind) {
    case 'and':
      return holds(condition.left, item, scope) && holds(condition.right, item, scope);
    case 'or':
      return holds(condition.left, item, scope) || holds(condition.right, item, scope);
    case 'not':
      return !holds(condition.condition, item, scope);
    case 'compare':
      return COMPARISONS[condition.comparator](value(condition.left), value(condition.right));
    case 'between': {
      const subject = value(condition.value);
      return COMPARISONS['>='](subject, value(condition.low)) && COMPARISONS['<='](subject, value(condition.high));
    }
    case 'in':
      return condition.candidates.some((candidate) => equal(value(condition.value), value(candidate)));
    case 'test':
      return TESTS[condition.test](...(condition.operands.map(value) as [Maybe, Maybe]));
    default:
      return condition satisfies never;
  }
}

function size(value: Maybe): Maybe {
  if (value === undefined) return undefined;
  if ('S' in value) return { N: String(value.S.length) };
  if ('B' in value) return { N: String(bytes(value).length) };
  const members = 'L' in value ? value.L : 'M' in value ? Object.keys(value.M) : membersOf(value);
  return members && { N: String(members.length) };
}

const TYPES: readonly Type[] = ['B', 'NULL', 'SS', 'BOOL', 'L', 'BS', 'N', 'NS', 'S', 'M'];

/** The types that some functions take, where they take not all. */
const OPERAND_TYPES: Readonly<Partial<Record<Test, readonly Type[]>>> = {
  begins_with: ['S', 'B'],
  attribute_type: ['S'],
};

/** Refuses operands that can never fit, whatever the item holds; the service does so before it reads the item. */
export function check(condition: Condition, scope: Scope): void {
  switch (condition.kind) {
    case 'and':
    case 'or':
      check(condition.left, scope);
      check(condition.right, scope);
      return;
    case 'not':
      check(condition.condition, scope);
      return;
    case 'compare':
      checkDistinct(condition.comparator, [condition.left, condition.right], scope);
      return;
    case 'between':
      checkBounds(condition.low, condition.high, scope);
      return;
    case 'test': {
      const { test, operands } = condition;
      const allowed = OPERAND_TYPES[test] ?? TYPES;
      checkDistinct(test, operands, scope);
      const wrong = operands
        .map((operand) => knownType(operand, scope))
        .find((type) => type && !allowed.includes(type));
      if (wrong) throw operandType(test, wrong);
      const [, type] = operands;
      if (test === 'attribute_type' && type?.kind === 'value') checkType(text(scope.value(type.name)));
    }
  }
}

function knownType(operand: Operand, scope: Scope): Type | undefined {
  if (operand.kind === 'value') return typeOf(scope.value(operand.name));
  return operand.kind === 'size' ? 'N' : undefined;
}

function checkType(type: string): void {
  if (TYPES.includes(type as Type)) return;
  const valid = `valid types: {${TYPES.join(',')}}`;
  throw new ExpressionError(`Invalid attribute type name found; type: ${type}, ${valid}`);
}

function checkDistinct(operator: string, operands: readonly Operand[], scope: Scope): void {
  const paths = operands.map((operand) => (operand.kind === 'path' ? showPath(scope.path(operand.path)) : undefined));
  if (paths[0] === undefined || paths[0] !== paths[1]) return;
  const rule = 'The first operand must be distinct from the remaining operands for this operator or function';
  throw new ExpressionError(`${rule}; operator: ${operator}, first operand: ${paths[0]}`);
}

export function operandType(operator: string, type: string): ExpressionError {
  const rule = 'Incorrect operand type for operator or function';
  return new ExpressionError(`${rule}; operator or function: ${operator}, operand type: ${type}`);
}

function checkBounds(lower: Operand, upper: Operand, scope: Scope): void {
  if (lower.kind !== 'value' || upper.kind !== 'value') return;
  const [low, high] = [scope.value(lower.name), scope.value(upper.name)];
  const show = (value: AttributeValue) => `AttributeValue: {${typeOf(value)}:${text(value)}}`;
  const operands = `lower bound operand: ${show(low)}, upper bound operand: ${show(high)}`;
  if (typeOf(low) !== typeOf(high)) {
    const rule = 'The BETWEEN operator requires same data type for lower and upper bounds';
    throw new ExpressionError(`${rule}; ${operands}`);
  }
  if ((order(low, high) ?? 0) > 0) {
    const rule = 'The BETWEEN operator requires upper bound to be greater than or equal to lower bound';
    throw new ExpressionError(`${rule}; ${operands}`);
  }
}
