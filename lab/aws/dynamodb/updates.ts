import { operandType } from './conditions.ts';
import { ExpressionError, validation } from './errors.ts';
import type { Scope } from './expressions.ts';
import { addNumbers } from './numbers.ts';
import { compact, type Path, readPath, showPath, writeMember } from './paths.ts';
import type { Action, Source } from './update-parser.ts';
import { type AttributeValue, type Item, membersOf, type Type, typeOf } from './values.ts';

const TYPE_NAMES: Partial<Record<Type, string>> = {
  S: 'STRING',
  N: 'NUMBER',
  B: 'BINARY',
  NULL: 'NULL',
  BOOL: 'BOOLEAN',
  L: 'LIST',
  M: 'MAP',
};

const incorrectType = () => validation('An operand in the update expression has an incorrect data type');

/** The places an update touches, after the checks that need no item, in the service's order. */
export function checkUpdate(actions: readonly Action[], scope: Scope): Path[] {
  const paths = actions.map(({ path }) => scope.path(path));
  for (const [i, path] of paths.entries()) {
    for (const earlier of paths.slice(0, i)) checkOverlap(earlier, path);
  }
  for (const action of actions) if ('value' in action) checkOperand(action.section, scope.value(action.value));
  for (const action of actions) if ('source' in action) checkSource(action.source, scope);
  return paths;
}

function checkOperand(section: string, operand: AttributeValue): void {
  const type = typeOf(operand);
  const name = section === 'ADD' && type === 'N' ? undefined : TYPE_NAMES[type];
  if (name === undefined) return;
  const rule = 'Incorrect operand type for operator or function';
  throw new ExpressionError(`${rule}; operator: ${section}, operand type: ${name}`);
}

/** The item after the update. Every operand is read from the item as it was before. */
export function applyUpdate(actions: readonly Action[], item: Item, scope: Scope): Item {
  const changes = actions.map((action) => ({ path: scope.path(action.path), value: changed(action, item, scope) }));
  const copy = { M: { ...item } };
  // Lists are addressed as they were numbered before: their gaps and far ends close only when all changes are made.
  const nested = new Set(changes.filter(({ path }) => path.length > 1).map(({ path }) => String(path[0])));
  compactMembers(copy.M, nested);
  for (const { path, value } of changes) {
    const parent = readPath(copy.M, path.slice(0, -1));
    if (!parent || !writeMember(parent, path.at(-1) as string | number, value)) {
      throw validation('The document path provided in the update expression is invalid for update');
    }
  }
  compactMembers(copy.M, nested);
  return copy.M;
}

function compactMembers(item: Item, names: ReadonlySet<string>): void {
  for (const name of names) {
    const value = item[name];
    if (value) item[name] = compact(value);
  }
}

/** What an action leaves in its place; undefined is nothing. */
function changed(action: Action, item: Item, scope: Scope): AttributeValue | undefined {
  if (action.section === 'REMOVE') return undefined;
  if (action.section === 'SET') return evaluate(action.source, item, scope);
  const current = readPath(item, scope.path(action.path));
  const operand = scope.value(action.value);
  if (current && typeOf(current) !== typeOf(operand)) throw incorrectType();
  if ('N' in operand) return current && 'N' in current ? { N: addNumbers(current.N, operand.N) } : operand;
  const [before, named] = [(current && membersOf(current)) ?? [], membersOf(operand) ?? []];
  const members =
    action.section === 'ADD'
      ? [...before, ...named.filter((member) => !before.includes(member))]
      : before.filter((member) => !named.includes(member));
  return members.length > 0 ? ({ [typeOf(operand)]: members } as AttributeValue) : undefined;
}

function evaluate(source: Source, item: Item, scope: Scope): AttributeValue {
  switch (source.kind) {
    case 'value':
      return scope.value(source.name);
    case 'path': {
      const value = readPath(item, scope.path(source.path));
      if (value) return value;
      throw validation('The provided expression refers to an attribute that does not exist in the item');
    }
    case 'if_not_exists':
      return readPath(item, scope.path(source.path)) ?? evaluate(source.otherwise, item, scope);
    case '+':
    case '-':
    case 'list_append': {
      const [left, right] = [evaluate(source.left, item, scope), evaluate(source.right, item, scope)];
      if (source.kind === 'list_append') {
        if ('L' in left && 'L' in right) return { L: [...left.L, ...right.L] };
      } else if ('N' in left && 'N' in right) {
        return { N: addNumbers(left.N, right.N, source.kind === '+' ? 1 : -1) };
      }
      throw incorrectType();
    }
    default:
      return source satisfies never;
  }
}

function checkSource(source: Source, scope: Scope): void {
  if (source.kind === 'if_not_exists') checkSource(source.otherwise, scope);
  else if ('left' in source) {
    const expected = source.kind === 'list_append' ? 'L' : 'N';
    for (const operand of [source.left, source.right]) {
      checkSource(operand, scope);
      const type = operand.kind === 'value' ? typeOf(scope.value(operand.name)) : expected;
      if (type !== expected) throw operandType(source.kind, type);
    }
  }
}

function checkOverlap(one: Path, two: Path): void {
  const rewrite = `must remove or rewrite one of these paths; path one: ${showPath(one)}, path two: ${showPath(two)}`;
  for (let i = 0; i < Math.min(one.length, two.length); i++) {
    const [a, b] = [one[i], two[i]];
    if (typeof a !== typeof b) {
      throw new ExpressionError(`Two document paths conflict with each other; ${rewrite}`);
    }
    if (a !== b) return;
  }
  throw new ExpressionError(`Two document paths overlap with each other; ${rewrite}`);
}
