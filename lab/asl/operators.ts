import type jsonata from 'jsonata';
import { type Definition, failure, memoryLimitExceeded, sequence } from './function-definition.ts';
import { toText } from './text.ts';

/** Of a value in an expression; a number counts eight, a character one: measured by https://github.com/floci-io/floci */
const MAX_BYTES = 8 * 873_782;

/** No expression can spell a name such as these. */
const nameOf = (operator: string): string => `(${operator})`;

/** Operators that work otherwise in the service than in JSONata. */
export const OPERATORS: readonly Definition[] = [
  {
    name: nameOf('&'),
    signature: '<xx:s>',
    run(left?: unknown, right?: unknown) {
      const text = [left, right].map((value) => (value === undefined ? '' : toText(value))).join('');
      if (text.length > MAX_BYTES) throw memoryLimitExceeded();
      return text;
    },
  },
  {
    name: nameOf('..'),
    signature: '<xx:a>',
    run(first?: unknown, last?: unknown) {
      if (first !== undefined && !isInteger(first)) throw failure('T2003', { value: first });
      if (last !== undefined && !isInteger(last)) throw failure('T2004', { value: last });
      if (first === undefined || last === undefined || first > last) return undefined;
      const length = last - first + 1;
      if (8 * length > MAX_BYTES) throw memoryLimitExceeded();
      return sequence(Array.from({ length }, (_, index) => first + index));
    },
  },
];

const isInteger = (value: unknown): value is number => Number.isInteger(value);

/** Lets an operator of an expression call what takes its place here. */
export function callOperator(node: jsonata.ExprNode): void {
  const { type, value, lhs, rhs } = node;
  const name = nameOf(value);
  if (type !== 'binary' || !OPERATORS.some((operator) => operator.name === name)) return;
  const call = { type: 'function', value: '(', procedure: { type: 'variable', value: name }, arguments: [lhs, rhs] };
  Object.assign(node, call);
}
