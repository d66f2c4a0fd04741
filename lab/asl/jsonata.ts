import jsonata from 'jsonata';
import type { Json } from '../kernel/json.ts';
import { WORLD, type World } from './function-definition.ts';
import { addFunctions } from './functions.ts';
import { callOperator } from './operators.ts';
import { follow, type PlainPath, plainPath } from './plain-path.ts';
import { visitNodes } from './references.ts';

/** The parts of `$states` that exist in some fields only. */
export type StatesPart = 'result' | 'errorOutput';

/** Why an expression has no value that a state could use; the text is the end of the cause that AWS reports. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

/**
 * The service nests an evaluation no deeper: with this value the same expressions pass and fail as were measured there
 * (additions, parentheses, brackets, recursion). https://github.com/floci-io/floci (JsonataEvaluatorTest)
 */
const MAX_DEPTH = 100;

/** A lab that hangs in an endless expression helps nobody; the service has such a limit too. In real milliseconds. */
const TIMEOUT_MS = 5_000;

interface Compiled {
  readonly expression: jsonata.Expression;
  readonly path: PlainPath | undefined;
}

/** Compiling is ten times as dear as evaluating, and one definition runs a hundred thousand times. */
const known = new Map<string, Compiled>();

/** Throws JSONata's own error, whose message says what is wrong with the syntax. */
export const compile = (source: string): jsonata.Expression => compiled(source).expression;

function compiled(source: string): Compiled {
  let found = known.get(source);
  if (found === undefined) {
    const expression = jsonata(source, { stack: MAX_DEPTH, timeout: TIMEOUT_MS });
    addFunctions(expression);
    visitNodes(expression.ast(), callOperator);
    found = { expression, path: plainPath(expression.ast()) };
    known.set(source, found);
  }
  return found;
}

/** Operators that JSONata has had since 2.1, which the service refuses: it runs 2.0.6 (https://github.com/iwamot/sfnx). */
export function newerOperator(source: string): string | undefined {
  let found: string | undefined;
  visitNodes(compile(source).ast(), ({ type, position = 0 }) => {
    const operator = source.slice(position - 2, position);
    if ((type as string) === 'condition' && (operator === '??' || operator === '?:')) found = operator;
  });
  return found;
}

/** The value of an expression that only follows a path, where that leads to one. */
export function followed(source: string, bindings: object): Json | undefined {
  const { path } = compiled(source);
  return path && follow(path, bindings);
}

/** Throws an `ExpressionError`. Bindings live for this evaluation only, so that nothing leaks to the next execution. */
export async function evaluateExpression(source: string, bindings: object, world: World): Promise<Json> {
  let result: unknown;
  try {
    result = await compile(source).evaluate(undefined, { ...bindings, [WORLD]: world });
  } catch (error) {
    throw new ExpressionError(`threw an error during evaluation${describe(error)}`);
  }
  if (result === undefined) throw new ExpressionError('returned nothing (undefined).');
  return toJson(result);
}

/** Errors that carry a code follow a full stop, others a colon: both recorded from the service. */
function describe(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  switch (code) {
    case undefined:
      return `: ${message}`;
    case 'D1011':
      return ': Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive';
    case 'D1012':
      return ': Expression evaluation timeout: Check for infinite loop';
    default:
      return `. ${code}: ${message}`;
  }
}

/**
 * A result as plain JSON: JSONata marks its own arrays, which must not be taken for sequences by the next expression,
 * and builds objects without a prototype. What needs no change is not copied: JSON values are never modified here.
 */
function toJson(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      // The service writes a number that JSON cannot hold as the string that JavaScript names it by.
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      if (value === null) return null;
      return Array.isArray(value) ? toArray(value) : toObject(value);
    default:
      throw new ExpressionError('returned an unsupported result type.');
  }
}

function toArray(array: unknown[]): Json[] {
  const items = array.map((item) => (item === undefined ? null : toJson(item)));
  const isPlain = !('sequence' in array || 'cons' in array || 'keepSingleton' in array);
  return isPlain && items.every((item, index) => item === array[index]) ? (array as Json[]) : items;
}

function toObject(object: object): Json {
  if ('_jsonata_function' in object || '_jsonata_lambda' in object) {
    throw new ExpressionError('returned an unsupported result type.');
  }
  let isPlain = Object.getPrototypeOf(object) === Object.prototype;
  const entries: [string, Json][] = [];
  for (const [key, value] of Object.entries(object)) {
    const json = value === undefined ? undefined : toJson(value);
    isPlain &&= json === value;
    if (json !== undefined) entries.push([key, json]);
  }
  return isPlain ? (object as Json) : Object.fromEntries(entries);
}
