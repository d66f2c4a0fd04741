import { ExpressionError } from './errors.ts';
import { parser } from './expressions.ts';
import type { Path } from './paths.ts';
import type { TokenStream } from './tokens.ts';

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';
export type Test = keyof typeof TEST_OPERANDS;

export type Operand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'size'; readonly of: Operand };

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly condition: Condition }
  | { readonly kind: 'compare'; readonly comparator: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'between'; readonly value: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: 'in'; readonly value: Operand; readonly candidates: readonly Operand[] }
  | { readonly kind: 'test'; readonly test: Test; readonly operands: readonly Operand[] };

type Node = Condition | Operand;

/**
 * How many operands each function takes; `size` yields a value, the others are conditions.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 */
const TEST_OPERANDS = { attribute_exists: 1, attribute_not_exists: 1, attribute_type: 2, begins_with: 2, contains: 2 };
const COMPARATORS: readonly Comparator[] = ['=', '<>', '<=', '>=', '<', '>'];
const OPERAND_KINDS: ReadonlySet<string> = new Set(['path', 'value', 'size']);

/** For ConditionExpression, FilterExpression and KeyConditionExpression. */
export const conditionParser = parser((tokens) => new ConditionParser(tokens).whole());

class ConditionParser {
  readonly #tokens: TokenStream;
  /** The token positions of the parentheses closed last, to find doubled ones, which the service refuses. */
  #lastGroup = { start: -1, end: -1 };

  constructor(tokens: TokenStream) {
    this.#tokens = tokens;
  }

  whole(): Condition {
    return this.#condition(this.#or());
  }

  #or(): Node {
    const left = this.#and();
    if (!this.#tokens.take('OR')) return left;
    return { kind: 'or', left: this.#condition(left), right: this.#condition(this.#or()) };
  }

  #and(): Node {
    const left = this.#not();
    if (!this.#tokens.take('AND')) return left;
    return { kind: 'and', left: this.#condition(left), right: this.#condition(this.#and()) };
  }

  #not(): Node {
    if (!this.#tokens.take('NOT')) return this.#comparison();
    return { kind: 'not', condition: this.#condition(this.#not()) };
  }

  #comparison(): Node {
    const left = this.#term();
    const comparator = COMPARATORS.find((symbol) => this.#tokens.take(symbol));
    if (comparator) {
      return { kind: 'compare', comparator, left: this.#operand(left), right: this.#operand(this.#term()) };
    }
    if (this.#tokens.take('BETWEEN')) {
      const [value, low] = [this.#operand(left), this.#operand(this.#term())];
      this.#tokens.expect('AND');
      return { kind: 'between', value, low, high: this.#operand(this.#term()) };
    }
    if (!this.#tokens.take('IN')) return left;
    this.#tokens.expect('(');
    const candidates = this.#tokens.list(() => this.#operand(this.#term()));
    this.#tokens.expect(')');
    return { kind: 'in', value: this.#operand(left), candidates };
  }

  #term(): Node {
    if (this.#tokens.at('(')) return this.#group();
    const name = this.#tokens.takeFunction();
    if (name !== undefined) return this.#function(name);
    const value = this.#tokens.takeValue();
    return value === undefined ? { kind: 'path', path: this.#tokens.expectPath() } : { kind: 'value', name: value };
  }

  #group(): Node {
    const start = this.#tokens.position;
    this.#tokens.expect('(');
    const node = this.#or();
    if (this.#lastGroup.start === start + 1 && this.#lastGroup.end === this.#tokens.position) {
      throw new ExpressionError('The expression has redundant parentheses;');
    }
    this.#tokens.expect(')');
    this.#lastGroup = { start, end: this.#tokens.position };
    return node;
  }

  #function(name: string): Node {
    const operands = this.#tokens.list(() => this.#operand(this.#term()));
    this.#tokens.expect(')');
    const expected = name === 'size' ? 1 : TEST_OPERANDS[name as Test];
    const [first] = operands as [Operand];
    const named = `operator or function: ${name}`;
    if (expected === undefined) throw new ExpressionError(`Invalid function name; function: ${name}`);
    if (expected !== operands.length) {
      const rule = 'Incorrect number of operands for operator or function';
      throw new ExpressionError(`${rule}; ${named}, number of operands: ${operands.length}`);
    }
    if (name === 'size') return { kind: 'size', of: first };
    if (name.startsWith('attribute_') && name !== 'attribute_type' && first.kind !== 'path') {
      throw new ExpressionError(`Operator or function requires a document path; ${named}`);
    }
    return { kind: 'test', test: name as Test, operands };
  }

  #condition(node: Node): Condition {
    if (!OPERAND_KINDS.has(node.kind)) return node as Condition;
    throw node.kind === 'size' ? misused('size') : this.#tokens.unexpected();
  }

  #operand(node: Node): Operand {
    if (OPERAND_KINDS.has(node.kind)) return node as Operand;
    throw node.kind === 'test' ? misused(node.test) : this.#tokens.unexpected();
  }
}

function misused(name: string): ExpressionError {
  const rule = 'The function is not allowed to be used this way in an expression';
  return new ExpressionError(`${rule}; function: ${name}`);
}
